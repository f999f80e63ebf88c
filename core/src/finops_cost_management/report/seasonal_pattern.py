"""The seasons of a history as people look at them: a profile by weekday, by day of the month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from finops_cost_management.answers.forecasts import Forecast

    Floats = NDArray[np.float64]

_WEEK, _MONTH_DAYS, _YEAR_MONTHS = 7, 31, 12
_LEVEL_DAYS = 28  # four whole weeks: the rhythm of the week is not in their mean
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class SeasonalPattern:
    """What places of a season usually cost more or less than the level under it.

    Attributes:
        title: What the season is.
        places: The name of each place, in order.
        above: Median difference per place, in the forecast's currency; NaN where none is known.
    """

    title: str
    places: Sequence[str]
    above: Sequence[float]


def seasonal_patterns(answer: Forecast) -> list[SeasonalPattern]:
    """A profile for each season that was detected, the shortest first.

    What the week explains is not counted to the month again, nor that to the year.

    Args:
        answer: A forecast that says its seasons.
    """
    import numpy as np

    left = _costs(answer.history) - _level(answer)
    patterns = []
    for season, title, places, place_of in _SEASONS:
        if season not in answer.seasonality:
            continue
        at = np.array([place_of(day) for day in answer.history_dates], dtype=np.intp)
        above = _medians(left, at, len(places))
        left = left - np.nan_to_num(above)[at]
        patterns.append(SeasonalPattern(title, places, above.tolist()))
    return patterns


_SEASONS: Sequence[tuple[str, str, Sequence[str], Callable[[date], int]]] = (
    ("weekly", "Week", _WEEKDAYS, lambda day: day.weekday()),
    (
        "monthly",
        "Day of the month",
        [str(day) for day in range(1, _MONTH_DAYS + 1)],
        lambda day: day.day - 1,
    ),
    ("yearly", "Year", _MONTHS, lambda day: day.month - 1),
)


def _costs(history: Sequence[object | None]) -> Floats:
    import numpy as np

    return np.array([np.nan if cost is None else float(str(cost)) for cost in history])


def _level(answer: Forecast) -> Floats:
    """The model's own trend, else a centred mean of four weeks."""
    import numpy as np

    days = len(answer.history)
    if answer.trend:
        return _costs(answer.trend[:days])
    costs = _costs(answer.history)
    level = np.full(days, np.nan)
    for day in range(days):
        around = costs[max(0, day - _LEVEL_DAYS // 2) : day + _LEVEL_DAYS // 2]
        known = around[np.isfinite(around)]
        level[day] = known.mean() if len(known) else np.nan
    return level


def _medians(values: Floats, at: NDArray[np.intp], places: int) -> Floats:
    """The median of each place: one odd day does not make a habit."""
    import numpy as np

    medians = np.full(places, np.nan)
    for place in range(places):
        known = values[(at == place) & np.isfinite(values)]
        if len(known):
            medians[place] = np.median(known)
    return medians
