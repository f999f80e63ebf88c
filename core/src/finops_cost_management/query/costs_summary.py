"""The totals that every summary and report opens with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from finops_cost_management.query.cost_query import CostMetric, CostQuery
from finops_cost_management.query.dimensions import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow

KeyT = TypeVar("KeyT")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencySummary:
    """Totals in one currency, effective cost unless said otherwise.

    A total is None where none of its rows says the cost: it is unknown, not 0.

    Attributes:
        currency: ISO 4217 code.
        effective: Amortised cost of the window.
        billed: Invoiced cost of the window.
        daily: Day → cost, only days of which the store has data.
        by_provider: Provider → cost, largest first.
        by_service: (provider, service) → cost, largest first.
        by_category: Charge category → cost, credits and refunds negative.
    """

    currency: str
    effective: Decimal | None
    billed: Decimal | None
    daily: Mapping[date, Decimal | None]
    by_provider: Mapping[str, Decimal | None]
    by_service: Mapping[tuple[str, str], Decimal | None]
    by_category: Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostsSummary:
    """Totals of a window, one answer per currency.

    Attributes:
        window: The days summed up.
        currencies: Per currency, largest first.
        rows: How many rows are behind it.
        unknown_rows: How many of them do not say their effective cost.
    """

    window: DateWindow
    currencies: tuple[CurrencySummary, ...]
    rows: int
    unknown_rows: int


def summarise(costs: CostSnapshot, window: DateWindow) -> CostsSummary | None:
    """Sum the window up; None where the store has no row in it."""
    answer = costs.ask(
        CostQuery(window=window, group_by=("provider", "service", "ChargeCategory"), grain="daily")
    ).to_pylist()
    if not answer:
        return None
    billed = {
        row["BillingCurrency"]: row["BilledCost"]
        for row in costs.ask(CostQuery(window=window, cost=CostMetric.BILLED)).to_pylist()
    }
    summaries = []
    for currency, total_billed in billed.items():
        rows = [row for row in answer if row["BillingCurrency"] == currency]
        daily = _sums(rows, "Period")
        for row in rows:
            row["Service"] = (row["Provider"] or NONE, row["ServiceName"] or NONE)
        summaries.append(
            CurrencySummary(
                currency=currency,
                effective=total(daily.values()),
                billed=total_billed,
                daily=dict(sorted(daily.items())),
                by_provider=_largest_first(_sums(rows, "Provider")),
                by_service=_largest_first(_sums(rows, "Service")),
                by_category=_largest_first(_sums(rows, "ChargeCategory")),
            )
        )
    return CostsSummary(
        window=window,
        currencies=tuple(sorted(summaries, key=lambda one: _largest(one.effective))),
        rows=sum(row["Rows"] for row in answer),
        unknown_rows=sum(row["UnknownRows"] for row in answer),
    )


def total(costs: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of the costs that are known; None where none is."""
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if known else None


def _sums(rows: list[dict[str, Any]], key: str) -> dict[Any, Decimal | None]:
    costs: dict[Any, list[Decimal | None]] = {}
    for row in rows:
        name = row[key] if row[key] is not None else NONE
        costs.setdefault(name, []).append(row["EffectiveCost"])
    return {name: total(some) for name, some in costs.items()}


def _largest_first(sums: dict[KeyT, Decimal | None]) -> dict[KeyT, Decimal | None]:
    return dict(sorted(sums.items(), key=lambda item: _largest(item[1])))


def _largest(cost: Decimal | None) -> tuple[bool, Decimal]:
    """Sorts the largest cost first, and what is unknown last."""
    return cost is None, -(cost or Decimal(0))
