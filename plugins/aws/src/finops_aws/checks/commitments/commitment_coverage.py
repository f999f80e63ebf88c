"""Usage that commitments could cover and do not, as Cost Explorer sees it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.answered_case import AnsweredCase
from finops_aws.checks.asking_check import CENT, Verdict
from finops_aws.checks.commitments.commitment_check import (
    CostExplorerCheck,
    PaidOptions,
    amount,
    monthly,
)
from finops_aws.checks.commitments.commitment_programmes import (
    COMPUTE,
    RESERVABLE,
    BillOfCommitments,
    ReservableService,
)
from finops_cost_management import (
    DateWindow,
    Effort,
    OptimizationCategory,
    Recommendation,
    Risk,
    SavingsBasis,
)
from finops_cost_management.builtin.checks.programmes import PROGRAMMES
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_cost_management import CostSnapshot, SavingsCase

_DATABASES = ("relational database", "elasticache", "neptune", "documentdb", "dynamodb", "memorydb")
_SAGEMAKER = "sagemaker"


class CommitmentCoverageOptions(PaidOptions):
    """How much should be covered."""

    lookback_days: int = Field(default=30, ge=7, le=365)
    """How many days, up to the end of the run's window, are looked at."""

    target_coverage: Decimal = Field(default=Decimal("0.8"), gt=0, le=1)
    """Share of the eligible usage that commitments should cover."""

    discount: Decimal | None = Field(default=None, gt=0, lt=1)
    """What a commitment takes off for you; the typical discount of each programme where absent."""

    services: tuple[ReservableService, ...] = ("rds", "elasticache", "redshift", "opensearch")
    """Services whose reservations are looked at; each is a request of its own. EC2 is left to
    Savings Plans: AWS takes what reservations cover out of their eligible usage."""


