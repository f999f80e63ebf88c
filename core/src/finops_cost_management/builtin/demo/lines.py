"""From the company to charge lines: all that is known of a charge but its day and quantity."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypedDict

from finops_cost_management.builtin.demo.company import CLOUDS
from finops_cost_management.builtin.demo.vocabulary import (
    ALL_DAY,
    FIRST,
    MICRO,
    REQUESTED,
    STEADY,
    Cloud,
    Commitment,
    Credit,
    Fee,
    Price,
    Provider,
    Refund,
    Resource,
    Rhythm,
    Service,
    SubAccount,
    Use,
    Workload,
    micro,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from finops_cost_management.builtin.demo.month import Month
    from finops_cost_management.builtin.demo.options import DemoOptions
    from finops_cost_management.builtin.demo.vocabulary import Kind, Place

Category = Literal["Usage", "Purchase", "Tax", "Credit"]
Frequency = Literal["One-Time", "Recurring", "Usage-Based"]


def compact_json(values: Mapping[str, object]) -> str:
    """JSON text without spaces, keys in order."""
    return json.dumps(values, separators=(",", ":"), sort_keys=True)


def hash_bits(*parts: object) -> int:
    """64 bits that depend on the parts alone, the same everywhere."""
    text = "|".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


class _Money(TypedDict):
    price: Price | None
    amount: int
    list_price: int
    contracted_price: int
    billed_price: int
    effective_price: int


@dataclass(frozen=True, slots=True)
class Identity:
    """A resource as the bill shows it."""

    id: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Discount:
    """A commitment in one of its yearly terms."""

    commitment: Commitment
    identity: Identity
    unit: str

    @property
    def price(self) -> Price:
        """What is bought: an hour of the commitment, or one unit of money of it."""
        return Price(
            service=self.commitment.service,
            meter=f"{self.commitment.type}:{self.commitment.name}",
            unit=self.unit,
            list_price="1" if self.commitment.category == "Spend" else self.commitment.hourly,
            details={},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One charge that comes again, every day or on some.

    Attributes:
        key: What its noise depends on.
        unit: The business unit that it belongs to, from 1.
        source: What of the company it stands for.
        amount: Usual quantity of a day (held at a time, if priced by the month), in millionths.
        list_price: And its fellows: money per unit, in millionths.
        price: None where the charge has no unit price: its quantity is the money itself.
        spans_month: The charge period is the whole month.
        days_back: How many days before its issue the charge was.
        part_of: Name of the whole (a commitment, a node) that it uses up.
        rest_of: Name of the whole whose rest it is; ``amount`` is the size of the whole.
        weight: How much of the whole one unit uses up, in millionths.
    """

    key: str
    unit: int
    source: Resource | Commitment | Fee | Credit | Refund
    provider: Provider
    account: SubAccount
    place: Place | None
    service: Service
    category: Category
    frequency: Frequency
    description: str
    pricing: Literal["Standard", "Dynamic", "Committed"] | None
    amount: int
    list_price: int
    contracted_price: int
    billed_price: int
    effective_price: int
    price: Price | None = None
    rhythm: Rhythm = STEADY
    identity: Identity | None = None
    tags: str | None = None
    discount: Discount | None = None
    status: Literal["Used", "Unused"] | None = None
    workload: Workload | None = None
    correction: bool = False
    dormant: bool = False
    spans_month: bool = False
    days_back: int = 0
    part_of: str | None = None
    rest_of: str | None = None
    weight: int = MICRO


def lines_of(month: Month, options: DemoOptions) -> tuple[Line, ...]:
    """Every charge line of a month, of every business unit."""
    return tuple(
        line
        for unit in range(1, options.scale + 1)
        for cloud in CLOUDS
        for line in _Writer(cloud, unit, month, options).lines()
    )


