"""The days of a bill, as arrays: weekdays, places in the month, holidays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SATURDAY = 5
_CLOSED = {(1, 1), (5, 1), (12, 24), (12, 25), (12, 26), (12, 31)}
_YEAR_END = range(24, 32)
_THANKSGIVING = (11, 3, range(22, 29))
"""Month, weekday and days of the month: the fourth Thursday of November."""


@dataclass(frozen=True)
class BillingDays:
    """Days without gaps.

    Attributes:
        dates: The days, datetime64[D].
    """

    dates: NDArray[np.datetime64]

    @classmethod
    def of(cls, first: np.datetime64, days: int) -> BillingDays:
        """So many days from the first on."""
        return cls(first + np.arange(days))

    @cached_property
    def weekday(self) -> NDArray[np.int64]:
        """0 for Monday to 6 for Sunday."""
        numbers: NDArray[np.int64] = self.dates.astype(np.int64)
        return (numbers + 3) % 7  # the first of 1970 was a Thursday

    @cached_property
    def weekend(self) -> NDArray[np.bool_]:
        """Saturdays and Sundays."""
        return self.weekday >= SATURDAY

    @cached_property
    def months(self) -> NDArray[np.datetime64]:
        """The month of each day, datetime64[M]."""
        return self.dates.astype("datetime64[M]")

    @cached_property
    def month(self) -> NDArray[np.int64]:
        """How many months after the first day's."""
        number: NDArray[np.int64] = (self.months - self.months[0]).astype(np.int64)
        return number

    @cached_property
    def day(self) -> NDArray[np.int64]:
        """Day of the month, from 1."""
        past: NDArray[np.int64] = (self.dates - self.months.astype("datetime64[D]")).astype(
            np.int64
        )
        return past + 1

    @cached_property
    def month_days(self) -> NDArray[np.int64]:
        """28 to 31: how long the day's month is."""
        following = (self.months + 1).astype("datetime64[D]")
        length: NDArray[np.int64] = (following - self.months.astype("datetime64[D]")).astype(
            np.int64
        )
        return length

    @cached_property
    def to_end(self) -> NDArray[np.int64]:
        """0 on the last day of a month, 1 the day before."""
        return self.month_days - self.day

    @cached_property
    def holiday(self) -> NDArray[np.bool_]:
        """Days on which offices are closed, from Christmas to New Year throughout."""
        of_year = self.months.astype(np.int64) % 12 + 1
        month, weekday, span = _THANKSGIVING
        closed = [(int(m), int(d)) in _CLOSED for m, d in zip(of_year, self.day, strict=True)]
        year_end = (of_year == 12) & np.isin(self.day, list(_YEAR_END))  # noqa: PLR2004 # December
        thanks = (of_year == month) & (self.weekday == weekday) & np.isin(self.day, list(span))
        days: NDArray[np.bool_] = np.array(closed) | year_end | thanks
        return days
