"""Days in UTC, half open: the start is inside, the end is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from finops_cost_management.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator


def today_utc() -> date:
    """The current day in UTC, the time zone of FOCUS."""
    return datetime.now(UTC).date()


def days_after(day: date, days: int) -> date:
    """The day that many days later; a negative number means earlier.

    Raises:
        ConfigurationError: The calendar has no such day: it ends with the year 9999.
    """
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise ConfigurationError(
            f"{abs(days):,} days {'before' if days < 0 else 'after'} {day} is outside the calendar",
            hint="ask for fewer days, or for another day",
        ) from None


@dataclass(frozen=True, slots=True, order=True)
class DateWindow:
    """A range of whole UTC days.

    Attributes:
        start: First day inside.
        end: First day outside; later than ``start``.

    Raises:
        ConfigurationError: The window holds no day.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ConfigurationError(
                f"the window from {self.start} to {self.end} holds no day",
                hint="the end is exclusive and must be later than the start",
            )

    @classmethod
    def last(cls, days: int, *, until: date) -> DateWindow:
        """The ``days`` whole days before ``until``, which is itself outside."""
        return cls(days_after(until, -days), until)

    @classmethod
    def after(cls, day: date, days: int) -> DateWindow:
        """The ``days`` whole days from ``day`` on, which is itself inside."""
        return cls(day, days_after(day, days))

    @property
    def days(self) -> int:
        """How many days are inside."""
        return (self.end - self.start).days

    def dates(self) -> Iterator[date]:
        """Every day inside, in order."""
        for offset in range(self.days):
            yield self.start + timedelta(days=offset)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __str__(self) -> str:
        return f"{self.start}..{self.end - timedelta(days=1)}"
