"""Accounts in which resources without tags cost so much that nobody answers for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from finops_cost_management.answers.recommendations import (
    DAYS_A_MONTH,
    Effort,
    OptimizationCategory,
    Recommendation,
    Risk,
    SavingsAnswer,
    Unknown,
)
from finops_cost_management.builtin.checks.bill_check import untold_bills, usage
from finops_cost_management.plugins.component import Optimizer, Options
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_cost_management.plugins.savings_case import SavingsCase, daily_charges
from finops_cost_management.query.charge_facts import effective_cost, rows_of
from finops_cost_management.query.dimensions import NONE, PROVIDER, Dimension, json_text
from finops_cost_management.query.lookback import Lookback
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow

_CENT = Decimal("0.01")
_LARGEST = 5


class UntaggedSpendOptions(Options):
    """Which tags count, and how much untagged cost is worth a word."""

    lookback_days: int = Field(default=30, ge=7, le=366)
    """How many of the newest days of the bill are looked at."""

    tags: tuple[str, ...] = ()
    """Keys of which a resource needs at least one; with none named, any tag will do."""

    minimum_untagged_cost: Decimal = Field(default=Decimal(50), ge=0)
    """Cost of untagged resources per month, in the currency of the bill, below which an account
    is clean."""

    minimum_share: float = Field(default=0.02, ge=0, le=1)
    """Share of the cost of all resources of the account below which it is clean; 0.02 is 2 %."""


@dataclass(slots=True)
class _Account:
    """What the resources of an account cost in the look-back, in one currency."""

    name: str | None = None
    cost: Decimal = Decimal(0)
    leaves_costs_open: bool = False
    untagged: list[tuple[Decimal, str]] = field(default_factory=list)

    def add(self, row: Mapping[str, Any]) -> None:
        self.name = row["SubAccountName"] or self.name
        self.cost += row["Cost"]
        self.leaves_costs_open |= bool(row["UnknownRows"])
        if not row["Tagged"]:
            self.untagged.append((row["Cost"], row["ResourceName"] or row["ResourceId"]))

    @property
    def untagged_cost(self) -> Decimal:
        return sum((cost for cost, _ in self.untagged), Decimal(0))


class UntaggedSpend(Optimizer[UntaggedSpendOptions]):
    """Finds accounts whose untagged resources cost more than a remainder.

    Adds up, for each provider, account and currency, the effective cost of the resources of which
    no charge has a tag. To tag them saves nothing by itself, and no saving is claimed: it makes
    the cost answerable.
    """

    Options = UntaggedSpendOptions

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Judge every account of the look-back, each currency on its own."""
        lookback = Lookback.of(costs, window.end, self.options.lookback_days)
        accounts: dict[tuple[str | None, str | None, str], _Account] = {}
        exporting: set[str | None] = set()
        resources = _resources(usage(lookback.select(costs.rows)), self.options.tags)
        for row in rows_of(resources):
            if row["AnyTag"]:
                exporting.add(row[PROVIDER])
            key = row[PROVIDER], row["SubAccountId"], row["BillingCurrency"]
            accounts.setdefault(key, _Account()).add(row)
        findings = []
        unknown = untold_bills(lookback)
        clean = 0
        for (provider, account_id, currency), account in accounts.items():
            reason = lookback.why_short(provider)
            if provider not in exporting:
                reason = "not one tag on the provider's bill: tags are not exported"
            elif account.leaves_costs_open:
                reason = "charges without effective cost"
            if reason:
                unknown.append(Unknown(subject=account_id or NONE, reason=reason, broad=True))
            elif self._is_little(account):
                clean += 1
            else:
                findings.append(self._advise(provider or NONE, account_id, currency, account))
        findings.sort(key=lambda one: (-one.current_cost, one.id))
        return SavingsAnswer(findings=tuple(findings), clean=clean, unknown=tuple(unknown))

    def _monthly(self, cost: Decimal) -> Decimal:
        return (cost / self.options.lookback_days * DAYS_A_MONTH).quantize(_CENT)

    def _is_little(self, account: _Account) -> bool:
        untagged = account.untagged_cost
        least = Decimal(repr(self.options.minimum_share)) * account.cost
        monthly = self._monthly(untagged)
        return monthly < max(self.options.minimum_untagged_cost, _CENT) or untagged < least

    def _advise(
        self, provider: str, account_id: str | None, currency: str, account: _Account
    ) -> Recommendation:
        untagged = account.untagged_cost
        # Negative charges may leave less of the whole than of its part.
        share = untagged / max(account.cost, untagged)
        wanted = " or ".join(self.options.tags) or "any tag"
        largest = sorted(account.untagged, key=lambda one: (-one[0], one[1]))[:_LARGEST]
        return Recommendation(
            check="untagged_spend",
            # Of all kinds, in truth; machines cost most as a rule.
            category=OptimizationCategory.COMPUTE,
            provider=provider,
            resource_id=account_id or NONE,
            resource_name=account.name,
            sub_account_id=account_id,
            recommendation=(
                f"Tag what nobody answers for in {account.name or account_id or NONE}, "
                f"{percent(share)} of what its resources cost; it saves nothing by itself"
            ),
            currency=currency,
            current_cost=self._monthly(untagged),
            estimated_monthly_savings=Decimal(0),
            confidence=1.0,
            implementation_effort=Effort.LOW,
            risk=Risk.LOW,
            steps=(
                "Ask who owns the largest ones; delete with them what nobody owns.",
                "Tag them in the code that creates them, or in the console where there is none.",
                "Refuse untagged resources from now on: by a tag policy of the provider, or in CI.",
            ),
            current_configuration={"with tags": percent(1 - share)},
            recommended_configuration={"with tags": "100.0 %"},
            lookback_days=self.options.lookback_days,
            evidence={
                "looked for": wanted,
                "untagged resources": str(len(account.untagged)),
                "their cost in these days": money(untagged, currency),
                "cost of all resources": money(account.cost, currency),
                "share": percent(share),
                **{
                    f"largest {place}": f"{name}, {money(cost, currency)}"
                    for place, (cost, name) in enumerate(largest, 1)
                },
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """An account with untagged machines, one with hardly any, and a bill without tags."""
        tagged = daily_charges("90", ResourceId="i-0001", Tags='{"team":"shop"}')
        return (
            SavingsCase(
                name="a tenth of the account has no tag",
                verdict="finding",
                charges=[*tagged, *daily_charges("10", ResourceId="i-0002", Tags="{}")],
            ),
            SavingsCase(
                name="a remainder of one per cent",
                verdict="clean",
                charges=[*tagged, *daily_charges("0.90", ResourceId="i-0002")],
            ),
            SavingsCase(
                name="tags, but not the one that is asked for",
                verdict="finding",
                charges=tagged,
                options={"tags": ["owner", "cost-centre"]},
            ),
            SavingsCase(
                name="a bill that was exported without tags",
                verdict="unknown",
                charges=daily_charges("90", ResourceId="i-0001"),
            ),
        )


def _resources(charges: ibis.Table, keys: Iterable[str]) -> ibis.Table:
    """One row per resource, account and currency: its cost, and whether it is tagged.

    What a commitment leaves unused is a charge of the commitment, which is no resource.
    """
    unused = (charges.CommitmentDiscountStatus == "Unused").fill_null(False)  # noqa: FBT003 # Ibis takes it by position only
    charges = charges.filter(~unused)
    any_tag = (charges.Tags != "{}").fill_null(False)  # noqa: FBT003 # Ibis takes it by position only
    return (
        charges.group_by(
            Dimension(PROVIDER).of(charges), "SubAccountId", "BillingCurrency", "ResourceId"
        )
        .aggregate(
            SubAccountName=charges.SubAccountName.max(),
            ResourceName=charges.ResourceName.max(),
            Cost=effective_cost(charges),
            UnknownRows=charges.EffectiveCost.isnull().sum(),
            AnyTag=any_tag.any(),
            Tagged=_has_one_of(charges, keys, any_tag).any(),
        )
        .order_by(PROVIDER, "SubAccountId", "BillingCurrency", "ResourceId")
    )


def _has_one_of(
    charges: ibis.Table, keys: Iterable[str], any_tag: ir.BooleanValue
) -> ir.BooleanValue:
    import ibis

    has = [json_text(charges.Tags, key).fill_null("") != "" for key in keys]
    return ibis.or_(*has) if has else any_tag
