"""Savings Plans and reservations that end soon: their discount is lost unless they are renewed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.checks.asking_check import CENT, HOME, AskingCheck, Verdict
from finops_aws.checks.commitments.commitment_check import CommitmentOptions
from finops_aws.checks.commitments.commitment_programmes import BillOfCommitments
from finops_aws.checks.own_costs import OwnCosts
from finops_aws.checks.places import NO_REGION, RegionName
from finops_aws.checks.region import Region
from finops_aws.described_case import DescribedCase
from finops_cost_management import (
    Effort,
    OptimizationCategory,
    Recommendation,
    Risk,
    SavingsBasis,
    Unknown,
)
from finops_cost_management.plugins.savings_case import daily_charges
from finops_cost_management.report.wording import money

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from finops_cost_management import CostSnapshot, DateWindow, SavingsCase

_SOON_AFTER = timedelta(days=2)
"""How long after its end what follows a commitment must begin."""


class ExpiringCommitmentsOptions(CommitmentOptions):
    """How soon is soon."""

    within_days: int = Field(default=30, ge=1, le=365)
    """Days after the run's window in which a commitment must end to be told."""

    lookback_days: int = Field(default=30, ge=7, le=365)
    """How many of the newest days of the bill say what a commitment saves."""

    regions: tuple[RegionName, ...] = ()
    """Regions whose reservations are looked at; those in which the bill has costs of AWS where
    absent. Savings Plans are of no region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commitment:
    """A commitment as AWS describes it.

    Attributes:
        id: Its ARN, or its id.
        kind: ``Savings Plan``.
        what: What it is for, in words; one that follows it is for the same.
        start: When it begins.
        end: When it ends.
        state: ``active`` or ``queued``.
    """

    id: str
    kind: str
    what: str
    start: datetime
    end: datetime
    state: str

    def follows(self, other: _Commitment) -> bool:
        """Whether it is bought already to begin when another one ends."""
        return (
            self.state == "queued"
            and (self.kind, self.what) == (other.kind, other.what)
            and self.start <= other.end + _SOON_AFTER
        )


class ExpiringCommitments(AskingCheck[ExpiringCommitmentsOptions]):
    """Finds commitments that end within 30 days, and what is lost with them.

    The saving is that of renewing it as it is: what the covered usage would cost on demand, less
    what the commitment costs, its unused part included. It begins on the day that it ends. What is
    queued to follow is clean.
    """

    Options = ExpiringCommitmentsOptions
    use = "aws.expiring_commitments"
    permissions: ClassVar[tuple[str, ...]] = (
        "ec2:DescribeReservedInstances",
        "rds:DescribeReservedDBInstances",
        "savingsplans:DescribeSavingsPlans",
    )

    def verdicts(self, costs: CostSnapshot, window: DateWindow) -> Iterator[Verdict]:
        """One verdict for each commitment that runs."""
        days = self.options.lookback_days
        self._bill_of = BillOfCommitments(costs, window.end, days)
        home = Region(HOME, self, window.end, days)
        plans = self.answers("savingsplans:DescribeSavingsPlans", HOME, states=["active", "queued"])
        yield from self.answered("Savings Plans", self._judged(_plans(plans), home))
        regions = self.options.regions or OwnCosts(costs, window.end, days).regions
        if not regions:
            yield Unknown(subject="reservations", reason=NO_REGION, broad=True)
        for name in regions:
            region = Region(name, self, window.end, days)
            yield from self.answered(
                f"EC2 reservations in {name}", self._judged(_reservations(region), region)
            )
            yield from self.answered(
                f"RDS reservations in {name}", self._judged(_database_reservations(region), region)
            )

    def _judged(self, found: Iterable[_Commitment], region: Region) -> Iterator[Verdict]:
        held = list(found)
        for one in held:
            if one.state != "active" or one.end <= region.until:
                continue
            soon = one.end <= region.until + timedelta(days=self.options.within_days)
            followed = any(other.follows(one) for other in held)
            yield self._verdict(one, region) if soon and not followed else None

    def _verdict(self, one: _Commitment, region: Region) -> Verdict:
        commitment = self._bill_of.commitment(one.id)
        covered = self._bill_of.covered(commitment)
        if covered is None:
            return Unknown(
                subject=commitment,
                reason=f"ends on {one.end:%Y-%m-%d}; the bill does not say what it covers",
            )
        saving = (covered.on_demand - covered.cost).quantize(CENT)
        if not self.is_worth_it(saving):
            return None
        left = (one.end - region.until).days
        return Recommendation(
            check=self.use,
            category=OptimizationCategory.COMMITMENT,
            provider="AWS",
            resource_id=commitment,
            resource_type=one.kind,
            region_id=None if one.kind == "Savings Plan" else region.name,
            recommendation=(
                f"Decide on the {one.kind} {commitment} ({one.what}) before {one.end:%Y-%m-%d}: "
                "its usage costs more from then on"
            ),
            currency=covered.currency,
            current_cost=covered.on_demand,
            estimated_monthly_savings=saving,
            basis=SavingsBasis.OWN_COST,
            confidence=0.8,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            reversible=False,
            steps=(
                "Look up whether what it covers will still run in a year.",
                "Compare with what is sold now: another plan or family may fit better.",
                f"Queue what is to follow it for {one.end:%Y-%m-%d}, or let it end.",
            ),
            current_configuration={"ends": f"{one.end:%Y-%m-%d}", "for": one.what},
            recommended_configuration={"renewed from": f"{one.end:%Y-%m-%d}"},
            evidence={
                "days left": str(left),
                "usage on demand a month": money(covered.on_demand, covered.currency),
                "with the commitment": money(covered.cost, covered.currency),
                "saving begins": f"{one.end:%Y-%m-%d}",
            },
            lookback_days=self.options.lookback_days,
            source="inventory",
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A plan that ends in two weeks, one of next year, one that no bill names."""
        arn = "arn:aws:savingsplans::012345678901:savingsplan/sp-1"
        committed: dict[str, Any] = {
            "CommitmentDiscountId": arn,
            "CommitmentDiscountType": "Savings Plan",
            "PricingCategory": "Committed",
        }
        bill = [
            *daily_charges(
                "24",
                CommitmentDiscountStatus="Used",
                ContractedCost=Decimal(34),
                ResourceId="i-0001",
                **committed,
            ),
            *daily_charges("1", CommitmentDiscountStatus="Unused", ResourceId=arn, **committed),
        ]

        def case(name: str, verdict: Any, end: str, **details: Any) -> SavingsCase:
            plan = {
                "savingsPlanId": "sp-1",
                "savingsPlanArn": arn,
                "savingsPlanType": "Compute",
                "state": "active",
                "start": "2025-10-15T00:00:00.000Z",
                "end": end,
                "currency": "USD",
                "commitment": "1.0",
            }
            return DescribedCase(
                name=name,
                verdict=verdict,
                answers={
                    "DescribeSavingsPlans": [{"savingsPlans": [plan]}],
                    "DescribeReservedInstances": [{"ReservedInstances": []}],
                    "DescribeReservedDBInstances": [{"ReservedDBInstances": []}],
                },
                **{"charges": bill, **details},
            )

        return (
            case("ends in two weeks", "finding", "2026-10-15T00:00:00.000Z"),
            case("ends next year", "clean", "2027-10-15T00:00:00.000Z"),
            case("no bill names it", "unknown", "2026-10-15T00:00:00.000Z", charges=()),
        )


