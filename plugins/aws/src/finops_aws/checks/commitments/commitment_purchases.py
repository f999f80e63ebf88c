"""Savings Plans and reservations that AWS advises to buy, with what speaks against them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from finops_aws.answered_case import AnsweredCase
from finops_aws.checks.asking_check import CENT, Verdict
from finops_aws.checks.commitments.commitment_check import (
    CostExplorerCheck,
    PaidOptions,
    amount,
    monthly,
    total,
)
from finops_aws.checks.commitments.commitment_programmes import (
    COMPUTE,
    RESERVABLE,
    BillOfCommitments,
    ReservableService,
)
from finops_cost_management import (
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

    from finops_cost_management import CostSnapshot, DateWindow, SavingsCase

_LOOKBACKS: Mapping[int, str] = {7: "SEVEN_DAYS", 30: "THIRTY_DAYS", 60: "SIXTY_DAYS"}
_YEARS: Mapping[str, int] = {"1 year": 1, "3 years": 3}
_TERMS: Mapping[str, str] = {"1 year": "ONE_YEAR", "3 years": "THREE_YEARS"}
_MONTHS_A_YEAR = 12
_MOST_LISTED = 10
NOT_MADE = "AWS has not made its recommendations yet"

_PLANS: Mapping[str, tuple[str, str, str]] = {
    # option → (word of Cost Explorer, title, programme)
    "compute": ("COMPUTE_SP", "Compute Savings Plan", COMPUTE),
    "ec2_instance": ("EC2_INSTANCE_SP", "EC2 Instance Savings Plan", COMPUTE),
    "sagemaker": ("SAGEMAKER_SP", "SageMaker Savings Plan", "aws_sagemaker"),
    "database": ("DATABASE_SP", "Database Savings Plan", "aws_rds"),
}

Plan = Literal["compute", "ec2_instance", "sagemaker", "database"]
TermName = Literal["1 year", "3 years"]
Payment = Literal["no upfront", "partial upfront", "all upfront"]


class CommitmentPurchasesOptions(PaidOptions):
    """What could be bought."""

    lookback_days: Literal[7, 30, 60] = 30
    """How many days AWS looks at: 7, 30 or 60."""

    savings_plans: tuple[Plan, ...] = ("compute",)
    """Plans that are asked about: compute, ec2_instance, sagemaker, database."""

    services: tuple[ReservableService, ...] = ("rds",)
    """Services whose reservations are asked about: ec2, rds, elasticache, redshift, opensearch."""

    terms: tuple[TermName, ...] = Field(default=("1 year", "3 years"), min_length=1)
    """Terms that are asked about."""

    payments: tuple[Payment, ...] = Field(default=("no upfront", "all upfront"), min_length=1)
    """Payment options that are asked about. Plans and services, times terms, times payments, is
    the number of requests."""

    account_scope: Literal["payer", "linked"] = "payer"
    """Whether AWS advises for the whole organization or for each account on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """One way to commit, all amounts of a month.

    Attributes:
        title: What is bought.
        programme: What it is entered under.
        term: ``1 year``.
        payment: ``no upfront``.
        currency: ISO 4217 code.
        on_demand: What the eligible usage costs on demand now.
        covered: The part of it that the commitment would cover.
        saving: What AWS says that it saves.
        upfront: To be paid at once; not of a month.
        utilization: Which share of it AWS expects to be used; None where it does not say.
        what: What to buy, in words.
        evidence: Further figures of AWS.
    """

    title: str
    programme: str
    term: TermName
    payment: Payment
    currency: str
    on_demand: Decimal
    covered: Decimal
    saving: Decimal
    upfront: Decimal
    utilization: Decimal | None
    what: str
    evidence: Mapping[str, str]

    @property
    def discount(self) -> Decimal:
        """What it takes off the usage that it covers, in (0, 1)."""
        return min(self.saving / self.covered, Decimal("0.99")) if self.covered else Decimal(0)

    @property
    def break_even_months(self) -> Decimal:
        """Months of full use after which it has cost less: term times (1 - discount)."""
        return _YEARS[self.term] * _MONTHS_A_YEAR * (1 - self.discount)

    def saving_if_usage_falls(self, share: Decimal) -> Decimal:
        """What it saves a month when that share of the covered usage is gone; negative: loses."""
        cost = self.covered - self.saving
        return (self.covered * (1 - share) - cost).quantize(CENT)


