"""Days on which business stands still nearly everywhere, and what they did to a series before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_models.billing_calendar import same_places
from finops_models.closed_days import easter
from finops_models.robust import SIGMA_PER_MEDIAN, median

if TYPE_CHECKING:
    import numpy as np

    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats

WEEK = 7
FIXED = ((1, 1), (5, 1), (7, 4), *((12, day) for day in range(23, 32)))
"""Month and day: New Year, May Day, Independence Day, the days between the years."""

AROUND = (-14, -7, 7, 14)
"""The same weekdays around a holiday tell what it would have cost otherwise."""

CLEAR = 2.5
"""Robust standard deviations of ordinary days that a holiday must be off to be one."""

LEAST, MOST = 0.1, 4.0
"""What a holiday can be of an ordinary day."""


def holiday_factors(values: Floats, dates: Dates) -> Floats:
    """What each day is of an ordinary one, by the same holidays of the years before it.

    Args:
        values: Series × known days, NaN where unknown.
        dates: The known days and those ahead, without gaps.

    Returns:
        Series × ``dates``; 1 on other days, on holidays that were never seen, and on those that
        made no difference.
    """
    import numpy as np

    series, known = values.shape
    factors = np.ones((series, len(dates)))
    years = dates.astype("datetime64[Y]")
    of_year = {day: _holidays(day) for day in np.unique(years)}
    names = sorted({name for days in of_year.values() for name in days})
    if len(of_year) < 2:  # noqa: PLR2004 # nothing can have come back
        return factors
    usual = _ordinary_spread(values)
    places = same_places(dates, months=2)
    everyone = {day for days in of_year.values() for day in days.values()}
    for name in names:
        logs: list[Floats] = []
        for days in of_year.values():
            place = int((days[name] - dates[0]).astype(np.int64))
            if not 0 <= place < len(dates):
                continue
            if logs:
                factors[:, place] = np.exp(np.mean(logs, axis=0))
            if WEEK <= place < known - WEEK:
                log = _difference(values, place, usual)
                for earlier in places[:, place]:
                    if earlier >= WEEK and dates[earlier] not in everyone:
                        # What comes every month is a charge, and not the holiday.
                        other = _difference(values, int(earlier), usual)
                        log = np.where(log * other > 0, 0.0, log)
                logs.append(log)
    return factors


def _difference(values: Floats, place: int, usual: Floats) -> Floats:
    """Logarithm of what the day is of the same weekdays around it; 0 where that is ordinary."""
    import numpy as np

    around = [place + days for days in AROUND if 0 <= place + days < values.shape[1]]
    other = median(values[:, around])
    day = values[:, place]
    both = (day > 0) & (other > 0)
    log = np.log(np.where(both, day, 1.0) / np.where(both, other, 1.0))
    clear = both & (np.abs(log) > CLEAR * usual)
    return np.clip(np.where(clear, log, 0.0), np.log(LEAST), np.log(MOST))


def _ordinary_spread(values: Floats) -> Floats:
    """Robust standard deviation of the logarithm of a day over the week before, per series."""
    import numpy as np

    day, before = values[:, WEEK:], values[:, :-WEEK]
    both = (day > 0) & (before > 0)
    log = np.where(both, np.log(np.where(both, day, 1.0) / np.where(both, before, 1.0)), np.nan)
    spread: Floats = np.nan_to_num(SIGMA_PER_MEDIAN * median(np.abs(log)))
    return spread


def _holidays(year: np.datetime64) -> dict[str, np.datetime64]:
    """The holidays of a year by name."""
    import numpy as np

    january = year.astype("datetime64[M]")
    days = {
        f"{month:02d}-{day:02d}": (january + (month - 1)).astype("datetime64[D]") + (day - 1)
        for month, day in FIXED
    }
    november = (january + 10).astype("datetime64[D]")
    # 1970-01-01 was a Thursday.
    thanksgiving = november + (-november.astype(np.int64)) % WEEK + 3 * WEEK
    sunday = np.datetime64(easter(int(year.astype(np.int64)) + 1970), "D")
    return days | {
        "thanksgiving": thanksgiving,
        "day after thanksgiving": thanksgiving + 1,
        "good friday": sunday - 2,
        "easter": sunday,
        "easter monday": sunday + 1,
    }
