"""The same costs from two sources: both count, and the total is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from finops_cost_management.query.dimensions import CLUSTER, NONE, PROVIDER, Dimension

if TYPE_CHECKING:
    import ibis


class Overlap(NamedTuple):
    """Accounts whose usage comes in from more than one source.

    Attributes:
        provider: Whose bill it is.
        sources: The names of the sources.
        accounts: How many sub accounts.
        account: One of them.
    """

    provider: str
    sources: tuple[str, ...]
    accounts: int
    account: str

    @property
    def warning(self) -> str:
        """What is suspected, and what to do."""
        others = f" and {self.accounts - 1:,} more" if self.accounts > 1 else ""
        return (
            f"{' and '.join(self.sources)} both have costs of {self.provider} account "
            f"{self.account}{others} in the same months and services: if they are the same "
            "charges, they count twice; keep one source, and forget the other with "
            "`finops store remove`"
        )


def clusters_told_twice(allocations: ibis.Table) -> list[str]:
    """Warnings of Kubernetes clusters that several sources tell of on one day."""
    day = allocations.ChargePeriodStart.date()
    each = allocations.group_by(CLUSTER, Day=day).aggregate(
        Sources=allocations.x_Source.collect(distinct=True).sort()
    )
    several = each.filter(each.Sources.length() > 1)
    found = several.select(CLUSTER, "Sources").distinct().order_by(CLUSTER, "Sources").to_pyarrow()
    return [
        f"{' and '.join(row['Sources'])} both tell of the cluster {row[CLUSTER]}: if it is one "
        "cluster, its costs count twice; keep one source, and forget the other with "
        "`finops store remove`"
        for row in found.to_pylist()
    ]


def overlaps_of(rows: ibis.Table) -> list[Overlap]:
    """Accounts of which several sources bring usage of one service in one month."""
    usage = rows.filter(
        rows.ChargeCategory == "Usage", rows.BilledCost > 0, rows.SubAccountId.notnull()
    )
    each = usage.group_by(
        Dimension(PROVIDER).of(usage),
        "SubAccountId",
        "ServiceName",
        Month=usage.ChargePeriodStart.truncate("M"),
    ).aggregate(Sources=usage.x_Source.collect(distinct=True).sort())
    several = each.filter(each.Sources.length() > 1)
    found = (
        several.group_by(PROVIDER, "Sources")
        .aggregate(Accounts=several.SubAccountId.nunique(), Account=several.SubAccountId.min())
        .order_by(PROVIDER)
        .to_pyarrow()
        .to_pylist()
    )
    return [
        Overlap(row[PROVIDER] or NONE, tuple(row["Sources"]), row["Accounts"], row["Account"])
        for row in found
    ]
