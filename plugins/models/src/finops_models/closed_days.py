"""Days on which most offices are closed: usage may then look like that of a weekend."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from finops_models.billing_calendar import Dates

_FIXED = {(1, 1), (5, 1), (7, 4)}
_YEAR_END = (12, 24)
"""From this day of December on everything is slow."""

_NOVEMBER, _THURSDAY, _FOURTH_WEEK = 11, 3, range(22, 29)


def closed_days(dates: Dates) -> NDArray[np.bool_]:
    """Which days are holidays in many of the countries whose offices use clouds.

    Christmas to New Year, Good Friday, Easter Monday, the first of May, Independence Day, and
    Thanksgiving with the day after it. That a day is here only *allows* it to be like a weekend,
    so that a holiday too many costs little.

    Args:
        dates: Days, datetime64[D].
    """
    import numpy as np

    return np.array([_is_closed(day) for day in dates.astype("datetime64[D]").tolist()], dtype=bool)


def _is_closed(day: date) -> bool:
    sunday = easter(day.year)
    yesterday = day - timedelta(days=1)
    return (
        (day.month, day.day) in _FIXED
        or (day.month, day.day) >= _YEAR_END
        or day in {sunday - timedelta(days=2), sunday + timedelta(days=1)}
        or _is_thanksgiving(day)
        or _is_thanksgiving(yesterday)
    )


def _is_thanksgiving(day: date) -> bool:
    return day.month == _NOVEMBER and day.weekday() == _THURSDAY and day.day in _FOURTH_WEEK


def easter(year: int) -> date:
    """Easter Sunday (Meeus, Jones, Butcher)."""
    golden, century, rest = year % 19, year // 100, year % 100
    leap = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - century // 4 - leap + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
