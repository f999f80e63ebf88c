"""Billing months as numbers of days, so that any month of any year works the same."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finops_cost_management.window import DateWindow


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, which is the billing period of every provider."""

    year: int
    number: int

    @classmethod
    def touched_by(cls, window: DateWindow) -> Iterator[Month]:
        """Every month with a day in the window, in order."""
        last = window.end.toordinal() - 1
        month = cls(window.start.year, window.start.month)
        while month.first_day <= last:
            yield month
            month = cls(month.year + month.number // 12, month.number % 12 + 1)

    @property
    def first_day(self) -> int:
        """The first day, counted as Python counts them (`date.toordinal`)."""
        return date(self.year, self.number, 1).toordinal()

    @property
    def days(self) -> int:
        """How many days the month has."""
        return calendar.monthrange(self.year, self.number)[1]

    @property
    def end(self) -> int:
        """The first day after it."""
        return self.first_day + self.days

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"
