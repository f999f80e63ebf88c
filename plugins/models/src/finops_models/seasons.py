"""Which seasons a series has, and the level under them: what people are told of a history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_models.robust import centred, mean_size, median

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats

WEEK = 7
LEVEL_DAYS = 29
"""The level is the median of so many days: about a month, with a middle."""

MONTH, MONTHS = 30, 12
"""Days of a month, and months of a year: with as many observations beyond one per place of a cycle,
season can be told from chance."""

LAST_DAYS = 3
"""Days before the end of a month on which closing entries may stand."""

YEAR_DAYS = 730
"""Known span from which a yearly season is looked for."""

STRONG_ENOUGH = 0.2
"""From this strength on a season is told; less is what noise looks like."""


def smooth_level(values: Floats) -> Floats:
    """The level under weeks, months and single days, series × days.

    The median over about a month of the running median of a week: steps stay steps.
    """
    return median(centred(median(centred(values, WEEK)), LEVEL_DAYS))


def seasons(values: Floats, dates: Dates) -> Iterator[dict[str, float]]:
    """The seasons of each series with their strength in (0, 1].

    Strength is one minus the variance that is left without the season over that with it (Wang,
    Smith and Hyndman, 2006), less what chance would explain.

    Args:
        values: Series × days, NaN where unknown.
        dates: The days, without gaps.
    """
    import numpy as np

    level = smooth_level(values)
    month = dates.astype("datetime64[M]")
    of_month = (dates - month.astype("datetime64[D]")).astype(np.int64)
    before_end = ((month + 1).astype("datetime64[D]") - dates).astype(np.int64) - 1
    # Months are of several lengths: the last days are places of their own.
    place = np.where(before_end < LAST_DAYS, 31 + before_end, of_month)
    weekday = dates.astype(np.int64) % WEEK
    known = np.isfinite(values).sum(axis=1)
    of_weeks, weekly = _season(values - level, weekday, known)
    of_months, monthly = _season(values - level - of_weeks, place, known)
    strengths = {"weekly": weekly, "monthly": monthly}
    if len(dates) >= YEAR_DAYS:
        # The days of a month are not independent: a year is as many observations as months.
        rest = _without_line(values - of_weeks - of_months)
        _, strengths["yearly"] = _season(rest, month.astype(np.int64) % MONTHS, known // MONTH)
    for row in range(len(values)):
        yield {
            name: float(strength[row])
            for name, strength in strengths.items()
            if strength[row] >= STRONG_ENOUGH
        }


def _season(
    left: Floats, place: NDArray[np.int64], observed: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """The median of each place of the cycle, series × days, and the strength of the season.

    Sizes are mean absolute values, which single days do not rule as they rule variances.

    Args:
        left: What is left to explain, series × days, NaN where unknown.
        place: Place of each day in the cycle.
        observed: Number of independent observations, per series.
    """
    import numpy as np

    profile = np.zeros_like(left)
    places = np.unique(place)
    for one in places:
        here = place == one
        profile[:, here] = median(left[:, here])[:, None]
    profile = np.nan_to_num(profile)
    spare = observed - len(places)
    with_season, without = mean_size(left), mean_size(left - profile)
    shown = (spare >= MONTHS) & (with_season > 0)
    ratio = np.where(shown, without, 1.0) / np.where(shown, with_season, 1.0)
    chance = observed / np.maximum(spare, 1)
    return profile, np.where(shown, 1 - ratio**2 * chance, 0.0)


def _without_line(levels: Floats) -> Floats:
    """Levels without their straight line; each series has NaN where unknown."""
    import numpy as np

    known = np.isfinite(levels)
    time = np.where(known, np.arange(levels.shape[1]), 0.0)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    spread = np.where(known, time - time.sum(axis=1, keepdims=True) / count, 0.0)
    mean = np.nansum(levels, axis=1, keepdims=True) / count
    slope = np.nansum(spread * (levels - mean), axis=1, keepdims=True)
    slope /= np.maximum((spread**2).sum(axis=1, keepdims=True), 1.0)
    straightened: Floats = levels - mean - slope * spread
    return straightened
