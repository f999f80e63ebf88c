"""What a budget is: an amount for a calendar period, and the rows it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from finops_cost_management.answers.budgets import BudgetPeriod
from finops_cost_management.errors import ConfigurationError
from finops_cost_management.query.cost_query import Condition, CostMetric
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

DEFAULT_TOLERATED_LAG = 2
"""Days that clouds may take to deliver the newest costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """An amount that may be spent in every period of one kind.

    Attributes:
        name: The budget's name in the pipeline.
        amount: What may be spent in a period; more than 0.
        period: How long a period is; calendar periods in UTC.
        where: Dimension → condition: the rows that count; empty for all.
        cost: Which cost counts.
        alert_at: Shares of the amount that people want to hear about, 1.0 being all of it.
        currency: ISO 4217 code of the amount; None for the single currency of the rows.
        forecast: Name of the forecaster that projects the period's end; None for none.
        tolerated_lag: How many of the newest days before today may be missing without the
            status becoming unknown.

    Raises:
        ConfigurationError: The amount, a share or the lag makes no sense.
    """

    name: str
    amount: Decimal
    period: BudgetPeriod = BudgetPeriod.MONTHLY
    where: Mapping[str, Condition] = field(default_factory=dict)
    cost: CostMetric = CostMetric.BILLED
    alert_at: tuple[float, ...] = (0.8, 1.0)
    currency: str | None = None
    forecast: str | None = None
    tolerated_lag: int = DEFAULT_TOLERATED_LAG

    def __post_init__(self) -> None:
        if not (self.amount.is_finite() and self.amount > 0):
            raise ConfigurationError(
                f"budget {self.name!r} has the amount {self.amount}",
                hint="give an amount greater than 0",
            )
        if any(not share > 0 for share in self.alert_at):
            raise ConfigurationError(
                f"budget {self.name!r} alerts at {', '.join(map(str, self.alert_at))}",
                hint="give shares greater than 0, such as 0.8 for 80 %",
            )
        if self.tolerated_lag < 0:
            raise ConfigurationError(
                f"budget {self.name!r} tolerates a lag of {self.tolerated_lag} days",
                hint="give 0 or more days",
            )


def period_of(kind: BudgetPeriod, day: date) -> DateWindow:
    """The calendar period that holds ``day``; weeks start on Monday, as in ISO 8601."""
    if kind is BudgetPeriod.DAILY:
        return DateWindow(day, day + timedelta(days=1))
    if kind is BudgetPeriod.WEEKLY:
        monday = day - timedelta(days=day.weekday())
        return DateWindow(monday, monday + timedelta(weeks=1))
    months = _MONTHS[kind]
    first = (day.month - 1) // months * months
    return DateWindow(_first_of_month(day.year, first), _first_of_month(day.year, first + months))


_MONTHS = {BudgetPeriod.MONTHLY: 1, BudgetPeriod.QUARTERLY: 3, BudgetPeriod.YEARLY: 12}


def _first_of_month(year: int, month: int) -> date:
    """The first day of the month that is ``month`` months after January of ``year``."""
    return date(year + month // 12, month % 12 + 1, 1)
