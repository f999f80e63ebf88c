"""The models that `auto` chooses from: what each says of the days ahead, from many days at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_models.regression import project
from finops_models.robust import centred, median
from finops_models.weekly_smoothing import Pace, WeeklySmoothing, first_weeks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats

WEEK = 7
PACES = {
    "slow smoothing": Pace(0.05, 0.05),
    "smoothing": Pace(0.1, 0.05),
    "quick smoothing": Pace(0.2, 0.1),
    "very quick smoothing": Pace(0.4, 0.1),
    "trusting smoothing": Pace(0.3, 0.1, trust=1e9),
    "all but naive smoothing": Pace(0.6, 0.2, trust=1e9),
    "trend": Pace(0.2, 0.05, slope=0.01, damping=1.0),
    "quick trend": Pace(0.1, 0.05, slope=0.02, damping=1.0),
}
"""Smoothing at several paces; of logarithms where a series is positive throughout."""

RETURNING = ("very quick smoothing", "slow smoothing", 0.85)
"""Begins with the first, and returns to the second by this share a day."""

YEARLY = "quick smoothing"
"""What the shape of the last year is put upon, whole or half."""

YEAR = 52 * WEEK
YEAR_LEVEL = 28
"""Days that tell the level a year ago."""

YEAR_SMOOTH = 21
"""Days over which the shape of the last year is smoothed."""

SMALL = 0.05
"""Below this share of its mean size a level is no base for a ratio."""

LOWEST = 0.01
"""Logarithms are taken of what is never below this share of the mean size."""

GENERAL_ERRORS = {
    "slow smoothing": 0.03,
    "smoothing": -0.02,
    "quick smoothing": -0.04,
    "very quick smoothing": -0.03,
    "trusting smoothing": 0.01,
    "all but naive smoothing": 0.05,
    "trend": -0.05,
    "quick trend": -0.03,
    "return to the slow level": 0.0,
    "last week": 0.12,
    "weekday mean": 0.06,
    "weekday median": 0.07,
    "level": 0.31,
    "regression": -0.03,
    "regression with trend": -0.03,
    "last year": 0.0,
    "half of last year": -0.03,
}
"""The models, in the order of `candidates`, and what is believed of each before the series itself
was asked: the logarithm of its error over that of the median model, measured on many series."""


def candidates(values: Floats, dates: Dates, horizon: int, origins: Sequence[int]) -> Floats:
    """What each model says, knowing only the days before each origin.

    Args:
        values: Series × days without recurring charges, in units of their mean size; NaN where
            unknown.
        dates: The days, without gaps.
        horizon: Days ahead.
        origins: Numbers of known days.

    Returns:
        Origins × models × series × horizon; NaN where a series has not begun.
    """
    import numpy as np

    smoothed = _smoothed(values, horizon, origins)
    names = list(PACES)
    quick, slow, left = RETURNING
    back = left ** np.arange(1, horizon + 1)
    returning = smoothed[:, names.index(slow)] + back * (
        smoothed[:, names.index(quick)] - smoothed[:, names.index(slow)]
    )
    windows = np.stack(
        [_windows(values[:, :origin], dates[:origin], horizon) for origin in origins]
    )
    year = np.stack([_last_year(values[:, :origin], horizon) for origin in origins])
    base = smoothed[:, names.index(YEARLY)]
    yearly = np.stack([base * year, base * np.sqrt(year)], axis=1)
    return np.concatenate([smoothed, returning[:, None], windows, yearly], axis=1)


def _smoothed(values: Floats, horizon: int, origins: Sequence[int]) -> Floats:
    """Origins × paces × series × horizon."""
    import numpy as np

    positive = (np.nanmin(values, axis=1) > LOWEST)[:, None]
    scaled = np.where(positive, np.log(np.where(positive, values, 1.0)), values)
    state = WeeklySmoothing(first_weeks(scaled), list(PACES.values()))
    answers = np.empty((len(origins), len(PACES), len(values), horizon))
    for day in range(values.shape[1] + 1):
        if day in origins:
            answers[origins.index(day)] = state.ahead(day, horizon)
        if day < values.shape[1]:
            state.learn(day, scaled[:, day] - state.expect(day))
    # A trend of logarithms must not run away.
    np.copyto(answers, np.exp(np.clip(answers, -10, 4)), where=positive)
    return answers


def _windows(values: Floats, dates: Dates, horizon: int) -> Floats:
    """The models that look back over a window, models × series × horizon."""
    import numpy as np

    regression = project(values, dates, horizon, half_life=28.0, damping=0.98)
    weeks = _weeks(values, 8)
    of_week = np.arange(horizon) % WEEK
    recent = weeks[..., -4:]
    mean = np.where(np.isfinite(recent).any(-1), 0, np.nan) + np.nansum(recent, -1) / np.maximum(
        np.isfinite(recent).sum(-1), 1
    )
    level = np.broadcast_to(median(values[:, -14:])[:, None], (len(values), horizon))
    return np.stack(
        [
            weeks[..., -1][:, of_week],
            mean[:, of_week],
            median(weeks)[:, of_week],
            level,
            regression.flat,
            regression.flat + regression.trend,
        ]
    )


def _weeks(values: Floats, weeks: int) -> Floats:
    """The last weeks, series × weekday (0 is that of the first day ahead) × weeks."""
    import numpy as np

    last = values[:, -weeks * WEEK :]
    missing = weeks * WEEK - last.shape[1]
    padded = np.pad(last, ((0, 0), (missing, 0)), constant_values=np.nan)
    return np.moveaxis(padded.reshape(len(values), weeks, WEEK), 1, 2)


def _last_year(values: Floats, horizon: int) -> Floats:
    """How the level went on a year ago, as a factor, series × horizon; 1 where that is unknown."""
    import numpy as np

    series, days = values.shape
    begin = days - YEAR
    if begin < YEAR_LEVEL:
        return np.ones((series, horizon))
    half = YEAR_SMOOTH // 2
    first = max(begin - YEAR_LEVEL - half, 0)
    around = values[:, first : min(begin + horizon + half, days)]
    smooth = median(centred(around, YEAR_SMOOTH))
    level = median(smooth[:, begin - first - YEAR_LEVEL : begin - first])
    after = smooth[:, begin - first : begin - first + horizon]
    ahead = np.pad(after, ((0, 0), (0, horizon - after.shape[1])), mode="edge")
    usable = (level > SMALL)[:, None]
    factor = np.clip(ahead / np.where(usable, level[:, None], 1.0), 0.5, 2.0)
    return np.where(usable & np.isfinite(factor), factor, 1.0)
