"""Machines and databases that run all the time at the on-demand price."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from finops_cost_management.answers.alternatives import shares_by_cost
from finops_cost_management.answers.recommendations import (
    Effort,
    OptimizationCategory,
    Recommendation,
    Risk,
    SavingsAnswer,
)
from finops_cost_management.builtin.checks.bill_check import (
    BillCheck,
    BillCheckOptions,
    Subject,
    per_resource,
)
from finops_cost_management.builtin.checks.commitment_spend import MOST_UNUSED, spends_of
from finops_cost_management.builtin.checks.instances import (
    CACHE,
    day_facts,
    instance_charges,
    never_rests,
    newest,
    why_hours_unclear,
    with_day_hours,
)
from finops_cost_management.builtin.checks.programmes import PROGRAMMES, usage_programme
from finops_cost_management.builtin.checks.successors import successor_of
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_cost_management.plugins.savings_case import SavingsCase, daily_charges
from finops_cost_management.query.charge_facts import exact_sum, is_committed
from finops_cost_management.query.dimensions import NONE, PROVIDER, Dimension
from finops_cost_management.query.lookback import Lookback
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import ibis

    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow

_NAMED = 3


class SteadyOnDemandOptions(BillCheckOptions):
    """How long something must run to be steady."""

    lookback_days: int = Field(default=60, ge=30, le=366)
    """How many of the newest days of the bill are looked at; younger resources are not judged."""


class SteadyOnDemand(BillCheck[SteadyOnDemandOptions]):
    """Finds kinds of machines and databases that never rest and that no commitment covers.

    An instance is steady if it was on for 23 hours or more on 95 % of the days, at the on-demand
    price. All of a provider, account, service, region and type are one finding. The saving is
    their cost times the discount that your own commitments of the service get, or, where you have
    none, a typical discount for one year without upfront payment.
    """

    Options = SteadyOnDemandOptions
    use = "steady_on_demand"
    _unused_shares: Mapping[tuple[str, str], Decimal] = {}

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Judge every instance, and put those of a kind together."""
        lookback = Lookback.of(costs, window.end, self.options.lookback_days)
        self._unused_shares = {
            key: spend.unused_share for key, spend in spends_of(lookback.select(costs.rows)).items()
        }
        answer = super().find_savings(costs, window)
        kinds = [_together(alike) for alike in _by_kind(answer.findings)]
        findings = [one for one in kinds if self._is_worthwhile(one)]
        findings.sort(key=lambda one: (-one.estimated_monthly_savings, one.id))
        clean = answer.clean + len(kinds) - len(findings)
        return replace(answer, findings=tuple(findings), clean=clean)

    def _is_worthwhile(self, kind: Recommendation) -> bool:
        return kind.estimated_monthly_savings >= self.options.minimum_savings

    def subjects(self, charges: ibis.Table) -> ibis.Table:
        """Machines and databases, as far as they run at the on-demand price."""
        running = _with_own_discount(instance_charges(charges))
        standard = running.PricingCategory.fill_null("Standard") == "Standard"
        running = running.filter(
            standard, ~running.IsSpot, ~is_committed(running), running.InstanceKind != CACHE
        )
        running = with_day_hours(running)
        return per_resource(
            running,
            **day_facts(running),
            # Databases of some providers have no type; their meter tells as much.
            Type=newest(running, running.InstanceType).coalesce(running.SkuMeter.max()),
            Licensed=running.IsLicensed.any(),
            Programme=usage_programme(running).max(),
            CoveredCost=running.CoveredCost.max(),
            CoveredWorth=running.CoveredWorth.max(),
        )

    def judge(self, subject: Subject) -> Recommendation | str | None:
        """A finding if it never rests; unknown if its hours or discount cannot be told."""
        facts = subject.facts
        if unclear := why_hours_unclear(facts, subject.days):
            return unclear
        if not never_rests(facts, subject.span):
            return None
        if successor_of(subject.provider, facts["Type"] or ""):
            return None  # what has a cheaper successor is moved before anything is committed
        wasted = self._unused_shares.get((facts["Programme"], subject.currency), Decimal(0))
        if wasted > MOST_UNUSED:
            return "more than 5 % of the commitments that exist for the service is unused"
        if facts["CoveredCost"] and facts["CoveredCost"] < facts["CoveredWorth"]:
            discount = 1 - facts["CoveredCost"] / facts["CoveredWorth"]
            origin = "your own commitments of the service"
        elif facts["Programme"]:
            programme = PROGRAMMES[facts["Programme"]]
            term = programme.term("1 year")
            discount = term.discount
            origin = f"typical of {programme.title}, {term.name}, {term.payment}"
        else:
            return "no discount is known for a commitment of the service"
        return self.advice(
            subject,
            saving=subject.on_demand_cost * discount,
            least=Decimal(0),
            category=OptimizationCategory.COMMITMENT,
            recommendation=f"Commit to {subject.name}",
            # No commitment discounts a licence that is paid by the hour.
            confidence=0.5 if facts["Licensed"] else 0.7,
            implementation_effort=Effort.LOW,
            variant=subject.service or NONE,
            current_configuration={
                "price": "on demand",
                "instance type": facts["Type"] or NONE,
                "service": subject.service or NONE,
            },
            evidence={"discount": percent(discount), "discount is": origin},
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Two machines of a kind, one of working hours, one committed, and one on its own id."""
        machine: dict[str, Any] = {
            "ResourceId": "i-0001",
            "SkuMeter": "BoxUsage:m6i.xlarge",
            "PricingUnit": "Hours",
            "PricingQuantity": Decimal(24),
        }
        return (
            SavingsCase(
                name="two machines of a kind that never rest",
                verdict="finding",
                charges=[
                    *daily_charges("4.61", **machine),
                    *daily_charges("4.61", **machine | {"ResourceId": "i-0002"}),
                ],
            ),
            SavingsCase(
                name="a machine of working hours",
                verdict="clean",
                charges=daily_charges("1.92", **machine | {"PricingQuantity": Decimal(10)}),
            ),
            SavingsCase(
                name="half of its hours are committed already",
                verdict="clean",
                charges=[
                    *daily_charges("2.30", **machine | {"PricingQuantity": Decimal(12)}),
                    *daily_charges(
                        "1.68",
                        **machine | {"PricingQuantity": Decimal(12)},
                        CommitmentDiscountId="sp-1",
                        CommitmentDiscountStatus="Used",
                    ),
                ],
            ),
            SavingsCase(
                name="cores are billed by the hour, and nobody says how many there are",
                verdict="unknown",
                charges=daily_charges(
                    "4.61",
                    ResourceId="//compute.googleapis.com/projects/p/instances/i",
                    HostProviderName="Google Cloud",
                    ServiceName="Compute Engine",
                    ChargeDescription="N2 Instance Core running in Iowa",
                    PricingUnit="hour",
                    PricingQuantity=Decimal(96),
                ),
            ),
        )


def _with_own_discount(running: ibis.Table) -> ibis.Table:
    """With what covered usage of the same service costs, and what it would cost on demand."""
    # Where a bill leaves the contracted cost of covered usage at 0, it tells no discount.
    covered = (running.CommitmentDiscountStatus == "Used") & (running.ContractedCost > 0)
    priced = running.mutate(DiscountProvider=Dimension(PROVIDER).of(running))
    return priced.group_by("DiscountProvider", "ServiceName", "BillingCurrency").mutate(
        CoveredCost=exact_sum(priced.EffectiveCost, covered),
        CoveredWorth=exact_sum(priced.ContractedCost, covered),
    )


def _by_kind(found: Iterable[Recommendation]) -> Iterable[list[Recommendation]]:
    kinds: defaultdict[tuple[str | None, ...], list[Recommendation]] = defaultdict(list)
    for one in found:
        kind = one.current_configuration["instance type"]
        place = (one.provider, one.sub_account_id, one.region_id, one.currency)
        kinds[*place, one.variant, kind].append(one)
    return kinds.values()


def _together(alike: Sequence[Recommendation]) -> Recommendation:
    first = alike[0]
    kind = first.current_configuration["instance type"]
    where = first.region_id or NONE
    cost = sum((one.current_cost for one in alike), Decimal(0))
    saving = sum((one.estimated_monthly_savings for one in alike), Decimal(0))
    return replace(
        first,
        resource_id=f"{first.sub_account_id or NONE}/{where}/{kind}",
        resource_name=f"{len(alike)} × {kind}",
        recommendation=(
            f"Commit for one year to {len(alike)} × {kind} in {where}, on all day every day: "
            f"{_some([one.resource_name or one.resource_id for one in alike])}"
        ),
        current_cost=cost,
        estimated_monthly_savings=saving,
        confidence=min(one.confidence for one in alike),
        shares=shares_by_cost(saving, {one.resource_id: one.current_cost for one in alike}),
        risk=Risk.MEDIUM,
        reversible=False,
        recommended_configuration={**first.current_configuration, "price": "committed"},
        steps=(
            "Ask the owners whether these instances will still be there in a year, in this size.",
            "Stop, shrink and modernise first: what is committed goes on costing.",
            "Compare with what the check commitment_purchases says of the whole account.",
            "Buy one year without upfront payment, and look at its use after two weeks.",
        ),
        evidence={
            "instances": str(len(alike)),
            "days looked at": str(first.lookback_days),
            "on-demand cost a month": money(cost, first.currency),
            **first.evidence,
        },
    )


def _some(names: Sequence[str]) -> str:
    """A few names, and how many more."""
    named = ", ".join(names[:_NAMED])
    return named + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
