"""Figures that summaries tell beside the answers themselves."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


@dataclass(frozen=True, slots=True)
class Change:
    """How the end of a window compares with its start, weekday by weekday.

    Attributes:
        share: Newest days against oldest days: 0.1 is 10 % more.
        days: How many days each side has; whole weeks.
    """

    share: float
    days: int


def change_within(daily: Mapping[date, Decimal | None]) -> Change | None:
    """Compare the first and the last whole weeks of the known days.

    Args:
        daily: Day → cost; None counts as a gap.

    Returns:
        The change; None where there are not two whole weeks without a gap, or where the first
        ones cost nothing to compare with.
    """
    costs = {day: cost for day, cost in sorted(daily.items()) if cost is not None}
    known = list(costs)
    days = len(known) // 14 * 7
    if not days or (known[-1] - known[0]).days + 1 != len(known):
        return None
    before = sum((costs[day] for day in known[:days]), Decimal(0))
    after = sum((costs[day] for day in known[-days:]), Decimal(0))
    return Change(float((after - before) / before), days) if before > 0 else None
