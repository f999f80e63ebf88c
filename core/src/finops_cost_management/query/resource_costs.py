"""What single resources and commitments cost in the newest days of the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finops_cost_management.query.charge_facts import MONEY, is_committed
from finops_cost_management.query.dimensions import PROVIDER, Dimension
from finops_cost_management.query.resource_keys import resource_key

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date
    from decimal import Decimal

    import ibis

    from finops_cost_management.query.snapshot import CostSnapshot

Key = tuple[str | None, str, str]
"""Provider, currency and id of a resource or commitment."""


def resource_costs(
    costs: CostSnapshot, rows: ibis.Table, ids: Collection[str], *, avoidable: bool
) -> dict[Key, Decimal | None]:
    """The effective cost of usage, without corrections.

    Args:
        costs: The engine that answers.
        rows: The charges to sum up.
        ids: FOCUS's ``ResourceId``, or the ``CommitmentDiscountId`` of a commitment: of that,
            the unused part counts, for the used part belongs to what used it. Small letters;
            an id that is the end of an ARN stands for it (`resource_key`).
        avoidable: Only what no commitment pays for: that goes on being paid.

    Returns:
        What the charges name; None where a charge does not say its cost.
    """
    if not ids:
        return {}
    charges = _charges(costs, rows, ids, avoidable=avoidable)
    sums = _summed(charges.group_by(PROVIDER, "BillingCurrency", "Id")).to_pyarrow().to_pylist()
    return {
        (row[PROVIDER], row["BillingCurrency"], row["Id"]): None if row["Unknown"] else row["Cost"]
        for row in sums
    }


def daily_resource_costs(
    costs: CostSnapshot, rows: ibis.Table, ids: Collection[str]
) -> dict[Key, dict[date, Decimal | None]]:
    """The same day by day, what commitments pay for included; a day without charges is absent."""
    if not ids:
        return {}
    charges = _charges(costs, rows, ids, avoidable=False)
    grouped = charges.group_by(PROVIDER, "BillingCurrency", "Id", "Day")
    daily: dict[Key, dict[date, Decimal | None]] = {}
    for row in _summed(grouped).to_pyarrow().to_pylist():
        key = (row[PROVIDER], row["BillingCurrency"], row["Id"])
        daily.setdefault(key, {})[row["Day"]] = None if row["Unknown"] else row["Cost"]
    return daily


def _summed(grouped: Any) -> ibis.Table:
    return grouped.aggregate(
        Cost=lambda table: table.EffectiveCost.sum().cast(MONEY),
        Unknown=lambda table: table.EffectiveCost.isnull().sum(),
    )


def _charges(
    costs: CostSnapshot, rows: ibis.Table, ids: Collection[str], *, avoidable: bool
) -> ibis.Table:
    import ibis
    import pyarrow as pa

    wanted = costs.engine.table_of(pa.table({"Id": pa.array(sorted(set(ids)), pa.string())}))
    used = rows.filter(rows.ChargeCategory == "Usage", rows.ChargeClass.isnull())
    # FOCUS gives the unused part of a commitment both ids; it costs once.
    of_resources = used.filter(
        used.CommitmentDiscountId.isnull() | (used.CommitmentDiscountId != used.ResourceId)
    )
    if avoidable:
        of_resources = of_resources.filter(~is_committed(of_resources))
    unused = used.filter(used.CommitmentDiscountStatus == "Unused")
    both = ibis.union(_under(of_resources, "ResourceId"), _under(unused, "CommitmentDiscountId"))
    return both.semi_join(wanted, "Id")


def _under(rows: ibis.Table, column: str) -> ibis.Table:
    return rows.select(
        Dimension(PROVIDER).of(rows),
        rows.BillingCurrency,
        resource_key(rows[column]).name("Id"),
        rows.EffectiveCost,
        Day=rows.ChargePeriodStart.date(),
    )
