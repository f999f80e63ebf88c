"""What the demo knows of itself: the answers that checks, detectors and benchmarks look for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict

from finops_cost_management.builtin.demo.charges import charges_of
from finops_cost_management.builtin.demo.month import Month
from finops_cost_management.builtin.demo.options import DemoOptions
from finops_cost_management.builtin.demo.vocabulary import GROWING, Commitment, Resource, micro

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from finops_cost_management.builtin.demo.anomalies import AnomalyKind, Event
    from finops_cost_management.builtin.demo.charges import Integers, MonthOfCharges
    from finops_cost_management.builtin.demo.lines import Line
    from finops_cost_management.builtin.demo.vocabulary import Price
    from finops_cost_management.window import DateWindow

HOURS_A_WEEK = 168


class _Facts(TypedDict):
    provider: str
    sub_account_id: str
    resource_id: str
    resource_name: str
    services: tuple[str, ...]
    cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedAnomaly:
    """Unusual days, as far as they are inside the window.

    Attributes:
        kind: What happens.
        start: First day.
        end: First day after it.
        dimensions: FOCUS column → value, of all charges concerned and of no others.
        extra_cost: Effective cost beyond a usual course; negative for drops and credits.
        extra_by_day: The same, day by day.
    """

    kind: AnomalyKind
    start: date
    end: date
    dimensions: Mapping[str, str]
    extra_cost: Decimal
    extra_by_day: Mapping[date, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceCost:
    """A resource and its effective cost in the window."""

    provider: str
    sub_account_id: str
    resource_id: str
    resource_name: str
    services: tuple[str, ...]
    cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSaving(ResourceCost):
    """A resource that could cost less.

    Attributes:
        saving: How much less its effective cost in the window would have been.
        why: What is the matter, or what would do.
    """

    saving: Decimal
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleResource(ResourceSaving):
    """A resource that is of no use to anybody.

    Attributes:
        seen_on_bill: Whether the bill alone shows it, because use would be a charge of its own.
            What is attached to a disk, or runs on a plan, no bill says.
    """

    seen_on_bill: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedCommitment:
    """A commitment and the part of it that nothing used, inside the window.

    Attributes:
        start: First day of the term that is inside the window.
        end: First day after it.
        fee: Billed cost of the days inside.
        wasted: Effective cost of the unused part.
    """

    commitment_id: str
    name: str
    provider: str
    start: date
    end: date
    fee: Decimal
    wasted: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTruth:
    """All that is hidden in the demo.

    Attributes:
        anomalies: In order of their start.
        idle_resources: Of no use to anybody: all they cost can be saved.
        oversized_resources: A smaller size would do.
        superseded_resources: A newer generation does the same for less.
        always_on_resources: Needed in working hours, running all the time.
        growing_storage: Data that nobody ever deletes.
        untagged_resources: Without any tag.
        unused_commitments: Not wholly used, term by term.
    """

    anomalies: tuple[PlantedAnomaly, ...]
    idle_resources: tuple[IdleResource, ...]
    oversized_resources: tuple[ResourceSaving, ...]
    superseded_resources: tuple[ResourceSaving, ...]
    always_on_resources: tuple[ResourceSaving, ...]
    growing_storage: tuple[ResourceCost, ...]
    untagged_resources: tuple[ResourceCost, ...]
    unused_commitments: tuple[UnusedCommitment, ...]

    @property
    def untagged_cost(self) -> Decimal:
        """Effective cost of all untagged resources."""
        return sum((resource.cost for resource in self.untagged_resources), Decimal(0))


def truth(window: DateWindow, options: DemoOptions | None = None) -> DemoTruth:
    """Tell what is hidden in the charges of a window.

    Args:
        window: Days; a charge belongs to the day on which its period starts.
        options: Those of the demo that is looked at; the default ones if not given.

    Returns:
        Costs are effective costs, exact.
    """
    options = options or DemoOptions()
    anomalies: list[PlantedAnomaly] = []
    resources: dict[str, _Resource] = {}
    commitments: dict[str, _Commitment] = {}
    for month in Month.touched_by(window):
        end = min(month.end, window.end.toordinal())
        charges = charges_of(month, end, options)
        inside = charges.days >= window.start.toordinal()
        effective = charges.costs(lambda line: line.effective_price)[:, inside]
        billed = charges.costs(lambda line: line.billed_price)[:, inside]
        days = charges.days[inside]
        for line, used, paid in zip(charges.lines, effective, billed, strict=True):
            if isinstance(line.source, Resource) and line.identity and used.any():
                seen = resources.setdefault(line.identity.id, _Resource(line.source, line))
                seen.add(line, int(used.sum()))
            elif isinstance(line.source, Commitment) and line.identity:
                term = commitments.setdefault(line.identity.id, _Commitment(line, int(days[0])))
                term.add(int(used.sum()), int(paid.sum()), int(days[-1]))

        usual = charges_of(month, end, options.model_copy(update={"anomalies": False}))
        extra = effective - usual.costs(lambda line: line.effective_price)[:, inside]
        anomalies.extend(_planted(charges, extra, days))

    found = resources.values()
    return DemoTruth(
        anomalies=tuple(anomalies),
        idle_resources=tuple(seen.idle() for seen in found if seen.resource.idle),
        oversized_resources=tuple(
            seen.with_price(fits) for seen in found if (fits := seen.resource.fits)
        ),
        superseded_resources=tuple(
            seen.with_price(newer) for seen in found if (newer := seen.resource.successor)
        ),
        always_on_resources=tuple(
            seen.switched_off(needed) for seen in found if (needed := seen.resource.needed_hours)
        ),
        growing_storage=tuple(seen.cost() for seen in found if seen.grows),
        untagged_resources=tuple(seen.cost() for seen in found if seen.resource.owner is None),
        unused_commitments=tuple(term.close() for term in commitments.values() if term.wasted),
    )


def _planted(charges: MonthOfCharges, extra: Integers, days: Integers) -> Iterator[PlantedAnomaly]:
    for event in charges.events:
        hit = [index for index, line in enumerate(charges.lines) if event.hits(line)]
        by_day = {
            date.fromordinal(int(day)): _money(int(cost))
            for day, cost in zip(days, extra[hit].sum(axis=0), strict=True)
            if event.first_day <= day < event.first_day + event.days
        }
        if by_day:
            yield PlantedAnomaly(
                kind=event.kind,
                start=min(by_day),
                end=max(by_day) + timedelta(days=1),
                dimensions=_dimensions(event, charges.lines[hit[0]]),
                extra_cost=sum(by_day.values(), Decimal(0)),
                extra_by_day=by_day,
            )


def _dimensions(event: Event, line: Line) -> Mapping[str, str]:
    dimensions = {
        "ServiceProviderName": line.provider.name,
        "ServiceName": line.service.name,
        "ChargeCategory": line.category,
    }
    if event.kind != "duplicated_day":
        dimensions["SubAccountId"] = line.account.id
        if line.identity:
            dimensions["ResourceId"] = line.identity.id
    return dimensions


class _Resource:
    """Adds up one resource."""

    def __init__(self, resource: Resource, line: Line) -> None:
        self.resource = resource
        self.line = line
        self.by_price: dict[Price, int] = {}

    def add(self, line: Line, cost: int) -> None:
        if line.price:
            self.by_price[line.price] = self.by_price.get(line.price, 0) + cost

    @property
    def grows(self) -> bool:
        return any(use.rhythm is GROWING for use in self.resource.uses)

    def idle(self) -> IdleResource:
        return IdleResource(
            **self._facts(),
            saving=_money(sum(self.by_price.values())),
            why=str(self.resource.idle),
            seen_on_bill=self.resource.seen_on_bill,
        )

    def with_price(self, other: Price) -> ResourceSaving:
        saving = sum(
            cost - cost * micro(other.list_price) // micro(price.list_price)
            for price, cost in self._running()
        )
        return self._saving(saving, f"{other.details['InstanceType']} would do")

    def switched_off(self, needed_hours: int) -> ResourceSaving:
        saving = sum(
            cost * (HOURS_A_WEEK - needed_hours) // HOURS_A_WEEK for _, cost in self._running()
        )
        return self._saving(saving, f"needed {needed_hours} of {HOURS_A_WEEK} hours a week")

    def cost(self) -> ResourceCost:
        return ResourceCost(**self._facts())

    def _running(self) -> Iterator[tuple[Price, int]]:
        return ((price, cost) for price, cost in self.by_price.items() if price.unit == "Hours")

    def _saving(self, saving: int, why: str) -> ResourceSaving:
        return ResourceSaving(**self._facts(), saving=_money(saving), why=why)

    def _facts(self) -> _Facts:
        identity = self.line.identity
        return {
            "provider": self.line.provider.name,
            "sub_account_id": self.line.account.id,
            "resource_id": identity.id if identity else "",
            "resource_name": identity.name if identity else "",
            "services": tuple(sorted({price.service.name for price in self.by_price})),
            "cost": _money(sum(self.by_price.values())),
        }


class _Commitment:
    """Adds up one term of a commitment."""

    def __init__(self, line: Line, first_day: int) -> None:
        self.line = line
        self.first_day = self.last_day = first_day
        self.wasted = self.fee = 0

    def add(self, wasted: int, fee: int, last_day: int) -> None:
        self.wasted += wasted
        self.fee += fee
        self.last_day = last_day

    def close(self) -> UnusedCommitment:
        identity = self.line.identity
        return UnusedCommitment(
            commitment_id=identity.id if identity else "",
            name=identity.name if identity else "",
            provider=self.line.provider.name,
            start=date.fromordinal(self.first_day),
            end=date.fromordinal(self.last_day + 1),
            fee=_money(self.fee),
            wasted=_money(self.wasted),
        )


def _money(units: int) -> Decimal:
    """Units of 1e-12 as an exact amount."""
    return Decimal(units).scaleb(-12)
