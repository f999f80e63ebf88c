"""How much more to commit, at several terms, and what it risks."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator

from finops_cost_management.answers.recommendations import Recommendation, SavingsAnswer, Unknown
from finops_cost_management.builtin.checks.bill_check import BillCheckOptions, untold_bills
from finops_cost_management.builtin.checks.commitment_advice import CHECK, Purchase
from finops_cost_management.builtin.checks.commitment_size import best_commitment
from finops_cost_management.builtin.checks.commitment_spend import MOST_UNUSED, Spend, spends_of
from finops_cost_management.builtin.checks.programmes import PROGRAMMES, Programme
from finops_cost_management.plugins.component import Optimizer
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_cost_management.plugins.savings_case import SavingsCase, daily_charges
from finops_cost_management.query.lookback import Lookback
from finops_cost_management.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from finops_cost_management.plugins.savings_case import Charge
    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow

LEAST_DAYS = 30
"""Days of data below which nobody should commit for a year."""

_CENT = Decimal("0.01")
_NOTHING = Decimal(0)

_Discount = Annotated[Decimal, Field(gt=0, lt=1)]
_Term = Literal["1 year", "3 years"]


class CommitmentPurchasesOptions(BillCheckOptions):
    """How far to go, and what a commitment takes off."""

    lookback_days: int = Field(default=60, ge=LEAST_DAYS, le=366)
    """How many of the newest days of the bill the commitment is tried on."""

    target_coverage: Decimal = Field(default=Decimal("0.8"), gt=0, le=1)
    """Share of the eligible spend that commitments may cover, those that exist included."""

    maximum_unused_share: Decimal = Field(default=MOST_UNUSED, ge=0, le=1)
    """Unused share of the commitments that exist above which no more should be bought."""

    terms: tuple[_Term, ...] = Field(default=("1 year", "3 years"), min_length=1)
    """Terms to advise on."""

    discounts: dict[str, dict[_Term, _Discount]] = Field(default={})
    """Your own discounts off the on-demand price, by programme and term; 0.3 is 30 %."""

    @field_validator("discounts")
    @classmethod
    def _known_programmes(
        cls, discounts: dict[str, dict[_Term, _Discount]]
    ) -> dict[str, dict[_Term, _Discount]]:
        if unknown := sorted(discounts.keys() - PROGRAMMES.keys()):
            known = ", ".join(PROGRAMMES)
            raise ValueError(f"no programme {', '.join(unknown)}: the programmes are {known}")
        return discounts


class CommitmentPurchases(Optimizer[CommitmentPurchasesOptions]):
    """Says how much more to commit, for each programme of a provider and each term.

    Looks for the commitment that would have saved most over the last days: what it would have
    covered at a discount, less what it costs on days that need less. It goes no further than the
    target coverage, and buys nothing while commitments that exist are not used up.
    """

    Options = CommitmentPurchasesOptions
    use = CHECK

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Judge every programme that has eligible usage, each currency on its own."""
        lookback = Lookback.of(costs, window.end, self.options.lookback_days)
        findings: list[Recommendation] = []
        unknown = untold_bills(lookback)
        clean = 0
        for (name, currency), spend in sorted(spends_of(lookback.select(costs.rows)).items()):
            programme = PROGRAMMES[name]
            within = lookback.windows[programme.provider]
            first = max(lookback.known_since[programme.provider], within.start)
            days = [spend.on_demand.get(day, _NOTHING) for day in within.dates() if day >= first]
            if reason := self._why_unknown(spend, days):
                subject = f"{programme.title} ({currency})"
                unknown.append(Unknown(subject=subject, reason=reason, broad=True))
            elif advice := self._advise(programme, currency, spend, days):
                findings.extend(advice)
            else:
                clean += 1
        findings.sort(key=lambda one: (-one.estimated_monthly_savings, one.id))
        return SavingsAnswer(findings=tuple(findings), clean=clean, unknown=tuple(unknown))

    def _why_unknown(self, spend: Spend, days: Sequence[Decimal]) -> str:
        if len(days) < LEAST_DAYS:
            return f"the store has only {len(days)} of the {LEAST_DAYS} days that it takes"
        if spend.leaves_costs_open:
            return "charges without effective cost"
        if any(days) and spend.unused_share > self.options.maximum_unused_share:
            return f"{percent(spend.unused_share)} of the commitments that exist is unused"
        return ""

    def _advise(
        self, programme: Programme, currency: str, spend: Spend, days: Sequence[Decimal]
    ) -> list[Recommendation]:
        eligible = sum(days, _NOTHING) + spend.covered
        limit = (self.options.target_coverage * eligible - spend.covered) / len(days)
        advice = []
        own = self.options.discounts.get(programme.name, {})
        for name in self.options.terms:
            term = programme.term(name)
            discount = own.get(name, term.discount)
            commitment = best_commitment(days, discount, limit)
            purchase = Purchase(programme, currency, spend, term, days, commitment)
            if purchase.monthly_saving >= max(self.options.minimum_savings, _CENT):
                advice.append(purchase.recommendation())
        return advice

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A base that never rests, peaks only, a commitment that is not used up, a short bill."""

        def machine(cost: Any, days: int = 90, **columns: Any) -> list[Charge]:
            return daily_charges(
                1,
                days=days,
                ResourceId="i-0001",
                SkuMeter="BoxUsage:m6i.4xlarge",
                PricingUnit="Hours",
                EffectiveCost=cost,
                **columns,
            )

        committed: dict[str, Any] = {"CommitmentDiscountId": "sp-1", "PricingCategory": "Committed"}
        return (
            SavingsCase(
                name="a base load with peaks at weekends",
                verdict="finding",
                charges=machine(lambda day: Decimal(100 if day % 7 < 2 else 40)),  # noqa: PLR2004 # two days a week
            ),
            SavingsCase(
                name="machines of two days a week",
                verdict="clean",
                charges=machine(lambda day: Decimal(100 if day % 7 < 2 else 0)),  # noqa: PLR2004 # two days a week
                options={"terms": ["1 year"]},
            ),
            SavingsCase(
                name="most of it is committed already",
                verdict="clean",
                charges=[
                    *machine(Decimal(10)),
                    *machine(
                        Decimal(60),
                        **committed,
                        CommitmentDiscountStatus="Used",
                        ContractedCost=Decimal(85),
                    ),
                ],
            ),
            SavingsCase(
                name="what is committed is not used up",
                verdict="unknown",
                charges=[
                    *machine(Decimal(40)),
                    *machine(Decimal(5), **committed, CommitmentDiscountStatus="Used"),
                    *machine(Decimal(1), **committed, CommitmentDiscountStatus="Unused"),
                ],
            ),
            SavingsCase(
                name="a bill of three weeks",
                verdict="unknown",
                charges=machine(Decimal(40), days=21),
            ),
        )
