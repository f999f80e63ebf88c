"""Savings Plans and reservations that are paid for and not used, as Cost Explorer sees them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.answered_case import AnsweredCase
from finops_aws.checks.commitments.commitment_check import (
    CostExplorerCheck,
    PaidOptions,
    amount,
    monthly,
)
from finops_aws.checks.commitments.commitment_programmes import (
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
    Unknown,
)
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_aws.checks.asking_check import Verdict
    from finops_cost_management import CostSnapshot, SavingsCase


class CommitmentUtilizationOptions(PaidOptions):
    """From when on an unused commitment is worth a word."""

    lookback_days: int = Field(default=30, ge=7, le=365)
    """How many days, up to the end of the run's window, are looked at."""

    minimum_savings: Decimal = Field(default=Decimal(10), ge=0)
    """Unused cost per month below which a commitment is clean."""

    minimum_share: float = Field(default=0.05, ge=0, le=1)
    """Unused share of a commitment below which it is clean; 0.05 is 5 %."""

    minimum_days: int = Field(default=7, ge=1)
    """Days of the look-back that a commitment must have run to be judged."""

    services: tuple[ReservableService, ...] = ("ec2", "rds", "elasticache")
    """Services whose reservations are looked at: ec2, rds, elasticache, redshift, opensearch; each
    is a request of its own."""