def _plans(pages: Iterable[Mapping[str, Any]]) -> Iterator[_Commitment]:
    for told in (plan for page in pages for plan in page.get("savingsPlans", ())):
        kind = (told.get("savingsPlanType"), told.get("ec2InstanceFamily"), told.get("region"))
        yield _Commitment(
            id=told["savingsPlanArn"],
            kind="Savings Plan",
            what=", ".join(text for text in kind if text),
            start=_moment(told["start"]),
            end=_moment(told["end"]),
            state=told["state"],
        )


def _reservations(region: Region) -> Iterator[_Commitment]:
    for told in region.pages(
        "ec2:DescribeReservedInstances",
        "describe_reserved_instances",
        "ReservedInstances",
        Filters=[{"Name": "state", "Values": ["active", "queued"]}],
    ):
        yield _Commitment(
            id=told["ReservedInstancesId"],
            kind="EC2 Reserved Instance",
            what=f"{told['InstanceCount']} × {told['InstanceType']}",
            start=told["Start"],
            end=told["End"],
            state=told["State"],
        )


def _database_reservations(region: Region) -> Iterator[_Commitment]:
    for told in region.pages(
        "rds:DescribeReservedDBInstances", "describe_reserved_db_instances", "ReservedDBInstances"
    ):
        yield _Commitment(
            id=told.get("ReservedDBInstanceArn") or told["ReservedDBInstanceId"],
            kind="RDS Reserved Instance",
            what=f"{told['DBInstanceCount']} × {told['DBInstanceClass']}",
            start=told["StartTime"],
            end=told["StartTime"] + timedelta(seconds=told["Duration"]),
            state=told["State"],
        )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
