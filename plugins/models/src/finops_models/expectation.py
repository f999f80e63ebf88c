"""What a day should cost, told by the days before it.

Everything here is a window over the past: nothing is carried from day to day, so a verdict
depends on the last `MEMORY` days alone and is the same in every replay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_models.billing_calendar import days_in_month, same_places
from finops_models.robust import centred, mean_size, median, noise_scale, trailing

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from finops_models.robust import Floats

WEEK = 7
"""The level is the median of so many days: every weekday once."""

USUAL = 28
"""Days of the slow level, and of the size of a series that has no steady level."""

PROFILE_WEEKS = 8
"""Weeks whose median gives the profile of the weekdays."""

NOISE_DAYS = 90
"""Days whose errors give the scale."""

HABIT_MONTHS = 2
"""Months back in which a charge at the same place excuses a day."""

HABIT_DAYS = 31 * HABIT_MONTHS + 2
"""How far back these can be, with the two days that tell a charge from an incident."""

MEMORY = HABIT_DAYS + NOISE_DAYS + USUAL + WEEK * PROFILE_WEEKS + WEEK
"""Days of the past that a verdict can depend on: habits, their noise, its levels, their profile."""

NOISE_FLOOR = 0.02
"""Noise is never believed to be less than this share of the level."""

HABIT_TOLERANCE = 0.05
"""A recurring charge may vary by this share of itself, as one standard deviation."""

SURPRISE_CAP = 100.0
"""Beyond this a distance says no more; it is also the surprise where no noise was ever seen."""

PRESUMED_NOISE = 0.1
"""Share of the level that a past day may be off while the noise is not yet known."""

UNUSUAL = 3.0
"""A past day this many standard deviations off its baseline may found a habit."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rhythm:
    """Level and weekday profile as known before each day; all arrays are series × days.

    Attributes:
        baseline: Recent level in the day's weekday.
        usual: The level of the last four weeks in the day's weekday.
        size: Absolute ordinary cost of a day; 0 where the last four weeks cost nothing.
        settled: Whether the weekday was seen often enough to trust the baseline's errors.
    """

    baseline: Floats
    usual: Floats
    size: Floats
    settled: NDArray[np.bool_]


def rhythm(values: Floats) -> Rhythm:
    """Level × weekday profile, both medians, so that neither follows single days.

    The profile is a factor where the level is clearly positive and a difference where it is
    near zero or negative. A new level is accepted once most of the last seven days have it.
    """
    import numpy as np

    centre = median(centred(values, WEEK))
    positive = centre > 0.1 * mean_size(centred(values, WEEK))
    # A centred week of a day at least one week ago ends before today.
    factors = _same_weekday(np.where(positive, values / np.where(positive, centre, 1), np.nan))
    shifts = _same_weekday(values - centre)
    factor, shift = median(factors), median(shifts)
    weeks, positive_weeks = np.isfinite(shifts).sum(-1), np.isfinite(factors).sum(-1)
    multiplies = 2 * positive_weeks >= weeks
    settled = np.where(multiplies, positive_weeks, weeks) >= 2  # noqa: PLR2004 # one week is an anecdote
    factor = np.where(settled & multiplies, factor, 1.0)
    shift = np.where(settled & ~multiplies, shift, 0.0)

    # A weekday that is nearly free says nothing about the level of the others.
    telling = factor > 0.1  # noqa: PLR2004 # a tenth of the level
    without_weekday = np.where(telling, (values - shift) / np.where(telling, factor, 1), np.nan)
    week = trailing(without_weekday, WEEK)
    usual = median(trailing(without_weekday, USUAL))
    level = np.where(2 * np.isfinite(week).sum(-1) > WEEK, median(week), usual)

    mean = mean_size(trailing(values, USUAL))
    return Rhythm(
        baseline=level * factor + shift,
        usual=usual * factor + shift,
        size=np.where(np.abs(level) > 0.1 * mean, np.abs(level), mean),
        settled=settled,
    )


