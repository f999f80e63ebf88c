"""What all checks of the bill share: whom they look at, how far back, and what they may claim."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import Field

from finops_cost_management.answers.alternatives import resource_key
from finops_cost_management.answers.recommendations import (
    DAYS_A_MONTH,
    OptimizationCategory,
    Recommendation,
    SavingsAnswer,
    Unknown,
)
from finops_cost_management.plugins.component import Optimizer, Options
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_cost_management.query.charge_facts import effective_cost, is_committed, rows_of
from finops_cost_management.query.dimensions import NONE, PROVIDER, Dimension
from finops_cost_management.query.lookback import Lookback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow

STILL_BILLED_DAYS = 2
"""What has no charge in the newest days of its provider's bill is gone, and nothing is to save."""

FEED = (PROVIDER, "x_Source", "BillingAccountId")
"""What arrives together: a kind of charge that is left out of one export, another may have."""

_CENT = Decimal("0.01")


class BillCheckOptions(Options):
    """How far a check looks back, and from when on a saving is worth a word."""

    lookback_days: int = Field(default=30, ge=7, le=366)
    """How many of the newest days of the bill are looked at; younger resources are not judged."""

    minimum_savings: Decimal = Field(default=Decimal(5), ge=0)
    """Saving per month, in the currency of the bill, below which a subject is clean."""


