"""What all checks of data transfer share: what a way costs, per account and region of the bill."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import Field

from finops_aws.checks.aws_check import AwsCheckOptions
from finops_aws.checks.region import Region
from finops_cost_management import (
    OptimizationCategory,
    Optimizer,
    Recommendation,
    SavingsAnswer,
    Unknown,
    hookimpl,
)
from finops_cost_management.answers.alternatives import cost_part, shares_by_cost
from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_cost_management.builtin.checks.transfer_routes import routed
from finops_cost_management.query.charge_facts import effective_cost, is_committed, meter, rows_of
from finops_cost_management.query.lookback import Lookback
from finops_cost_management.report.wording import money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis

    from finops_cost_management import CostSnapshot, DateWindow
    from finops_cost_management.builtin.checks.transfer_routes import Route

AWS = "AWS"
_CENT = Decimal("0.01")
_MOST_SHARES = 500
"""Resources that a recommendation names; the many small ones are left to the account."""


class TransferOptions(AwsCheckOptions):
    """From when on traffic is worth a word."""

    lookback_days: int = Field(default=30, ge=1, le=93)
    """How many of the newest days of the bill are looked at."""

    minimum_cost: Decimal = Field(default=Decimal(50), ge=0)
    """What the traffic of an account in a region must cost a month, in the bill's currency."""


OptionsT = TypeVar("OptionsT", bound=TransferOptions)


@dataclass(slots=True, kw_only=True)
class Transfer:
    """What one account sends one way in one region, as a month of 30.4375 average days.

    Attributes:
        account: The account; None where the bill does not say.
        region: The region, likewise.
        currency: ISO 4217 code of the costs.
        cost: What it costs, commitments aside.
        gigabytes: How much it is; None where a charge does not say.
        open_costs: How many charges have no effective cost.
        by_resource: ``ResourceId`` → its part of ``cost``.
    """

    account: str | None
    region: str | None
    currency: str
    cost: Decimal = Decimal(0)
    gigabytes: Decimal | None = Decimal(0)
    open_costs: int = 0
    by_resource: dict[str, Decimal] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"{self.account or 'no account'} in {self.region or 'no region'}"


