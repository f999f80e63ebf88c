"""The part of a bill that a policy is about, and the resources on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from finops_cost_management.answers.policies import PolicyFinding
from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_cost_management.query.charge_facts import MONEY, rows_of
from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.query.dimensions import NONE, PROVIDER, Dimension
from finops_cost_management.query.lookback import Lookback
from finops_cost_management.report.wording import money

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.query.cost_query import Condition
    from finops_cost_management.query.snapshot import CostSnapshot

STILL_BILLED_DAYS = 2
"""What has no charge in the newest days of its provider's bill is gone: nobody can put it right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledResource:
    """A resource that is on the newest days of its provider's bill.

    Attributes:
        id: FOCUS's ``ResourceId``; the service where a charge belongs to no resource.
        provider: Whose bill it is on.
        currency: ISO 4217 code of the costs.
        monthly_cost: Effective cost of a month (30.4375 days) with the average day of the bill;
            None where a charge does not say it.
        place: FOCUS column → value, as a finding tells it.
        facts: What the rule itself asked for, column → value.
    """

    id: str
    provider: str | None
    currency: str
    monthly_cost: Decimal | None
    place: Mapping[str, str]
    facts: Mapping[str, Any]

    @property
    def name(self) -> str:
        """How people call it."""
        return self.place.get("ResourceName", self.id)

    def finding(self, message: str, **evidence: str) -> PolicyFinding:
        """What is wrong with it.

        Args:
            message: In one sentence.
            **evidence: The figures behind it; what it costs is added.
        """
        cost = self.monthly_cost
        told = "unknown" if cost is None else money(cost, self.currency)
        return PolicyFinding(
            subject=self.id,
            message=message,
            evidence={"cost a month": told, **evidence},
            place=self.place,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JudgedBill:
    """The charges of each provider's newest days that a policy is about.

    Attributes:
        lookback: The days.
        history: The charges of all days that meet the policy's conditions.
        charges: Those of the look-back.
        store: All charges of the store.
    """

    lookback: Lookback
    history: ibis.Table
    charges: ibis.Table
    store: ibis.Table = field(repr=False)

    @classmethod
    def of(
        cls,
        costs: CostSnapshot,
        until: date,
        *,
        days: int,
        where: Mapping[str, Condition],
        by: Sequence[str] = (),
    ) -> JudgedBill:
        """The last days before ``until``.

        Args:
            costs: The store.
            until: The first day that is not looked at.
            days: How many days.
            where: Only charges that meet every condition.
            by: Dimensions that charges are told apart by: those of Kubernetes nodes are split
                where it needs that.
        """
        lookback = Lookback.of(costs, until, days)
        history = costs.select(CostQuery(where=where, group_by=tuple(by)))
        return cls(
            lookback=lookback,
            history=history,
            charges=lookback.select(history),
            store=costs.rows,
        )

    @property
    def is_empty(self) -> bool:
        """Whether no charge is left to judge."""
        return not self.charges.limit(1).count().to_pyarrow().as_py()

    def monthly(self, cost: Decimal, provider: str | None) -> Decimal:
        """The cost of a month (30.4375 days) with the average day that the store has."""
        window, since = self.lookback.windows[provider], self.lookback.known_since[provider]
        days = (window.end - max(window.start, since)).days
        return (cost / days * DAYS_A_MONTH).quantize(Decimal("0.01"))

    def resources(self, charges: ibis.Table, **facts: ir.Value) -> Iterator[BilledResource]:
        """Each resource that is billed still.

        Args:
            charges: Charges of this bill.
            **facts: Aggregates of the same charges, by the name they get in
                `BilledResource.facts`.
        """
        table = (
            charges.group_by(
                Dimension(PROVIDER).of(charges),
                charges.BillingCurrency,
                charges.SubAccountId,
                charges.ResourceId.fill_null(charges.ServiceName).fill_null(NONE).name("Subject"),
            )
            .aggregate(
                ResourceName=charges.ResourceName.max(),
                ResourceType=charges.ResourceType.max(),
                ServiceName=charges.ServiceName.max(),
                RegionId=charges.RegionId.max(),
                # A charge for a month is there as long as its month is.
                LastEnd=charges.ChargePeriodEnd.max(),
                Cost=charges.EffectiveCost.sum().cast(MONEY),
                UnknownRows=charges.EffectiveCost.isnull().sum(),
                **facts,
            )
            .order_by(PROVIDER, "SubAccountId", "BillingCurrency", "Subject")
        )
        for row in rows_of(table):
            newest = self.lookback.windows[row[PROVIDER]].end
            if (newest - row["LastEnd"].date()).days < STILL_BILLED_DAYS:
                yield self._resource(row, facts)

    def _resource(self, row: Mapping[str, Any], facts: Iterable[str]) -> BilledResource:
        columns = (PROVIDER, "SubAccountId", "RegionId", "ServiceName")
        names = (*columns, "ResourceName", "ResourceType")
        cost = None if row["UnknownRows"] else self.monthly(row["Cost"], row[PROVIDER])
        return BilledResource(
            id=row["Subject"],
            provider=row[PROVIDER],
            currency=row["BillingCurrency"],
            monthly_cost=cost,
            place={name: row[name] for name in names if row[name]},
            facts={name: row[name] for name in facts},
        )


def usage(charges: ibis.Table) -> ibis.Table:
    """Charges for using something: no purchases, taxes, credits or corrections.

    The unused part of a commitment is left out, too: it belongs to nothing that runs.
    """
    return charges.filter(
        charges.ChargeCategory == "Usage",
        charges.ChargeClass.isnull(),
        (charges.CommitmentDiscountStatus != "Unused").fill_null(True),  # noqa: FBT003 # Ibis takes it by position only
    )


def costliest_first(
    found: Iterable[tuple[BilledResource, PolicyFinding]],
) -> tuple[PolicyFinding, ...]:
    """Findings of resources, by currency and cost; unknown costs last."""

    def rank(one: tuple[BilledResource, PolicyFinding]) -> tuple[Any, ...]:
        resource = one[0]
        cost = resource.monthly_cost
        return (resource.currency, cost is None, -(cost or 0), resource.id)

    return tuple(finding for _, finding in sorted(found, key=rank))


def told_of(found: Iterable[BilledResource], checked: int, noun: str) -> str:
    """How many resources do not hold a policy, and what they cost a month."""
    costs: dict[str, Decimal] = {}
    count = unknown = 0
    for one in found:
        count += 1
        if one.monthly_cost is None:
            unknown += 1
        else:
            costs[one.currency] = costs.get(one.currency, Decimal(0)) + one.monthly_cost
    text = f"{count:,} of {checked:,} {noun}"
    told = [money(cost, currency) for currency, cost in sorted(costs.items())]
    if told:
        text += f", {' and '.join(told)} a month"
    return text + (f", the cost of {unknown:,} unknown" if unknown else "")