OptionsT = TypeVar("OptionsT", bound=BillCheckOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing that a check looks at: a resource, and what the bill says of it.

    Attributes:
        provider: Whose bill it is on; `NONE` where the bill does not say.
        sub_account_id: The account, subscription or project.
        currency: ISO 4217 code of the costs.
        resource_id: FOCUS's ``ResourceId``.
        resource_name: The name people know it by.
        resource_type: The provider's type.
        region_id: The region.
        service: FOCUS's ``ServiceName``.
        service_category: FOCUS's ``ServiceCategory``.
        first: The first day of the look-back with a charge.
        last: The last one.
        days: How many days have charges.
        cost: Effective cost in the look-back.
        on_demand_cost: The part of it that no commitment covers: all that a change can save.
        facts: What the check itself asked for, column → value.
    """

    provider: str
    sub_account_id: str | None
    currency: str
    resource_id: str
    resource_name: str | None
    resource_type: str | None
    region_id: str | None
    service: str | None
    service_category: str | None
    first: date
    last: date
    days: int
    cost: Decimal
    on_demand_cost: Decimal
    facts: Mapping[str, Any]

    @property
    def name(self) -> str:
        """How people call it."""
        return self.resource_name or self.resource_id

    @property
    def span(self) -> int:
        """Days from the first charge to the last, both included."""
        return (self.last - self.first).days + 1


class BillCheck(Optimizer[OptionsT]):
    """Looks at every resource of the bill's newest days, one after the other.

    A check says in `subjects` whom it looks at and in `judge` what it thinks of each. What it
    would advise for a resource that is younger than the look-back, or of which the bill leaves
    costs open, becomes unknown here; so does everything where the store does not reach back far
    enough.
    """

    use: ClassVar[str]
    """The name of the check, as in ``use:``."""

    @abstractmethod
    def subjects(self, charges: ibis.Table) -> ibis.Table:
        """Whom the check looks at, as `per_resource` makes it.

        Args:
            charges: Usage charges of the look-back that have a resource, without corrections.
        """

    @abstractmethod
    def judge(self, subject: Subject) -> Recommendation | str | None:
        """A finding (`advice` makes it), the reason why it cannot be told, or None for clean."""

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Judge every subject of the look-back, each currency on its own."""
        lookback = Lookback.of(costs, window.end, self.options.lookback_days)
        charges = usage(lookback.select(costs.rows))
        old = cache(partial(lookback.old_resources, costs.rows))  # asked when needed, once
        findings: list[Recommendation] = []
        unknown = untold_bills(lookback)
        clean = 0
        for row in rows_of(self.subjects(charges)):
            subject = _subject(row)
            if (lookback.windows[row[PROVIDER]].end - row["LastCharged"]).days > STILL_BILLED_DAYS:
                continue
            verdict = self.judge(subject)
            if isinstance(verdict, Recommendation):
                verdict = _why_not(row, lookback, old) or verdict
            if verdict is None:
                clean += 1
            elif isinstance(verdict, str):
                unknown.append(Unknown(subject=subject.resource_id, reason=verdict))
            else:
                findings.append(verdict)
        findings.sort(key=lambda one: (-one.estimated_monthly_savings, one.id))
        return SavingsAnswer(findings=tuple(findings), clean=clean, unknown=tuple(unknown))

    def advice(
        self,
        subject: Subject,
        *,
        saving: Decimal,
        cost: Decimal | None = None,
        least: Decimal | None = None,
        **details: Any,
    ) -> Recommendation | None:
        """What to do about a subject; None where it saves less than ``minimum_savings``.

        Args:
            subject: What it is about.
            saving: What would have been saved in the look-back; at most what no commitment
                covers can be.
            cost: The cost in the look-back that the advice is about, where it is not all of the
                subject's.
            least: Saving per month below which there is nothing to say, where the subject is a
                part of something larger.
            **details: The other fields of a `Recommendation`.
        """
        whole = subject.cost if cost is None else cost
        current_cost = self.monthly(whole)
        monthly = min(self.monthly(min(saving, subject.on_demand_cost)), current_cost)
        least = self.options.minimum_savings if least is None else least
        if monthly < max(least, _CENT):
            return None
        return Recommendation(
            check=self.use,
            provider=subject.provider,
            resource_id=subject.resource_id,
            resource_name=subject.resource_name,
            resource_type=subject.resource_type,
            sub_account_id=subject.sub_account_id,
            region_id=subject.region_id,
            currency=subject.currency,
            current_cost=current_cost,
            estimated_monthly_savings=monthly,
            lookback_days=self.options.lookback_days,
            **details,
        )

    def monthly(self, cost: Decimal) -> Decimal:
        """The cost of a month (30.4375 days) with the average day of the look-back, in cents."""
        return (cost / self.options.lookback_days * DAYS_A_MONTH).quantize(_CENT)


def untold_bills(lookback: Lookback) -> list[Unknown]:
    """Providers of which the store has older costs and none of the look-back."""
    return [
        Unknown(
            subject=provider or NONE,
            reason=f"the store has none of its last {lookback.days} days",
            broad=True,
        )
        for provider in lookback.ended
    ]


def _why_not(
    row: Mapping[str, Any],
    lookback: Lookback,
    old_resources: Callable[[], frozenset[tuple[str | None, str]]],
) -> str:
    """Why nothing can be advised for a subject, whatever its check thinks; empty where it can."""
    if short := lookback.why_short(row[PROVIDER]):
        return short
    if (row[PROVIDER], resource_key(row["ResourceId"])) not in old_resources():
        return f"younger than the look-back of {lookback.days} days"
    return "charges without effective cost" if row["UnknownRows"] else ""


def usage(rows: ibis.Table) -> ibis.Table:
    """Charges for using a resource: no purchases, taxes, credits or corrections."""
    return rows.filter(
        rows.ChargeCategory == "Usage", rows.ChargeClass.isnull(), rows.ResourceId.notnull()
    )


def per_resource(charges: ibis.Table, **facts: ir.Value) -> ibis.Table:
    """One row per resource, account and currency, with all that a `Subject` says.

    Args:
        charges: What is summed up.
        **facts: Further aggregates of the same charges, by the name they get in `Subject.facts`.
    """
    import ibis

    day = charges.ChargePeriodStart.date()
    return (
        charges.group_by(
            Dimension(PROVIDER).of(charges), "SubAccountId", "BillingCurrency", "ResourceId"
        )
        .aggregate(
            ResourceName=charges.ResourceName.max(),
            ResourceType=charges.ResourceType.max(),
            RegionId=charges.RegionId.max(),
            ServiceName=charges.ServiceName.max(),
            ServiceCategory=charges.ServiceCategory.max(),
            First=day.min(),
            Last=day.max(),
            # A charge for a month is there as long as its month is.
            LastCharged=(charges.ChargePeriodEnd.max() - ibis.interval(microseconds=1))
            .cast("date")
            .coalesce(day.max()),
            Days=day.nunique(),
            UnknownRows=charges.EffectiveCost.isnull().sum(),
            Cost=effective_cost(charges),
            OnDemandCost=effective_cost(charges, ~is_committed(charges)),
            **facts,
        )
        .order_by(PROVIDER, "SubAccountId", "BillingCurrency", "ResourceId")
    )


_OWN = frozenset(
    {
        PROVIDER,
        "SubAccountId",
        "BillingCurrency",
        "ResourceId",
        "ResourceName",
        "ResourceType",
        "RegionId",
        "ServiceName",
        "ServiceCategory",
        "First",
        "Last",
        "LastCharged",
        "Days",
        "UnknownRows",
        "Cost",
        "OnDemandCost",
    }
)
"""What `per_resource` always brings."""


def _subject(row: Mapping[str, Any]) -> Subject:
    return Subject(
        provider=row[PROVIDER] or NONE,
        sub_account_id=row["SubAccountId"],
        currency=row["BillingCurrency"],
        resource_id=row["ResourceId"],
        resource_name=row["ResourceName"],
        resource_type=row["ResourceType"],
        region_id=row["RegionId"],
        service=row["ServiceName"],
        service_category=row["ServiceCategory"],
        first=row["First"],
        last=row["Last"],
        days=row["Days"],
        cost=row["Cost"],
        on_demand_cost=row["OnDemandCost"],
        facts={name: value for name, value in row.items() if name not in _OWN},
    )


_CATEGORIES = {
    "Compute": OptimizationCategory.COMPUTE,
    "Storage": OptimizationCategory.STORAGE,
    "Networking": OptimizationCategory.NETWORK,
    "Databases": OptimizationCategory.DATABASE,
}


def category_of(subject: Subject) -> OptimizationCategory:
    """The category of what FOCUS says a service is; compute where it is something else."""
    return _CATEGORIES.get(subject.service_category or "", OptimizationCategory.COMPUTE)