class CommitmentPurchases(CostExplorerCheck[CommitmentPurchasesOptions]):
    """Asks Cost Explorer what to commit to, at each term and payment.

    Cost Explorer sees hours, which a bill by the day does not. Its answers mix figures of a month
    with figures of the look-back: here all are of a month. All terms and payments of a programme
    are alternatives, also to what core's `commitment_purchases` says: one counts at most.
    """

    Options = CommitmentPurchasesOptions
    use = "aws.commitment_purchases"
    permissions: ClassVar[tuple[str, ...]] = (
        "ce:GetReservationPurchaseRecommendation",
        "ce:GetSavingsPlansPurchaseRecommendation",
    )

    def verdicts(self, costs: CostSnapshot, window: DateWindow) -> Iterator[Verdict]:
        """One verdict for each plan or service, term and payment."""
        self._bill_of = BillOfCommitments(costs, window.end, self.options.lookback_days)
        for term in self.options.terms:
            for payment in self.options.payments:
                for plan in self.options.savings_plans:
                    subject = f"{_PLANS[plan][1]}, {term}, {payment}"
                    yield from self.answered(subject, self._plan(plan, term, payment, subject))
                for service in self.options.services:
                    subject = f"{RESERVABLE[service].title}, {term}, {payment}"
                    yield from self.answered(
                        subject, self._reservations(service, term, payment, subject)
                    )

    def _plan(
        self, plan: Plan, term: TermName, payment: Payment, subject: str
    ) -> Iterator[Verdict]:
        word, title, programme = _PLANS[plan]
        pages = list(
            self.pages(
                "GetSavingsPlansPurchaseRecommendation",
                SavingsPlansType=word,
                **self._asked(term, payment),
            )
        )
        if not pages[0].get("Metadata", {}).get("GenerationTimestamp"):
            yield Unknown(subject=subject, reason=NOT_MADE, broad=True)
            return
        told = [page.get("SavingsPlansPurchaseRecommendation", {}) for page in pages]
        details = [
            one
            for page in told
            for one in page.get("SavingsPlansPurchaseRecommendationDetails", ())
        ]
        if not details:
            yield None
            return
        summary = told[0].get("SavingsPlansPurchaseRecommendationSummary", {})
        days = self.options.lookback_days
        # Of the look-back, and so brought to a month; the saving is one of a month already.
        now = total(details, "EstimatedOnDemandCostWithCurrentCommitment")
        rest = total(details, "EstimatedOnDemandCost")
        hourly = total(details, "HourlyCommitmentToPurchase")
        currency = str(details[0].get("CurrencyCode") or self._bill_of.currency)
        yield self._verdict(
            _Offer(
                title=title,
                programme=programme,
                term=term,
                payment=payment,
                currency=currency,
                on_demand=monthly(amount(summary, "CurrentOnDemandSpend") or now, days),
                covered=monthly(max(now - rest, Decimal(0)), days),
                saving=total(details, "EstimatedMonthlySavingsAmount").quantize(CENT),
                upfront=total(details, "UpfrontCost").quantize(CENT),
                utilization=_least(details, "EstimatedAverageUtilization"),
                what=f"{hourly.quantize(Decimal('0.001'))} {currency} an hour",
                evidence={
                    "lowest hour on demand": money(
                        total(details, "CurrentMinimumHourlyOnDemandSpend"), currency
                    ),
                    "average hour on demand": money(
                        total(details, "CurrentAverageHourlyOnDemandSpend"), currency
                    ),
                },
            ),
            pages[0]["Metadata"]["GenerationTimestamp"],
        )

    def _reservations(
        self, service: ReservableService, term: TermName, payment: Payment, subject: str
    ) -> Iterator[Verdict]:
        reservable = RESERVABLE[service]
        pages = list(
            self.pages(
                "GetReservationPurchaseRecommendation",
                Service=reservable.name,
                **self._asked(term, payment),
            )
        )
        made = pages[0].get("Metadata", {}).get("GenerationTimestamp")
        if not made:
            yield Unknown(subject=subject, reason=NOT_MADE, broad=True)
            return
        details = [
            one
            for page in pages
            for recommendation in page.get("Recommendations", ())
            for one in recommendation.get("RecommendationDetails", ())
        ]
        if not details:
            yield None
            return
        on_demand = total(details, "EstimatedMonthlyOnDemandCost").quantize(CENT)
        listed = [_bought(one) for one in details]
        more = len(listed) - _MOST_LISTED
        yield self._verdict(
            _Offer(
                title=reservable.title,
                programme=reservable.programme,
                term=term,
                payment=payment,
                currency=str(details[0].get("CurrencyCode") or self._bill_of.currency),
                on_demand=on_demand,
                covered=on_demand,
                saving=total(details, "EstimatedMonthlySavingsAmount").quantize(CENT),
                upfront=total(details, "UpfrontCost").quantize(CENT),
                utilization=_least(details, "AverageUtilization"),
                what="; ".join(listed[:_MOST_LISTED]) + (f"; {more} more" if more > 0 else ""),
                evidence={"kinds of instances": str(len(details))},
            ),
            made,
        )

    def _asked(self, term: TermName, payment: Payment) -> dict[str, str]:
        return {
            "TermInYears": _TERMS[term],
            "PaymentOption": payment.upper().replace(" ", "_"),
            "LookbackPeriodInDays": _LOOKBACKS[self.options.lookback_days],
            "AccountScope": self.options.account_scope.upper(),
        }

    def _verdict(self, offer: _Offer, made: str) -> Recommendation | None:
        saving = min(offer.saving, offer.on_demand)
        if not self.is_worth_it(saving):
            return None
        evidence = {
            "days looked at": str(self.options.lookback_days),
            "on-demand cost a month": money(offer.on_demand, offer.currency),
            "of it covered": money(offer.covered, offer.currency),
            "discount": percent(offer.discount),
            "upfront": money(offer.upfront, offer.currency),
            "paid for itself after": (
                f"{offer.break_even_months:.1f} of {_YEARS[offer.term] * _MONTHS_A_YEAR} months "
                "of full use"
            ),
            **{
                f"if usage falls by {percent(fall, digits=0)}": _saves(offer, fall)
                for fall in (Decimal("0.25"), Decimal("0.5"))
            },
            **offer.evidence,
            "made by AWS": made,
        }
        if offer.utilization is not None:
            evidence["expected utilisation"] = f"{offer.utilization:.1f} %"
        return Recommendation(
            check=self.use,
            variant=f"{offer.title} {offer.term} {offer.payment}",
            category=OptimizationCategory.COMMITMENT,
            provider="AWS",
            resource_id=offer.programme,
            resource_name=offer.title,
            resource_type=offer.title,
            recommendation=(
                f"Commit for {offer.term}, {offer.payment}: {offer.title}, {offer.what}"
            ),
            currency=offer.currency,
            current_cost=offer.on_demand,
            estimated_monthly_savings=saving,
            basis=SavingsBasis.PROVIDER_FIGURE,
            confidence=_confidence(offer),
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM if offer.term == "1 year" else Risk.HIGH,
            reversible=False,
            steps=(
                "Stop, shrink and modernise first: what is committed goes on costing.",
                "Ask what is planned: moves to another region, family, service or provider.",
                "Buy half of it, and the rest after two weeks of full use.",
                "Note the day on which it ends: `aws.expiring_commitments` reminds you.",
            ),
            current_configuration={"payment": "on demand"},
            recommended_configuration={
                "commitment": offer.what,
                "term": offer.term,
                "payment": offer.payment,
            },
            evidence=evidence,
            lookback_days=self.options.lookback_days,
            source="AWS Cost Explorer",
            shares=self._bill_of.shares(offer.programme, offer.currency, saving),
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A plan to buy, reservations to buy, nothing to buy, nothing calculated yet."""
        made = {"Metadata": {"GenerationTimestamp": "2026-09-30T04:00:00Z"}}
        plan = {
            **made,
            "SavingsPlansPurchaseRecommendation": {
                "SavingsPlansPurchaseRecommendationDetails": [
                    {
                        "CurrencyCode": "USD",
                        "UpfrontCost": "0",
                        "EstimatedSPCost": "730",
                        "EstimatedOnDemandCost": "200",
                        "EstimatedOnDemandCostWithCurrentCommitment": "1200",
                        "EstimatedMonthlySavingsAmount": "273.75",
                        "HourlyCommitmentToPurchase": "1.014",
                        "EstimatedAverageUtilization": "98.5",
                        "CurrentMinimumHourlyOnDemandSpend": "1.2",
                        "CurrentAverageHourlyOnDemandSpend": "1.67",
                    }
                ],
                "SavingsPlansPurchaseRecommendationSummary": {"CurrentOnDemandSpend": "1200"},
            },
        }
        reservation = {
            **made,
            "Recommendations": [
                {
                    "RecommendationDetails": [
                        {
                            "InstanceDetails": {
                                "RDSInstanceDetails": {
                                    "InstanceType": "db.r6g.large",
                                    "Region": "US East (N. Virginia)",
                                    "DatabaseEngine": "MySQL",
                                }
                            },
                            "RecommendedNumberOfInstancesToPurchase": "2",
                            "CurrencyCode": "USD",
                            "EstimatedMonthlyOnDemandCost": "313.90",
                            "EstimatedMonthlySavingsAmount": "91.03",
                            "AverageUtilization": "100",
                            "UpfrontCost": "0",
                        }
                    ]
                }
            ],
        }
        once = {"terms": ["1 year"], "payments": ["no upfront"]}
        plans = {**once, "services": []}

        def case(name: str, verdict: Any, answer: dict[str, Any]) -> SavingsCase:
            answers = {"GetSavingsPlansPurchaseRecommendation": [answer]}
            return AnsweredCase(name=name, verdict=verdict, answers=answers, options=plans)

        return (
            case("a plan to buy", "finding", plan),
            AnsweredCase(
                name="reservations to buy",
                verdict="finding",
                answers={"GetReservationPurchaseRecommendation": [reservation]},
                options={**once, "savings_plans": []},
            ),
            case("nothing to buy", "clean", made),
            case("nothing calculated yet", "unknown", {}),
        )


def _least(details: Sequence[Mapping[str, Any]], name: str) -> Decimal | None:
    known = [value for one in details if (value := amount(one, name)) is not None]
    return min(known, default=None)


def _saves(offer: _Offer, fall: Decimal) -> str:
    saved = offer.saving_if_usage_falls(fall)
    return f"{'loses' if saved < 0 else 'saves'} {money(abs(saved), offer.currency)} a month"


def _confidence(offer: _Offer) -> float:
    """0.85 for a year and 0.7 for three, times the utilisation that AWS expects."""
    sure = Decimal("0.85") if offer.term == "1 year" else Decimal("0.7")
    used = Decimal(100) if offer.utilization is None else offer.utilization
    return float(min(max(sure * used / 100, Decimal("0.1")), Decimal(1)).quantize(CENT))


def _bought(detail: Mapping[str, Any]) -> str:
    """What to buy of one kind: ``2 × db.r6g.large, MySQL, US East (N. Virginia)``."""
    (facts,) = tuple(detail.get("InstanceDetails", {}).values())[:1] or ({},)
    kind = facts.get("InstanceType") or facts.get("NodeType") or _es_type(facts)
    rest = (facts.get(name) for name in _FACTS)
    number = detail.get("RecommendedNumberOfInstancesToPurchase", "?")
    return f"{number} × " + ", ".join(text for text in (kind, *rest) if text)


_FACTS = ("Platform", "DatabaseEngine", "DeploymentOption", "ProductDescription", "Region")


def _es_type(facts: Mapping[str, Any]) -> str:
    return ".".join(filter(None, (facts.get("InstanceClass"), facts.get("InstanceSize"))))
