"""What is said of a commitment that could be bought: what it saves, and what it risks."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING

from finops_cost_management.answers.alternatives import shares_by_cost
from finops_cost_management.answers.recommendations import (
    DAYS_A_MONTH,
    Effort,
    OptimizationCategory,
    Recommendation,
    Risk,
)
from finops_cost_management.builtin.checks.commitment_size import trend
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from finops_cost_management.builtin.checks.commitment_size import Commitment
    from finops_cost_management.builtin.checks.commitment_spend import Spend
    from finops_cost_management.builtin.checks.programmes import Programme, Term

CHECK = "commitment_purchases"

_CENT = Decimal("0.01")
_NOTHING = Decimal(0)
_SURE = Decimal("0.9")
_LEAST_CONFIDENCE = Decimal("0.1")
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Purchase:
    """One commitment that could be bought, tried on the days of the look-back.

    Attributes:
        programme: In which it is sold.
        currency: ISO 4217 code of the amounts.
        spend: What the programme applies to.
        term: For how long, and how it is paid.
        days: On-demand cost of each day of the look-back.
        commitment: How much.
    """

    programme: Programme
    currency: str
    spend: Spend
    term: Term
    days: Sequence[Decimal]
    commitment: Commitment

    @property
    def monthly_saving(self) -> Decimal:
        """What it would have saved, per month."""
        return self._monthly(self.commitment.saved(self.days))

    def recommendation(self) -> Recommendation:
        """The advice to buy it, and all that speaks against it."""
        programme, term, hourly = self.programme, self.term, self.commitment.hourly
        an_hour = f"{money(hourly, self.currency)} an hour"
        years = term.name
        return Recommendation(
            check=CHECK,
            variant=years,
            category=OptimizationCategory.COMMITMENT,
            provider=programme.provider,
            resource_id=programme.name,
            resource_name=programme.title,
            resource_type=programme.title,
            recommendation=f"Commit {an_hour} more for {years}: {programme.title}, {term.payment}",
            currency=self.currency,
            current_cost=self._monthly(sum(self.days, _NOTHING)),
            estimated_monthly_savings=self.monthly_saving,
            confidence=self._confidence(),
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM if term.years == 1 else Risk.HIGH,
            reversible=False,
            steps=(
                "Stop, shrink and modernise first: what is committed goes on costing.",
                (
                    f"Look up what {programme.provider} offers for {programme.title}; if its "
                    "discount differs, put it into the option `discounts`, and look again."
                ),
                programme.choice,
                f"Buy half of it for {years}, and the rest after two weeks of full use.",
            ),
            current_configuration={"coverage": percent(self._coverage(_NOTHING))},
            recommended_configuration={
                "commitment": an_hour,
                "term": years,
                "payment": term.payment,
                "coverage": percent(self._coverage(self.commitment.covered(self.days))),
            },
            evidence=dict(self._evidence()),
            lookback_days=len(self.days),
            shares=self._shares(),
        )

    def _evidence(self) -> Iterator[tuple[str, str]]:
        price = 1 - self.commitment.discount
        months = self.term.years * _MONTHS_A_YEAR
        yield "days looked at", str(len(self.days))
        yield "discount", percent(self.commitment.discount)
        yield "coverage now", percent(self._coverage(_NOTHING))
        yield "coverage after", percent(self._coverage(self.commitment.covered(self.days)))
        yield "paid for itself after", f"{months * price:.1f} of {months} months of full use"
        yield "loses below", f"{percent(price)} use"
        for fall in (Decimal("0.25"), Decimal("0.5")):
            fewer = [day * (1 - fall) for day in self.days]
            saved = self._monthly(self.commitment.saved(fewer))
            text = money(abs(saved), self.currency)
            yield (
                f"if usage falls by {percent(fall, digits=0)}",
                f"{'loses' if saved < 0 else 'saves'} {text} a month",
            )
        yield "on-demand cost of the lowest day", money(min(self.days), self.currency)
        yield "of the median day", money(median(self.days), self.currency)
        yield "second half against the first", percent(trend(self.days), signed=True)
        yield "days below the commitment", f"{self._days_below()} of {len(self.days)}"

    def _days_below(self) -> int:
        return sum(day < self.commitment.capacity for day in self.days)

    def _confidence(self) -> float:
        """0.9, less the share of days below the commitment, and by what a falling trend takes."""
        below = Decimal(self._days_below()) / len(self.days)
        falling = min(trend(self.days), _NOTHING)
        sure = _SURE * (1 - below) * (1 + falling)
        return float(max(sure, _LEAST_CONFIDENCE).quantize(_CENT))

    def _coverage(self, more: Decimal) -> Decimal:
        covered = self.spend.covered
        return (covered + more) / (sum(self.days, _NOTHING) + covered)

    def _monthly(self, amount: Decimal) -> Decimal:
        return (amount / len(self.days) * DAYS_A_MONTH).quantize(_CENT)

    def _shares(self) -> dict[str, Decimal]:
        """The saving, split by what each resource costs on demand."""
        whole = sum(self.days, _NOTHING)
        return shares_by_cost(self.monthly_saving, self.spend.resources, whole)
