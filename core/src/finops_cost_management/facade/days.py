"""Days as people give them: the last one is inside."""

from __future__ import annotations

from datetime import date, datetime

from finops_cost_management.errors import ConfigurationError
from finops_cost_management.window import DateWindow, days_after


def days_inside(start_date: date | str, end_date: date | str) -> DateWindow:
    """The window from a first to a last day.

    Raises:
        ConfigurationError: One of them is no day, or the last is before the first.
    """
    first, last = _day(start_date), _day(end_date)
    if last < first:
        raise ConfigurationError(
            f"the last day, {last}, is before the first, {first}",
            hint="give the earlier day first; both are inside",
        )
    return DateWindow(first, days_after(last, 1))


def _day(given: date | str) -> date:
    try:
        day = given if isinstance(given, date) else date.fromisoformat(given)
    except ValueError:
        raise ConfigurationError(
            f"{given!r} is no day", hint="write it as 2026-11-17, or give a date"
        ) from None
    return day.date() if isinstance(day, datetime) else day
