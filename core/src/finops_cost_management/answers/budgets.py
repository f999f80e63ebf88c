"""What a budget answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from finops_cost_management.answers.anomalies import AnomalySeverity

if TYPE_CHECKING:
    from decimal import Decimal

    from finops_cost_management.window import DateWindow


class BudgetPeriod(StrEnum):
    """How long one period of a budget is; all are calendar periods in UTC."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


class BudgetStatus(StrEnum):
    """Where a budget stands."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OVER_BUDGET = "over_budget"
    UNKNOWN = "unknown"

    @property
    def severity(self) -> AnomalySeverity:
        """How much it matters, in the words of anomalies."""
        return {
            BudgetStatus.OVER_BUDGET: AnomalySeverity.CRITICAL,
            BudgetStatus.AT_RISK: AnomalySeverity.HIGH,
            BudgetStatus.UNKNOWN: AnomalySeverity.MEDIUM,
            BudgetStatus.ON_TRACK: AnomalySeverity.LOW,
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetReport:
    """One budget in its current period.

    Attributes:
        name: The budget's name in the pipeline.
        amount: What may be spent in the period, in ``currency``.
        currency: ISO 4217 code of the amounts.
        period: The days of the period.
        current_spend: Spend on the known days of the period so far.
        known_days: Days of the period whose spend is known.
        missing_days: Days before today of which the store has no data.
        projected_spend: Spend expected by the end of the period; None where it is unknown.
        projected_lower: Lower bound of the projection; None where there is no interval.
        projected_upper: Upper bound of the projection; None where there is no interval.
        thresholds_reached: Shares of the amount that the actual spend has reached.
        thresholds_projected: Shares that only the projection reaches.
        status: Where the budget stands.
        reason: Why the status is unknown or the projection is missing; empty otherwise.
    """

    name: str
    amount: Decimal
    currency: str
    period: DateWindow
    current_spend: Decimal
    known_days: int
    missing_days: int
    projected_spend: Decimal | None
    projected_lower: Decimal | None
    projected_upper: Decimal | None
    thresholds_reached: tuple[float, ...]
    thresholds_projected: tuple[float, ...]
    status: BudgetStatus
    reason: str = ""

    @property
    def remaining(self) -> Decimal:
        """What is left of the amount; negative when it is overspent."""
        return self.amount - self.current_spend

    @property
    def percentage_used(self) -> float:
        """Current spend in per cent of the amount."""
        return float(self.current_spend / self.amount * 100)
