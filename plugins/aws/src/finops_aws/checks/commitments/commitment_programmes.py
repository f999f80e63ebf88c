"""What AWS sells commitments for: names, typical discounts, and whose costs they would lower."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from finops_aws.checks.commitments.commitment_check import monthly
from finops_aws.checks.own_costs import AWS, last_part
from finops_cost_management.answers.alternatives import shares_by_cost
from finops_cost_management.builtin.checks.commitment_spend import Spend, spends_of
from finops_cost_management.builtin.checks.programmes import PROGRAMMES
from finops_cost_management.query.dimensions import PROVIDER, Dimension
from finops_cost_management.query.lookback import Lookback

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from finops_cost_management import CostSnapshot

COMPUTE = "aws_compute"
"""The programme of Savings Plans for EC2, Fargate and Lambda, as core calls it."""

USD = "USD"

ReservableService = Literal["ec2", "rds", "elasticache", "redshift", "opensearch"]


@dataclass(frozen=True, slots=True)
class Reservable:
    """A service with reservations.

    Attributes:
        name: As Cost Explorer names it.
        title: As people call what is bought.
        programme: What advice on it is entered under: core's name of the programme, where it has
            one, so that both pieces of advice are alternatives.
        discount: What a year without upfront payment takes off typically.
    """

    name: str
    title: str
    programme: str
    discount: Decimal


def _of_core(name: str) -> Decimal:
    return PROGRAMMES[name].term("1 year").discount


RESERVABLE: Mapping[str, Reservable] = {
    "ec2": Reservable(
        "Amazon Elastic Compute Cloud - Compute", "EC2 reservations", COMPUTE, _of_core(COMPUTE)
    ),
    "rds": Reservable(
        "Amazon Relational Database Service", "RDS reservations", "aws_rds", _of_core("aws_rds")
    ),
    "elasticache": Reservable(
        "Amazon ElastiCache", "ElastiCache reservations", "aws_elasticache", Decimal("0.30")
    ),
    "redshift": Reservable(
        "Amazon Redshift", "Redshift reservations", "aws_redshift", Decimal("0.20")
    ),
    "opensearch": Reservable(
        "Amazon OpenSearch Service", "OpenSearch reservations", "aws_opensearch", Decimal("0.30")
    ),
}
"""Option → service. Discounts are typical figures of public price lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What the usage under a commitment costs a month.

    Attributes:
        currency: ISO 4217 code.
        on_demand: Without the commitment, at the contracted or the list price.
        cost: With it, its unused part included.
    """

    currency: str
    on_demand: Decimal
    cost: Decimal


class BillOfCommitments:
    """What the bill knows of commitments and of what they could cover.

    Args:
        costs: The rows of the store.
        until: The first day outside the run's window.
        days: How many of the newest days are looked at.
    """

    def __init__(self, costs: CostSnapshot, until: date, days: int) -> None:
        self._costs = costs
        self._lookback = Lookback.of(costs, until, days)

    def shares(self, programme: str, currency: str, saving: Decimal) -> dict[str, Decimal]:
        """Resource → its part of a programme's saving, by what it costs on demand.

        Advice on the same resources is then an alternative, and not counted twice.
        """
        spend = self._spends.get((programme, currency))
        if spend is None:
            return {}
        return shares_by_cost(saving, spend.resources, sum(spend.on_demand.values(), Decimal(0)))

    @cached_property
    def currency(self) -> str:
        """The currency of the bill of AWS: Cost Explorer names none for coverage."""
        if AWS not in self._lookback.windows:
            return USD
        rows = self._lookback.select(self._costs.rows)
        own = rows.filter(Dimension(PROVIDER).of(rows) == AWS)
        found = own.select("BillingCurrency").distinct().to_pyarrow()["BillingCurrency"]
        names = [name for name in found.to_pylist() if name]
        return str(names[0]) if len(names) == 1 else USD

    def commitment(self, told: str) -> str:
        """The id of a commitment as the bill writes it; as AWS told it, where no bill has it."""
        return self._commitments.get(last_part(told), told)

    @cached_property
    def _commitments(self) -> Mapping[str, str]:
        if AWS not in self._lookback.windows:
            return {}
        rows = self._lookback.select(self._costs.rows)
        held = rows.filter(rows.CommitmentDiscountId.notnull()).select("CommitmentDiscountId")
        ids = held.distinct().to_pyarrow()["CommitmentDiscountId"].to_pylist()
        return {last_part(one): one for one in sorted(ids)}

    def covered(self, commitment: str) -> Covered | None:
        """What a commitment covered in the look-back; None where the bill does not say."""
        import ibis

        if AWS not in self._lookback.windows:
            return None
        rows = self._lookback.select(self._costs.rows)
        own = rows.filter(
            rows.CommitmentDiscountId == commitment,
            rows.ChargeCategory == "Usage",
            rows.ChargeClass.isnull(),
        )
        # Some bills leave the contracted cost of covered usage at 0.
        worth = ibis.coalesce(own.ContractedCost.nullif(Decimal(0)), own.ListCost)
        used = own.CommitmentDiscountStatus.fill_null("Used") != "Unused"
        (row,) = (
            own.aggregate(
                Currencies=own.BillingCurrency.nunique(),
                Currency=own.BillingCurrency.max(),
                OnDemand=worth.sum(where=used).cast("decimal(38, 12)"),
                Cost=own.EffectiveCost.sum().cast("decimal(38, 12)"),
                Open=(own.EffectiveCost.isnull() | (used & worth.isnull())).sum(),
            )
            .to_pyarrow()
            .to_pylist()
        )
        if row["Currencies"] != 1 or row["Open"] or row["OnDemand"] is None:
            return None
        days = self._lookback.days
        return Covered(
            currency=row["Currency"],
            on_demand=monthly(row["OnDemand"], days),
            cost=monthly(row["Cost"], days),
        )

    @cached_property
    def _spends(self) -> Mapping[tuple[str, str], Spend]:
        if AWS not in self._lookback.windows:
            return {}
        return spends_of(self._lookback.select(self._costs.rows))
