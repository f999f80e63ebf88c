"""What the bill calls the accounts of AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_aws.checks.own_costs import AWS
from finops_cost_management.query.cost_query import midnight

if TYPE_CHECKING:
    from finops_cost_management import CostSnapshot, DateWindow


def account_names(costs: CostSnapshot, window: DateWindow) -> dict[str, str]:
    """Account → its name, for those that the bill of a window names."""
    rows = costs.rows
    named = (
        rows.filter(
            rows.HostProviderName == AWS,
            rows.ChargePeriodStart >= midnight(window.start),
            rows.ChargePeriodStart < midnight(window.end),
            rows.SubAccountId.notnull(),
            rows.SubAccountName.notnull(),
        )
        .group_by("SubAccountId")
        .aggregate(Name=lambda table: table.SubAccountName.max())
        .to_pyarrow()
    )
    return dict(zip(named["SubAccountId"].to_pylist(), named["Name"].to_pylist(), strict=True))