class TransferCheck(Optimizer[OptionsT]):
    """Looks at one way of traffic on the bill of AWS, account by account and region by region.

    What the account has (balancers, distributions) is asked for as evidence. Where AWS does not
    tell, the bill's figures still stand: the evidence then says why it is missing.
    """

    use: ClassVar[str]
    """The name of the check, as in ``use:``."""

    permissions: ClassVar[tuple[str, ...]]
    """The IAM actions that it needs."""

    route: ClassVar[Route]
    """The way that it looks at."""

    way: ClassVar[str]
    """The same in words, for people."""

    @abstractmethod
    def judge(self, transfer: Transfer, region: Region) -> Recommendation | str | None:
        """A finding (`advice` makes it), the reason why it cannot be told, or None for clean."""

    def charges(self, rows: ibis.Table) -> ibis.Table:
        """Which charges count, of those that go the way."""
        return rows.filter(rows.Route == self.route.value)

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Judge the traffic of every account and region."""
        self.requests = 0
        lookback = Lookback.of(costs, window.end, self.options.lookback_days)
        if why := self._why_untold(costs, lookback):
            return SavingsAnswer(unknown=(Unknown(subject=self.way, reason=why, broad=True),))
        findings: list[Recommendation] = []
        unknown: list[Unknown] = []
        clean = 0
        for transfer in self._transfers(lookback.select(costs.rows)):
            verdict = self._judged(transfer, window, lookback.why_short(AWS))
            if isinstance(verdict, Recommendation):
                findings.append(verdict)
            elif verdict is None:
                clean += 1
            else:
                subject = f"{self.way}: {transfer.place}"
                unknown.append(Unknown(subject=subject, reason=verdict, broad=True))
        findings.sort(key=lambda one: (-one.estimated_monthly_savings, one.id))
        return SavingsAnswer(findings=tuple(findings), clean=clean, unknown=tuple(unknown))

    def _why_untold(self, costs: CostSnapshot, lookback: Lookback) -> str:
        """Why the bill tells nothing of any traffic; empty where it may."""
        if AWS not in lookback.windows:
            return f"the store has no costs of AWS of the last {lookback.days} days"
        rows = lookback.select(costs.rows)
        used = rows.filter(rows.HostProviderName == AWS, rows.ChargeCategory == "Usage")
        said = used.filter(meter(used).strip() != "").limit(1).count().to_pyarrow().as_py()
        return "" if said else "the bill has no usage types: it does not say what moves data"

    def _judged(
        self, transfer: Transfer, window: DateWindow, short: str
    ) -> Recommendation | str | None:
        if transfer.open_costs:
            return "charges without effective cost"
        if transfer.cost < self.options.minimum_cost:
            return None
        if short:
            return short
        region = Region(
            transfer.region or "us-east-1", self, window.end, self.options.lookback_days
        )
        return self.judge(transfer, region)

    def _transfers(self, rows: ibis.Table) -> list[Transfer]:
        """The traffic of each account and region, the dearest first."""
        used = rows.filter(
            rows.HostProviderName == AWS,
            rows.ChargeCategory == "Usage",
            rows.ChargeClass.isnull(),
            ~is_committed(rows),
        )
        moved = self.charges(routed(used))
        place = ("SubAccountId", "RegionId", "BillingCurrency")
        sums = moved.group_by(*place, "ResourceId").aggregate(
            Cost=effective_cost(moved),
            OpenCosts=moved.EffectiveCost.isnull().sum(),
            Gigabytes=moved.Gigabytes.sum(),
            OpenGigabytes=moved.Gigabytes.isnull().sum(),
        )
        found: dict[tuple[Any, ...], Transfer] = {}
        for row in rows_of(sums.order_by(*place, "ResourceId")):
            if self.options.regions and row["RegionId"] not in self.options.regions:
                continue
            if self.options.accounts and row["SubAccountId"] not in self.options.accounts:
                continue
            where = tuple(row[name] for name in place)
            account, region, currency = where
            transfer = found.setdefault(
                where, Transfer(account=account, region=region, currency=currency)
            )
            self._add(transfer, row)
        return sorted(found.values(), key=lambda one: -one.cost)

    def _add(self, transfer: Transfer, row: Mapping[str, Any]) -> None:
        cost = self._monthly(row["Cost"])
        transfer.cost += cost
        transfer.open_costs += row["OpenCosts"]
        if row["OpenGigabytes"] or transfer.gigabytes is None:
            transfer.gigabytes = None
        else:
            transfer.gigabytes += self._monthly(row["Gigabytes"])
        if row["ResourceId"] is not None:
            transfer.by_resource[row["ResourceId"]] = cost

    def _monthly(self, amount: Decimal) -> Decimal:
        return amount / self.options.lookback_days * DAYS_A_MONTH

    def advice(
        self,
        transfer: Transfer,
        *,
        share: Decimal,
        evidence: Mapping[str, str],
        **details: Any,
    ) -> Recommendation | None:
        """What to do about some traffic; None where it saves less than ``minimum_savings``.

        Args:
            transfer: What it is about.
            share: Which part of its cost the change saves.
            evidence: The figures behind it; the cost and the dearest resources are added.
            **details: The other fields of a `Recommendation`.
        """
        current = transfer.cost.quantize(_CENT)
        saving = min((transfer.cost * share).quantize(_CENT, ROUND_DOWN), current)
        if saving < max(self.options.minimum_savings, _CENT):
            return None
        dearest = sorted(transfer.by_resource.items(), key=lambda item: (-item[1], item[0]))
        known = transfer.gigabytes
        return Recommendation(
            check=self.use,
            category=OptimizationCategory.NETWORK,
            provider=AWS,
            resource_id=f"{self.way}: {transfer.place}",
            resource_type="Data transfer",
            sub_account_id=transfer.account,
            region_id=transfer.region,
            currency=transfer.currency,
            current_cost=current,
            estimated_monthly_savings=saving,
            lookback_days=self.options.lookback_days,
            shares=self._shares(transfer, saving, dearest[:_MOST_SHARES]),
            current_configuration={"traffic": self.way},
            evidence={
                "cost a month": money(current, transfer.currency),
                "gigabytes a month": "unknown" if known is None else f"{known:,.0f}",
                "dearest resources": ", ".join(name for name, _ in dearest[:3]) or "not named",
                **evidence,
            },
            **details,
        )

    def _shares(
        self, transfer: Transfer, saving: Decimal, dearest: Sequence[tuple[str, Decimal]]
    ) -> dict[str, Decimal]:
        """The part of each resource, on what its traffic costs, not on what it costs itself.

        So this advice is an alternative to other advice on the same traffic, and none to
        advice to shrink the resource: that leaves the traffic as it is.
        """
        costs = {cost_part(name, self.route): cost for name, cost in dearest}
        return shares_by_cost(saving, costs, transfer.cost)