class CommitmentUtilization(CostExplorerCheck[CommitmentUtilizationOptions]):
    """Asks Cost Explorer how much of each Savings Plan and reservation was used.

    The unused share of the amortised cost is the saving. Advice is entered under the id of the
    commitment that the bill has, so that that of `unused_commitments` is an alternative, and
    counted once.
    """

    Options = CommitmentUtilizationOptions
    use = "aws.commitment_utilization"
    permissions: ClassVar[tuple[str, ...]] = (
        "ce:GetReservationUtilization",
        "ce:GetSavingsPlansUtilizationDetails",
    )

    def verdicts(self, costs: CostSnapshot, window: DateWindow) -> Iterator[Verdict]:
        """One verdict for each commitment that still runs."""
        self._bill_of = BillOfCommitments(costs, window.end, self.options.lookback_days)
        looked_at = DateWindow.last(self.options.lookback_days, until=window.end)
        yield from self.answered("Savings Plans", self._plans(looked_at))
        for service in self.options.services:
            yield from self.answered(
                RESERVABLE[service].title, self._reservations(service, looked_at)
            )

    def _plans(self, window: DateWindow) -> Iterator[Verdict]:
        for page in self.pages("GetSavingsPlansUtilizationDetails", TimePeriod=_period(window)):
            for plan in page["SavingsPlansUtilizationDetails"]:
                used = plan.get("Utilization", {})
                yield from self._judged(
                    plan["SavingsPlanArn"],
                    "Savings Plan",
                    plan.get("Attributes", {}),
                    window,
                    whole=amount(plan.get("AmortizedCommitment", {}), "TotalAmortizedCommitment"),
                    unused=_share(used, "UnusedCommitment", "TotalCommitment"),
                )

    def _reservations(self, service: str, window: DateWindow) -> Iterator[Verdict]:
        for page in self.pages(
            "GetReservationUtilization",
            TimePeriod=_period(window),
            GroupBy=[{"Type": "DIMENSION", "Key": "SUBSCRIPTION_ID"}],
            Filter={"Dimensions": {"Key": "SERVICE", "Values": [RESERVABLE[service].name]}},
        ):
            for period in page["UtilizationsByTime"]:
                for group in period.get("Groups", ()):
                    facts = group.get("Attributes", {})
                    used = group.get("Utilization", {})
                    yield from self._judged(
                        _fact(facts, "reservationARN")
                        or _fact(facts, "leaseId")
                        or group.get("Value", ""),
                        "Reserved Instance",
                        facts,
                        window,
                        whole=amount(used, "TotalAmortizedFee"),
                        unused=_share(used, "UnusedHours", "PurchasedHours"),
                    )

    def _judged(  # all that a commitment is judged by
        self,
        told_id: str,
        kind: str,
        facts: Mapping[str, str],
        window: DateWindow,
        *,
        whole: Decimal | None,
        unused: Decimal | None,
    ) -> Iterator[Verdict]:
        commitment = self._bill_of.commitment(told_id)
        start = _day(_fact(facts, "startDateTime")) or window.start
        end = _day(_fact(facts, "endDateTime")) or window.end
        if end < window.end:
            return  # it is over: nothing is left to save
        days = (window.end - max(start, window.start)).days
        if days < self.options.minimum_days:
            yield Unknown(subject=commitment, reason=f"it has run for {days} days only")
        elif whole is None or unused is None:
            yield Unknown(subject=commitment, reason="Cost Explorer gives no utilisation")
        else:
            yield self._verdict(commitment, kind, facts, days, monthly(whole, days), unused)

    def _verdict(  # all that a finding tells
        self,
        commitment: str,
        kind: str,
        facts: Mapping[str, str],
        days: int,
        cost: Decimal,
        unused: Decimal,
    ) -> Recommendation | None:
        currency = self._bill_of.currency
        saving = (cost * unused).quantize(Decimal("0.01"))
        if unused < Decimal(repr(self.options.minimum_share)) or not self.is_worth_it(saving):
            return None
        return Recommendation(
            check=self.use,
            category=OptimizationCategory.COMMITMENT,
            provider="AWS",
            resource_id=commitment,
            resource_type=kind,
            sub_account_id=_fact(facts, "accountId"),
            region_id=_fact(facts, "region"),
            recommendation=(
                f"{percent(unused)} of the {kind} {commitment} is unused: move more usage under "
                "it, or exchange or sell it"
            ),
            currency=currency,
            current_cost=cost,
            estimated_monthly_savings=saving,
            basis=SavingsBasis.PROVIDER_FIGURE,
            confidence=0.7,
            implementation_effort=Effort.MEDIUM,
            risk=Risk.LOW,
            steps=(
                (
                    "See what it applies to (region, family, engine, account), and whether "
                    "sharing between accounts is on."
                ),
                "Move usage that is billed on demand under it.",
                (
                    "Where none fits: return a plan of the last seven days, exchange a "
                    "convertible reservation, sell a standard one on the marketplace."
                ),
                "Else let it run out, and buy less next time.",
            ),
            current_configuration={"unused": percent(unused)},
            recommended_configuration={"unused": "0 %"},
            evidence={
                "days": str(days),
                "amortised cost a month": money(cost, currency),
                "unused share": percent(unused),
                "ends": _fact(facts, "endDateTime") or "not told",
            },
            lookback_days=days,
            source="AWS Cost Explorer",
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A plan that is half unused, one that is used up, one of three days, and no data."""

        def plan(unused: str, start: str = "2025-06-01T00:00:00Z") -> dict[str, Any]:
            return {
                "SavingsPlansUtilizationDetails": [
                    {
                        "SavingsPlanArn": "arn:aws:savingsplans::012345678901:savingsplan/sp-1",
                        "Attributes": {
                            "AccountId": "012345678901",
                            "StartDateTime": start,
                            "EndDateTime": "2027-06-01T00:00:00Z",
                        },
                        "Utilization": {
                            "TotalCommitment": "720",
                            "UsedCommitment": str(720 - Decimal(unused)),
                            "UnusedCommitment": unused,
                            "UtilizationPercentage": "50",
                        },
                        "AmortizedCommitment": {"TotalAmortizedCommitment": "720"},
                    }
                ],
                "TimePeriod": {"Start": "2026-09-01", "End": "2026-10-01"},
            }

        no_reservations: list[dict[str, Any]] = [{"UtilizationsByTime": []}]

        def case(name: str, verdict: Any, answer: dict[str, Any]) -> SavingsCase:
            return AnsweredCase(
                name=name,
                verdict=verdict,
                answers={
                    "GetSavingsPlansUtilizationDetails": [answer],
                    "GetReservationUtilization": no_reservations,
                },
            )

        return (
            case("half unused", "finding", plan("360")),
            case("used up", "clean", plan("0")),
            case("a plan of three days", "unknown", plan("360", "2026-09-28T00:00:00Z")),
            case(
                "no data",
                "unknown",
                {"Error": "DataUnavailableException", "Message": "Data is not available."},
            ),
        )


def _period(window: DateWindow) -> dict[str, str]:
    return {"Start": window.start.isoformat(), "End": window.end.isoformat()}


def _share(told: Mapping[str, Any], part: str, whole: str) -> Decimal | None:
    some, all_of_it = amount(told, part), amount(told, whole)
    return None if some is None or not all_of_it else max(some, Decimal(0)) / all_of_it


def _fact(facts: Mapping[str, str], name: str) -> str | None:
    """What AWS says of a commitment: it writes the names of facts now so, now so."""
    return next((value for key, value in facts.items() if key.lower() == name.lower()), None)


def _day(text: str | None) -> date | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