class CommitmentCoverage(CostExplorerCheck[CommitmentCoverageOptions]):
    """Compares what Savings Plans and reservations cover with a target.

    The saving is what is missing to the target, at on-demand cost, times the discount of a year
    without upfront payment. It is an estimate: what to buy says `aws.commitment_purchases`.
    """

    Options = CommitmentCoverageOptions
    use = "aws.commitment_coverage"
    permissions: ClassVar[tuple[str, ...]] = (
        "ce:GetReservationCoverage",
        "ce:GetSavingsPlansCoverage",
    )

    def verdicts(self, costs: CostSnapshot, window: DateWindow) -> Iterator[Verdict]:
        """One verdict for each programme that has usage."""
        self._bill_of = BillOfCommitments(costs, window.end, self.options.lookback_days)
        looked_at = DateWindow.last(self.options.lookback_days, until=window.end)
        yield from self.answered("Savings Plans coverage", self._plans(looked_at))
        for service in self.options.services:
            yield from self.answered(
                f"{RESERVABLE[service].title} coverage", self._reservations(service, looked_at)
            )

    def _plans(self, window: DateWindow) -> Iterator[Verdict]:
        covered: defaultdict[str, Decimal] = defaultdict(Decimal)
        on_demand: defaultdict[str, Decimal] = defaultdict(Decimal)
        for page in self.pages(
            "GetSavingsPlansCoverage",
            TimePeriod=_period(window),
            GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}],
        ):
            # A service may have an entry for each month that the period touches.
            for entry in page["SavingsPlansCoverages"]:
                programme = _programme_of(entry.get("Attributes", {}))
                told = entry.get("Coverage", {})
                covered[programme] += amount(told, "SpendCoveredBySavingsPlans") or 0
                on_demand[programme] += amount(told, "OnDemandCost") or 0
        for programme, cost in sorted(on_demand.items()):
            if cost + covered[programme] > 0:
                yield self._verdict(
                    programme,
                    _TITLES[programme],
                    variant="Savings Plans",
                    coverage=covered[programme] / (cost + covered[programme]),
                    on_demand=monthly(cost, self.options.lookback_days),
                    discount=_DISCOUNTS[programme],
                )

    def _reservations(self, service: str, window: DateWindow) -> Iterator[Verdict]:
        reservable = RESERVABLE[service]
        hours = reserved = cost = Decimal(0)
        for page in self.pages(
            "GetReservationCoverage",
            TimePeriod=_period(window),
            Granularity="DAILY",
            Metrics=["Hour", "Cost"],
            Filter={"Dimensions": {"Key": "SERVICE", "Values": [reservable.name]}},
        ):
            for period in page["CoveragesByTime"]:
                told = period.get("Total", {})
                run = told.get("CoverageHours", {})
                hours += amount(run, "TotalRunningHours") or 0
                reserved += amount(run, "ReservedHours") or 0
                cost += amount(told.get("CoverageCost", {}), "OnDemandCost") or 0
        if hours > 0:
            yield self._verdict(
                reservable.programme,
                reservable.title,
                variant="reservations",
                coverage=reserved / hours,
                on_demand=monthly(cost, self.options.lookback_days),
                discount=reservable.discount,
            )

    def _verdict(  # all that a finding tells
        self,
        programme: str,
        title: str,
        *,
        variant: str,
        coverage: Decimal,
        on_demand: Decimal,
        discount: Decimal,
    ) -> Recommendation | None:
        target, currency = self.options.target_coverage, self._bill_of.currency
        if coverage >= target or coverage >= 1:
            return None
        discount = self.options.discount or discount
        # On demand is the share (1 - coverage): of it, (target - coverage) should be covered.
        missing = on_demand * (target - coverage) / (1 - coverage)
        saving = (missing * discount).quantize(CENT)
        if not self.is_worth_it(saving):
            return None
        return Recommendation(
            check=self.use,
            variant=variant,
            category=OptimizationCategory.COMMITMENT,
            provider="AWS",
            resource_id=programme,
            resource_name=title,
            resource_type=title,
            recommendation=(
                f"Cover more with {title}: {percent(coverage)} is covered, the target is "
                f"{percent(target, digits=0)}"
            ),
            currency=currency,
            current_cost=on_demand,
            estimated_monthly_savings=saving,
            basis=SavingsBasis.PROVIDER_FIGURE,
            confidence=0.5,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            reversible=False,
            steps=(
                "Stop, shrink and modernise first: what is committed goes on costing.",
                "Look up what to buy with `aws.commitment_purchases` or `commitment_purchases`.",
                "Buy a part of it for a year, and the rest after two weeks of full use.",
            ),
            current_configuration={"coverage": percent(coverage)},
            recommended_configuration={"coverage": percent(target)},
            evidence={
                "days looked at": str(self.options.lookback_days),
                "on-demand cost a month": money(on_demand, currency),
                "missing to the target": money(missing, currency),
                "discount assumed": percent(discount),
            },
            lookback_days=self.options.lookback_days,
            source="AWS Cost Explorer",
            shares=self._bill_of.shares(programme, currency, saving),
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Little is covered, enough is covered, and there is no data."""

        def covered(part: str) -> dict[str, Any]:
            return {
                "SavingsPlansCoverages": [
                    {
                        "Attributes": {"SERVICE": "Amazon Elastic Compute Cloud - Compute"},
                        "Coverage": {
                            "SpendCoveredBySavingsPlans": part,
                            "OnDemandCost": str(1000 - Decimal(part)),
                            "TotalCost": "1000",
                            "CoveragePercentage": str(Decimal(part) / 10),
                        },
                        "TimePeriod": {"Start": "2026-09-01", "End": "2026-10-01"},
                    }
                ]
            }

        def case(name: str, verdict: Any, answer: dict[str, Any]) -> SavingsCase:
            return AnsweredCase(
                name=name,
                verdict=verdict,
                answers={
                    "GetSavingsPlansCoverage": [answer],
                    "GetReservationCoverage": [{"CoveragesByTime": []}],
                },
            )

        return (
            case("a fifth is covered", "finding", covered("200")),
            case("nine tenths are covered", "clean", covered("900")),
            case(
                "no data",
                "unknown",
                {"Error": "DataUnavailableException", "Message": "Data is not available."},
            ),
        )


_TITLES: Mapping[str, str] = {
    COMPUTE: "Compute Savings Plans",
    "aws_rds": "Database Savings Plans",
    "aws_sagemaker": "SageMaker Savings Plans",
}
_DISCOUNTS: Mapping[str, Decimal] = {
    COMPUTE: PROGRAMMES[COMPUTE].term("1 year").discount,
    "aws_rds": Decimal("0.20"),
    "aws_sagemaker": Decimal("0.20"),
}


def _programme_of(attributes: Mapping[str, str]) -> str:
    service = " ".join(attributes.values()).lower()
    if _SAGEMAKER in service:
        return "aws_sagemaker"
    return "aws_rds" if any(word in service for word in _DATABASES) else COMPUTE


def _period(window: DateWindow) -> dict[str, str]:
    return {"Start": window.start.isoformat(), "End": window.end.isoformat()}