def expect(values: Floats, dates: NDArray[np.datetime64], first: int) -> tuple[Floats, Floats]:
    """What the days from ``first`` on should cost.

    A day is explained by the habit that comes nearest to it: the recent level in its weekday,
    the level of the last four weeks (an incident that ends is no news), a monthly price spread
    over a month of another length, or the charge that the same place of one of the last two
    months had on top of its baseline.

    Args:
        values: Series × days, NaN where unknown.
        dates: The days, without gaps.
        first: Index of the first judged day.

    Returns:
        Expected cost and `surprise`, both series × judged days, NaN where nothing can be expected.
    """
    import numpy as np

    known = rhythm(values)
    errors = values - known.baseline
    scale = _scale(known, errors, max(first - HABIT_DAYS, 0))
    charges = _charges(known, errors, scale)
    actual, cost, deviation = values[:, first:], known.baseline[:, first:], scale[:, first:]
    nearest = surprise(actual, cost, deviation)
    for other, tolerance in _other_habits(known, charges, dates, first):
        distance = surprise(actual, other, np.maximum(deviation, tolerance))
        nearer = np.abs(distance) < np.abs(nearest)
        nearest = np.where(nearer, distance, nearest)
        cost = np.where(nearer, other, cost)
    return cost, nearest


def surprise(actual: Floats, expected: Floats, scale: Floats) -> Floats:
    """Signed distance in robust standard deviations, at most `SURPRISE_CAP`; NaN where unknown."""
    import numpy as np

    with np.errstate(divide="ignore"):  # no noise at all: infinitely surprising, then capped
        distance = np.where(actual == expected, 0.0, (actual - expected) / scale)
    known = np.isfinite(actual) & np.isfinite(expected) & np.isfinite(scale)
    return np.where(~known, np.nan, np.clip(distance, -SURPRISE_CAP, SURPRISE_CAP))


def _scale(known: Rhythm, errors: Floats, first: int) -> Floats:
    """Robust standard deviation of the baseline's errors, series × days; NaN before ``first``.

    It grows and shrinks with the size of the series, and is 0 where nothing was ever charged.
    """
    import numpy as np

    alive = known.size > 0
    relative = np.where(alive & known.settled, errors / np.where(alive, known.size, 1), np.nan)
    noise = np.full(errors.shape, np.nan)
    noise[:, first:] = noise_scale(trailing(relative, NOISE_DAYS)[:, first:])
    return np.where(known.size == 0, 0.0, known.size * np.maximum(noise, NOISE_FLOOR))


def _charges(known: Rhythm, errors: Floats, scale: Floats) -> Floats:
    """What single unusual days cost beyond their baseline; NaN on all other days."""
    import numpy as np

    presumed = np.where(np.isnan(scale), PRESUMED_NOISE * known.size, scale)
    unusual = np.abs(errors) > UNUSUAL * presumed
    incident = _in_long_run(np.where(unusual, np.sign(errors), 0.0))
    return np.where(unusual & ~incident, errors, np.nan)


def _other_habits(
    known: Rhythm, charges: Floats, dates: NDArray[np.datetime64], first: int
) -> Iterator[tuple[Floats, Floats]]:
    """Expected costs beside the baseline, each with the deviation that it allows."""
    import numpy as np

    baseline = known.baseline[:, first:]
    exact = np.zeros_like(baseline)
    yield known.usual[:, first:], exact

    length = days_in_month(dates)
    # The level of the last seven days was set in the month of the day in their middle.
    length_then = np.concatenate([length[: (WEEK + 1) // 2], length[: -(WEEK + 1) // 2]])
    yield baseline * (length_then / length)[first:], exact

    size = known.size[:, first:]
    for place in same_places(dates, months=HABIT_MONTHS)[:, first:]:
        charge = np.where(place >= 0, charges[:, place], np.nan)
        yield baseline + charge, HABIT_TOLERANCE * np.abs(charge)
        # Support plans and marketplaces charge a share of the spend.
        had_cost = known.size[:, place] > 0
        share = charge * (size / np.where(had_cost, known.size[:, place], np.nan))
        yield baseline + share, HABIT_TOLERANCE * np.abs(share)


def _in_long_run(side: Floats) -> NDArray[np.bool_]:
    """Days in a run of three or more on one side (1 or -1): an incident, not a charge."""
    import numpy as np

    padded = np.pad(np.nan_to_num(side), ((0, 0), (2, 2)))
    goes_on = padded[:, :-1] * padded[:, 1:] > 0
    starts = goes_on[:, :-1] & goes_on[:, 1:]
    within: NDArray[np.bool_] = starts[:, :-2] | starts[:, 1:-1] | starts[:, 2:]
    return within


def _same_weekday(values: Floats) -> Floats:
    """Per day the values of its weekday in the weeks before, oldest first."""
    return trailing(values, WEEK * PROFILE_WEEKS)[..., ::WEEK]