class _Writer:
    """Writes the lines of one cloud for one business unit and month."""

    def __init__(self, cloud: Cloud, unit: int, month: Month, options: DemoOptions) -> None:
        self.cloud = cloud
        self.unit = unit
        self.suffix = "" if unit == 1 else f"-{unit}"
        self.month = month
        self.options = options
        self.discount_on = {
            name: discount
            for discount in map(self._discount, cloud.commitments)
            for name in discount.commitment.covers
        }

    def lines(self) -> Iterator[Line]:
        uses: dict[str, list[Line]] = {}
        for resource in self.cloud.resources:
            uses[resource.name] = [self._use(resource, use) for use in resource.uses]
            for line in uses[resource.name]:
                yield from _shares(resource, line) if resource.workloads else (line,)
        for commitment in self.cloud.commitments:
            yield from self._commitment(self._discount(commitment))
        for fee in self.cloud.fees:
            yield from self._fee(fee)
        for credit in self.cloud.credits:
            yield self._credit(credit)
        for refund in self.cloud.refunds:
            yield self._refund(refund, uses[refund.resource][0])

    def _use(self, resource: Resource, use: Use) -> Line:
        price = use.price
        list_price = micro(price.list_price)
        contracted = self._contracted(list_price)
        pay_as_you_go = Line(
            key=f"{resource.name}/{price.meter}",
            unit=self.unit,
            source=resource,
            provider=self.cloud.provider,
            account=resource.account,
            place=resource.place,
            service=price.service,
            category="Usage",
            frequency="Usage-Based",
            description=f"{price.meter} at {price.list_price} per {price.unit}",
            pricing="Dynamic" if price.dynamic else "Standard",
            amount=micro(use.amount),
            list_price=list_price,
            contracted_price=contracted,
            billed_price=contracted,
            effective_price=contracted,
            price=price,
            rhythm=use.rhythm,
            identity=self._identity(resource.name, resource.kind, resource.account, resource.place),
            tags=self._tags(resource),
            dormant=resource.dormant,
        )
        discount = self.discount_on.get(resource.name)
        if discount is None or price.unit != "Hours":
            return pay_as_you_go
        rate = micro(discount.commitment.covers[resource.name])
        return replace(
            pay_as_you_go,
            pricing="Committed",
            billed_price=0,
            effective_price=rate,
            discount=discount,
            status="Used",
            part_of=discount.identity.id,
            weight=rate if discount.commitment.category == "Spend" else MICRO,
        )

    def _commitment(self, discount: Discount) -> Iterator[Line]:
        commitment = discount.commitment
        spend = commitment.category == "Spend"
        promised = micro(commitment.hourly) if spend else commitment.instances * MICRO
        fee = micro(discount.price.list_price)
        purchase = Line(
            key=f"{commitment.name}/purchase",
            unit=self.unit,
            source=commitment,
            provider=self.cloud.provider,
            account=commitment.account,
            place=commitment.place,
            service=commitment.service,
            category="Purchase",
            frequency="Recurring",
            description=f"{commitment.type} without upfront payment: daily fee",
            pricing="Standard",
            amount=promised * int(ALL_DAY),
            list_price=fee,
            contracted_price=fee,
            billed_price=fee,
            effective_price=0,
            price=discount.price,
            identity=discount.identity,
            discount=discount,
        )
        yield purchase
        # What is not used would not have been bought at list price either: it has none.
        yield replace(
            purchase,
            key=f"{commitment.name}/unused",
            category="Usage",
            frequency="Usage-Based",
            description=f"Unused part of the {commitment.type}",
            pricing="Committed",
            list_price=0,
            contracted_price=0,
            billed_price=0,
            effective_price=fee,
            status="Unused",
            rest_of=discount.identity.id,
        )

    def _fee(self, fee: Fee) -> Iterator[Line]:
        list_price = micro(fee.price.list_price)
        charge = Line(
            key=f"{fee.price.service.name}/fee",
            unit=self.unit,
            source=fee,
            provider=self.cloud.provider,
            account=fee.account,
            place=None,
            service=fee.price.service,
            category="Usage",
            frequency="Recurring",
            description=f"{fee.price.service.name}: {fee.price.meter}, monthly",
            pricing="Standard",
            amount=micro(fee.amount),
            list_price=list_price,
            contracted_price=list_price,
            billed_price=list_price,
            effective_price=list_price,
            price=fee.price,
            rhythm=FIRST,
            spans_month=True,
        )
        yield charge
        taxed = Decimal(fee.price.list_price) * Decimal(fee.amount)
        tax = micro(str(taxed * Decimal(fee.tax_percent) / 100))
        yield replace(
            charge,
            key=f"{fee.price.service.name}/tax",
            category="Tax",
            description=f"Tax of {fee.tax_percent} % on {fee.price.service.name}",
            pricing=None,
            **_as_money(tax),
        )

    def _credit(self, credit: Credit) -> Line:
        return Line(
            key=f"{credit.name}/{credit.service.name}",
            unit=self.unit,
            source=credit,
            provider=self.cloud.provider,
            account=credit.account,
            place=None,
            service=credit.service,
            category="Credit",
            frequency="One-Time",
            description=credit.name,
            pricing=None,
            rhythm=credit.rhythm,
            dormant=credit.dormant,
            **_as_money(-micro(credit.amount)),
        )

    def _refund(self, refund: Refund, refunded: Line) -> Line:
        return replace(
            refunded,
            key=f"{refunded.key}/refund",
            source=refund,
            description=f"Refund: {refunded.description}",
            amount=-micro(refund.amount),
            rhythm=Rhythm(on_day=refund.on_day),
            correction=True,
            days_back=refund.days_back,
        )

    def _contracted(self, list_price: int) -> int:
        """The negotiated price, to the nearest millionth."""
        return (list_price * (100 - self.cloud.provider.negotiated_percent) + 50) // 100

    def _discount(self, commitment: Commitment) -> Discount:
        started = self.month.number >= commitment.starts_in
        term = self.month.year if started else self.month.year - 1
        return Discount(
            commitment,
            self._identity(
                commitment.name, commitment.kind, commitment.account, commitment.place, term=term
            ),
            self.options.currency if commitment.category == "Spend" else "Hours",
        )

    def _identity(
        self, name: str, kind: Kind, account: SubAccount, place: Place | None, *, term: int = 0
    ) -> Identity:
        bits = hash_bits(self.options.seed, self.unit, self.cloud.provider.name, name, term)
        display = f"{name}{self.suffix}"
        id_ = kind.id.format(
            account=account.id,
            environment=account.environment,
            region=place.region_id if place else "",
            zone=(place.zone if place else None) or "",
            name=f"{display}-{term}" if term else display,
            hex=f"{bits:016x}",
        )
        return Identity(id_, display, kind.type)

    def _tags(self, resource: Resource) -> str | None:
        if resource.owner is None:
            return None
        return compact_json(
            {
                "application": f"{resource.owner.application}{self.suffix}",
                "environment": resource.account.environment,
                "team": f"{resource.owner.team}{self.suffix}",
            }
        )


def _shares(node: Resource, line: Line) -> Iterator[Line]:
    """Split what a Kubernetes node costs among its workloads; the last one takes the rest."""
    *requested, rest = node.workloads
    for workload in requested:
        yield replace(
            line,
            key=f"{line.key}/{workload.namespace}",
            amount=line.amount * workload.percent // 100,
            rhythm=REQUESTED,
            workload=workload,
            part_of=f"{line.unit}/{line.key}",
        )
    yield replace(
        line,
        key=f"{line.key}/{rest.namespace}",
        workload=rest,
        rest_of=f"{line.unit}/{line.key}",
    )


def _as_money(amount: int) -> _Money:
    """A charge without unit price: its quantity is money, in millionths."""
    return {
        "price": None,
        "amount": amount,
        "list_price": MICRO,
        "contracted_price": MICRO,
        "billed_price": MICRO,
        "effective_price": MICRO,
    }
