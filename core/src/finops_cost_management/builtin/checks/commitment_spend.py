"""What commitments could cover, what they cover, and what of them is unused."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from finops_cost_management.builtin.checks.instances import instance_charges
from finops_cost_management.builtin.checks.programmes import commitment_programme, usage_programme
from finops_cost_management.query.charge_facts import (
    effective_cost,
    exact_sum,
    is_committed,
    rows_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import ibis

MOST_UNUSED = Decimal("0.05")
"""Unused share of the commitments that exist above which no more should be bought."""

_NOTHING = Decimal(0)


@dataclass(slots=True)
class Spend:
    """What one programme applies to, in one currency.

    Attributes:
        on_demand: Day → cost that no commitment covers.
        covered: What the covered usage would have cost on demand.
        unused: Effective cost of what nothing used of the commitments that exist.
        committed: Effective cost of all of them.
        resources: Resource → its on-demand cost.
        leaves_costs_open: Whether charges have no effective cost.
    """

    on_demand: dict[date, Decimal] = field(default_factory=dict)
    covered: Decimal = _NOTHING
    unused: Decimal = _NOTHING
    committed: Decimal = _NOTHING
    resources: dict[str, Decimal] = field(default_factory=dict)
    leaves_costs_open: bool = False

    @property
    def unused_share(self) -> Decimal:
        """Share of the commitments that exist that nothing uses."""
        return self.unused / self.committed if self.committed > 0 else _NOTHING


def spends_of(rows: ibis.Table) -> Mapping[tuple[str, str], Spend]:
    """Programme and currency → what it applies to.

    Args:
        rows: Charges of the days that are looked at.
    """
    usage = rows.filter(rows.ChargeCategory == "Usage", rows.ChargeClass.isnull())
    eligible = instance_charges(usage)
    eligible = eligible.mutate(Programme=usage_programme(eligible))
    eligible = eligible.filter(eligible.Programme.notnull(), ~eligible.IsSpot)
    spends: defaultdict[tuple[str, str], Spend] = defaultdict(Spend)
    for row in rows_of(_daily(eligible)):
        spend = spends[row["Programme"], row["BillingCurrency"]]
        spend.on_demand[row["Day"]] = max(row["OnDemand"], _NOTHING)
        spend.covered += row["Covered"]
        spend.leaves_costs_open |= bool(row["UnknownRows"])
    for row in rows_of(_by_resource(eligible)):
        spends[row["Programme"], row["BillingCurrency"]].resources[row["ResourceId"]] = row["Cost"]
    for row in rows_of(_commitments(usage)):
        spend = spends[row["Programme"], row["BillingCurrency"]]
        spend.unused += row["Unused"]
        spend.committed += row["Committed"]
    return {key: spend for key, spend in spends.items() if spend.on_demand}


def _daily(eligible: ibis.Table) -> ibis.Table:
    committed = is_committed(eligible)
    # Some bills leave the contracted cost of covered usage at 0: its effective cost is less.
    worth = eligible.ContractedCost.nullif(Decimal(0)).coalesce(eligible.EffectiveCost)
    return eligible.group_by(
        "Programme", "BillingCurrency", Day=eligible.ChargePeriodStart.date()
    ).aggregate(
        OnDemand=effective_cost(eligible, ~committed),
        Covered=exact_sum(worth, committed),
        UnknownRows=eligible.EffectiveCost.isnull().sum(),
    )


def _by_resource(eligible: ibis.Table) -> ibis.Table:
    own = eligible.filter(~is_committed(eligible), eligible.ResourceId.notnull())
    costs = own.group_by("Programme", "BillingCurrency", "ResourceId").aggregate(
        Cost=effective_cost(own)
    )
    return costs.filter(costs.Cost > 0).order_by("Programme", "BillingCurrency", "ResourceId")


def _commitments(usage: ibis.Table) -> ibis.Table:
    """One row per commitment that a programme sells."""
    own = usage.filter(usage.CommitmentDiscountId.notnull())
    each = own.group_by("CommitmentDiscountId", "BillingCurrency").aggregate(
        # A plan covers services beside those that it is recognised by.
        Programme=commitment_programme(own).max(),
        Unused=effective_cost(own, own.CommitmentDiscountStatus == "Unused"),
        Committed=effective_cost(own),
    )
    return each.filter(each.Programme.notnull())
