"""What all checks of AWS resources share: regions, prices, age, and what cannot be told."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import Field

from finops_aws.access import AwsOptions
from finops_aws.checks.own_costs import OwnCost, OwnCosts
from finops_aws.checks.places import NO_REGION, AccountId, RegionName, unseen_accounts
from finops_aws.checks.region import Region
from finops_cost_management import (
    FinopsError,
    Optimizer,
    Recommendation,
    SavingsAnswer,
    SavingsBasis,
    Unknown,
    hookimpl,
)
from finops_cost_management.answers.alternatives import shares_by_cost

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from finops_cost_management import CostSnapshot, DateWindow

_CENT = Decimal("0.01")
NO_PRICE = "no price: the bill does not name it, and no list price is known"


class AwsCheckOptions(AwsOptions):
    """Where a check looks, how far back, and from when on a saving is worth a word."""

    regions: tuple[RegionName, ...] = ()
    """Regions that are looked at; those in which the bill has costs of AWS where absent."""

    accounts: tuple[AccountId, ...] = ()
    """Accounts that this entry answers for; those with costs of AWS on the bill where absent. Only
    the account of the credentials can be looked into: each other one is told as unknown."""

    lookback_days: int = Field(default=14, ge=1, le=93)
    """How many days are looked at; younger resources are not judged."""

    minimum_savings: Decimal = Field(default=Decimal(1), ge=0)
    """Saving per month, in the currency of the bill, below which a resource is clean."""


OptionsT = TypeVar("OptionsT", bound=AwsCheckOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that AWS has.

    Attributes:
        id: As bills name it, or its ARN.
        name: What people call it; None where it has no name.
        type: ``EBS Volume``.
        created: When it was made; None where AWS does not say.
        configuration: What it is now, name → value as text.
        told: What AWS says of it.
        metrics: What the check asked CloudWatch, name → values, oldest first.
        parts: What it consists of and bills name on its own: the volumes of an instance, the
            instances of a group. `AwsCheck.price_of_parts` adds up what they cost.
    """

    id: str
    name: str | None = None
    type: str
    created: datetime | None = None
    configuration: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Sequence[float]] = field(default_factory=dict)
    parts: Sequence[Resource] = ()

    @property
    def label(self) -> str:
        """How people call it."""
        return self.name or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a resource, or the part of it that a check is about, costs a month.

    Attributes:
        currency: ISO 4217 code.
        current: All of it.
        avoidable: What a change could save of it at most: no commitment pays for it.
        basis: The bill, or a price list.
        own: The bill's figures, where it has them.
        parts: Where it is a sum over resources: id → its part of ``avoidable``.
    """

    currency: str
    current: Decimal
    avoidable: Decimal
    basis: SavingsBasis
    own: OwnCost | None = None
    parts: Mapping[str, Decimal] = field(default_factory=dict)


class AwsCheck(Optimizer[OptionsT]):
    """Looks at every resource of a kind, region by region, with read-only calls.

    A check says in `resources` whom it looks at and in `judge` what it thinks of each. A region or
    a call that AWS refuses is unknown, with the reason, and the others go on; so is what is
    younger than the look-back, and what has no price.
    """

    use: ClassVar[str]
    """The name of the check, as in ``use:``."""

    permissions: ClassVar[tuple[str, ...]]
    """The IAM actions that it needs."""

    @abstractmethod
    def resources(self, region: Region) -> Iterator[Resource]:
        """Whom the check looks at in a region."""

    @abstractmethod
    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """A finding (`advice` makes it), the reason why it cannot be told, or None for clean."""

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # for checks to override
        """What a month costs by list price, in USD; None where no price is known."""
        return None

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Judge every resource of every region."""
        self.requests = 0
        own = OwnCosts(costs, window.end, self.options.lookback_days)
        regions = [
            Region(name, self, window.end, self.options.lookback_days)
            for name in self.options.regions or own.regions
        ]
        if not regions:
            nowhere = Unknown(subject=self.use, reason=NO_REGION, broad=True)
            return SavingsAnswer(unknown=(nowhere,))
        findings: list[Recommendation] = []
        unknown = list(unseen_accounts(self.options.accounts or own.accounts, regions[0]))
        clean = 0
        for region in regions:
            try:
                resources = list(self.resources(region))
            except FinopsError as error:
                subject = f"{self.use} in {region.name}"
                unknown.append(Unknown(subject=subject, reason=error.what, broad=True))
                continue
            self._costs = own.of([each.id for one in resources for each in (one, *one.parts)])
            for resource in resources:
                verdict = self._judged(resource, region)
                if isinstance(verdict, Recommendation):
                    findings.append(verdict)
                elif verdict is None:
                    clean += 1
                else:
                    unknown.append(Unknown(subject=resource.id, reason=verdict))
        findings.sort(key=lambda one: (-one.estimated_monthly_savings, one.id))
        return SavingsAnswer(findings=tuple(findings), clean=clean, unknown=tuple(unknown))

    def _judged(self, resource: Resource, region: Region) -> Recommendation | str | None:
        try:
            verdict = self.judge(resource, region)
        except FinopsError as error:
            return error.what
        too_young = resource.created is not None and resource.created > region.since
        if isinstance(verdict, Recommendation) and too_young:
            return f"younger than the look-back of {region.days} days"
        return verdict

    def price(self, resource: Resource, region: Region, *, meters: str = "") -> Price | None:
        """What the resource costs a month: on the bill, else by list price; None if neither says.

        Args:
            resource: What is priced.
            region: Where it is.
            meters: A regular expression: only these usage types of the bill count.
        """
        own = self._costs.get(resource.id)
        if own is not None:
            avoidable = own.of_meters(meters) if meters else own.on_demand
            current = avoidable if meters else own.total
            return Price(
                currency=own.currency,
                current=max(current, Decimal(0)),
                avoidable=max(avoidable, Decimal(0)),
                basis=SavingsBasis.OWN_COST,
                own=own,
            )
        listed = self.list_price(resource, region)
        if listed is None:
            return None
        amount = listed.quantize(_CENT)
        return Price(
            currency="USD", current=amount, avoidable=amount, basis=SavingsBasis.LIST_PRICE
        )

    def price_of_parts(
        self, resource: Resource, region: Region, *, meters: str = ""
    ) -> Price | None:
        """What the parts of a resource cost a month together; None if a price is not known.

        Args:
            resource: Whose parts are priced; `list_price` is asked of each part.
            region: Where it is.
            meters: As for `price`.
        """
        prices = {part.id: self.price(part, region, meters=meters) for part in resource.parts}
        known = {name: price for name, price in prices.items() if price is not None}
        currencies = {price.currency for price in known.values()}
        if len(known) < len(prices) or len(currencies) != 1:
            return None
        bases = {price.basis for price in known.values()}
        return Price(
            currency=currencies.pop(),
            current=sum((price.current for price in known.values()), Decimal(0)),
            avoidable=sum((price.avoidable for price in known.values()), Decimal(0)),
            basis=bases.pop() if len(bases) == 1 else SavingsBasis.LIST_PRICE,
            parts={name: price.avoidable for name, price in known.items()},
        )

    def advice(
        self,
        resource: Resource,
        region: Region,
        price: Price | None,
        *,
        share: Decimal = Decimal(1),
        **details: Any,
    ) -> Recommendation | str | None:
        """What to do about a resource.

        Args:
            resource: What it is about.
            region: Where it is.
            price: What it costs, of `price`.
            share: Which part of the avoidable cost the change saves.
            **details: The other fields of a `Recommendation`.

        Returns:
            None where it saves less than ``minimum_savings``; the reason where it has no price.
        """
        if price is None:
            return NO_PRICE
        saving = min((price.avoidable * share).quantize(_CENT), price.current)
        if saving < max(self.options.minimum_savings, _CENT):
            return None
        return Recommendation(
            check=self.use,
            provider="AWS",
            resource_id=resource.id,
            resource_name=resource.name,
            resource_type=resource.type,
            sub_account_id=region.account,
            region_id=region.name,
            currency=price.currency,
            current_cost=price.current,
            estimated_monthly_savings=saving,
            basis=price.basis,
            lookback_days=self.options.lookback_days,
            source="metrics" if resource.metrics else "inventory",
            current_configuration=details.pop("current_configuration", resource.configuration),
            shares=shares_by_cost(saving, price.parts, price.avoidable),
            **details,
        )
