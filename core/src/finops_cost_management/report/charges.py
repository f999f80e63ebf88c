"""What kinds of charges a window is made of: usage and purchases, credits and refunds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finops_cost_management.query.cost_query import CostMetric, CostQuery

if TYPE_CHECKING:
    from decimal import Decimal

    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeKind:
    """All charges of one category and class, in one currency.

    Attributes:
        category: FOCUS charge category; None where rows have none.
        correction: Whether they correct an invoice of before: refunds are among these.
        currency: ISO 4217 code.
        effective: Sum of the effective cost; None where no row says it.
        billed: Sum of the billed cost; None where no row says it.
        rows: How many rows.
    """

    category: str | None
    correction: bool
    currency: str
    effective: Decimal | None
    billed: Decimal | None
    rows: int

    @property
    def label(self) -> str:
        """The kind in words."""
        name = self.category or "(no category)"
        return f"{name}: corrections and refunds" if self.correction else name


def charge_kinds(costs: CostSnapshot, window: DateWindow) -> list[ChargeKind]:
    """The kinds of the window's charges, per currency, largest effective cost first."""
    effective = _sums(costs, window, CostMetric.EFFECTIVE)
    billed = _sums(costs, window, CostMetric.BILLED)
    kinds = [
        ChargeKind(
            category=category,
            correction=charge_class == "Correction",
            currency=currency,
            effective=row["EffectiveCost"],
            billed=billed[key]["BilledCost"],
            rows=row["Rows"],
        )
        for key, row in effective.items()
        for category, charge_class, currency in [key]
    ]
    return sorted(kinds, key=lambda kind: (kind.currency, -(kind.effective or 0)))


def _sums(
    costs: CostSnapshot, window: DateWindow, cost: CostMetric
) -> dict[tuple[str | None, str | None, str], dict[str, Any]]:
    groups = ("ChargeCategory", "ChargeClass")
    answer = costs.ask(CostQuery(window=window, cost=cost, group_by=groups)).to_pylist()
    return {
        (row["ChargeCategory"], row["ChargeClass"], row["BillingCurrency"]): row for row in answer
    }
