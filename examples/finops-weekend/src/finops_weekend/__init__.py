"""What runs through the weekend although nobody works."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from finops_cost_management import (
    CostQuery,
    Effort,
    OptimizationCategory,
    Optimizer,
    Options,
    Recommendation,
    SavingsAnswer,
    SavingsCase,
    Unknown,
    daily_charges,
    hookimpl,
)
from pydantic import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from finops_cost_management import CostSnapshot, DateWindow

SATURDAY = 5
DAYS_A_MONTH = Decimal("30.4375")
CENT = Decimal("0.01")


class Resource(NamedTuple):
    """What one bill line is about: the columns that the costs are grouped by."""

    Provider: str | None
    ResourceId: str
    ResourceName: str | None
    BillingCurrency: str


class WeekendOptions(Options):
    """Which resources may sleep at weekends, and when that is worth a word."""

    tag: str = "environment"
    """The tag that says what a resource is for."""

    environments: tuple[str, ...] = ("dev", "staging", "test")
    """Values of the tag that mark resources which nobody needs at weekends."""

    minimum_saving: Decimal = Field(default=Decimal(5), ge=0)
    """Saving per month, in the currency of the bill, below which a resource is clean."""


class Weekend(Optimizer[WeekendOptions]):
    """Compares what a resource costs on a weekend day with what it costs on a working day.

    A resource that costs at least half as much at weekends runs through them. Switched off, it
    would save its weekend cost.
    """

    Options = WeekendOptions

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Judge every tagged resource of the window, each currency on its own."""
        query = CostQuery(
            window=window,
            group_by=("provider", "resource", "ResourceName"),
            where={
                f"tags.{self.options.tag}": self.options.environments,
                "ServiceCategory": "Compute",
                "ChargeCategory": "Usage",
                "resource": {"not": None},
            },
            grain="daily",
        )
        findings = []
        unknown = []
        clean = 0
        for resource, days in _by_resource(costs.ask(query).to_pylist()).items():
            verdict = self._judge(resource, days)
            if isinstance(verdict, Recommendation):
                findings.append(verdict)
            elif isinstance(verdict, Unknown):
                unknown.append(verdict)
            else:
                clean += 1
        return SavingsAnswer(findings=tuple(findings), clean=clean, unknown=tuple(unknown))

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """One that runs through, one that rests, and one that is too young."""
        machine: dict[str, Any] = {"ResourceId": "vm", "Tags": '{"environment":"dev"}'}
        return (
            SavingsCase(
                name="runs through the weekend",
                verdict="finding",
                charges=daily_charges("4", **machine),
            ),
            SavingsCase(
                name="rests at weekends",
                verdict="clean",
                charges=daily_charges("4", EffectiveCost=_rests_at_weekends, **machine),
            ),
            SavingsCase(
                name="of last week",
                verdict="unknown",
                charges=daily_charges("4", days=5, **machine),
            ),
        )

    def _judge(
        self, resource: Resource, days: dict[date, Decimal | None]
    ) -> Recommendation | Unknown | None:
        """A finding, why it cannot be told, or None: the resource is fine."""
        provider, resource_id, name, currency = resource
        known = {day: cost for day, cost in days.items() if cost is not None}
        weekend = [cost for day, cost in known.items() if day.weekday() >= SATURDAY]
        working = [cost for day, cost in known.items() if day.weekday() < SATURDAY]
        if len(known) < len(days):
            return Unknown(subject=resource_id, reason="charges without effective cost")
        if len(weekend) < 2 or len(working) < 5:  # noqa: PLR2004 # one week, wherever it starts
            return Unknown(subject=resource_id, reason="too young: less than a week")
        monthly = (sum(known.values(), Decimal(0)) / len(known) * DAYS_A_MONTH).quantize(CENT)
        saving = (sum(weekend, Decimal(0)) / len(known) * DAYS_A_MONTH).quantize(CENT)
        share = _mean(weekend) / _mean(working) if _mean(working) > 0 else Decimal(0)
        if share < Decimal("0.5") or saving < self.options.minimum_saving:
            return None
        return Recommendation(
            check="weekend",
            category=OptimizationCategory.COMPUTE,
            provider=provider or "(none)",
            resource_id=resource_id,
            recommendation=f"Switch {name or resource_id} off from Friday evening to Monday",
            currency=currency,
            current_cost=max(monthly, saving),
            estimated_monthly_savings=saving,
            confidence=0.6,  # the bill knows what it costs, not who looks at it on Sunday
            implementation_effort=Effort.LOW,
            lookback_days=len(days),
            steps=(
                f"Ask who uses {name or resource_id} on Saturday and Sunday.",
                "Let a scheduler stop it on Friday evening and start it on Monday morning.",
            ),
            evidence={
                "days": str(len(known)),
                "weekend day": f"{_mean(weekend):.2f} {currency}",
                "working day": f"{_mean(working):.2f} {currency}",
            },
        )


def _by_resource(rows: Iterable[dict[str, Any]]) -> dict[Resource, dict[date, Decimal | None]]:
    """Resource → day → cost; None where a charge does not say its cost."""
    days: dict[Resource, dict[date, Decimal | None]] = defaultdict(dict)
    for row in rows:
        resource = Resource(*(row[name] for name in Resource._fields))
        days[resource][row["Period"]] = None if row["UnknownRows"] else row["EffectiveCost"]
    return days


def _mean(costs: list[Decimal]) -> Decimal:
    return sum(costs, Decimal(0)) / len(costs)


def _rests_at_weekends(number: int) -> Decimal:
    """The cost of a day of a case: the first of its 90 is a Friday."""
    return Decimal(0) if number % 7 in (1, 2) else Decimal(4)
