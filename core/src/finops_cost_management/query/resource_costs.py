"""What single resources and commitments cost in the newest days of the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.query.dimensions import PROVIDER, Dimension

if TYPE_CHECKING:
    from collections.abc import Collection
    from decimal import Decimal

    import ibis

    from finops_cost_management.query.snapshot import CostSnapshot

Key = tuple[str | None, str, str]
"""Provider, currency and id of a resource or commitment."""


def resource_costs(
    costs: CostSnapshot, rows: ibis.Table, ids: Collection[str]
) -> dict[Key, Decimal | None]:
    """The effective cost of usage, without corrections.

    Args:
        costs: The engine that answers.
        rows: The charges to sum up.
        ids: FOCUS's ``ResourceId``, or the ``CommitmentDiscountId`` of a commitment: of that,
            the unused part counts, for the used part belongs to what used it.

    Returns:
        What the charges name; None where a charge does not say its cost.
    """
    import ibis
    import pyarrow as pa

    if not ids:
        return {}
    wanted = costs.engine.table_of(pa.table({"Id": pa.array(sorted(set(ids)), pa.string())}))
    used = rows.filter(rows.ChargeCategory == "Usage", rows.ChargeClass.isnull())
    # FOCUS gives the unused part of a commitment both ids; it costs once.
    of_resources = used.filter(
        used.CommitmentDiscountId.isnull() | (used.CommitmentDiscountId != used.ResourceId)
    )
    unused = used.filter(used.CommitmentDiscountStatus == "Unused")
    both = ibis.union(_under(of_resources, "ResourceId"), _under(unused, "CommitmentDiscountId"))
    sums = (
        both.semi_join(wanted, "Id")
        .group_by(PROVIDER, "BillingCurrency", "Id")
        .aggregate(
            Cost=lambda table: table.EffectiveCost.sum().cast("decimal(38, 12)"),
            Unknown=lambda table: table.EffectiveCost.isnull().sum(),
        )
        .to_pyarrow()
        .to_pylist()
    )
    return {
        (row[PROVIDER], row["BillingCurrency"], row["Id"]): None if row["Unknown"] else row["Cost"]
        for row in sums
    }


def _under(rows: ibis.Table, column: str) -> ibis.Table:
    return rows.select(
        Dimension(PROVIDER).of(rows),
        rows.BillingCurrency,
        rows[column].name("Id"),
        rows.EffectiveCost,
    )
