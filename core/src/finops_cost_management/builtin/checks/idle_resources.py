"""Resources that are paid for being there, and that nothing uses."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from finops_cost_management.builtin.checks.bill_check import (
    FEED,
    BillCheck,
    BillCheckOptions,
    Subject,
    per_resource,
)
from finops_cost_management.builtin.checks.idle_charges import classified
from finops_cost_management.builtin.checks.idle_kinds import KINDS
from finops_cost_management.plugins.savings_case import SavingsCase, daily_charges
from finops_cost_management.query.charge_facts import effective_cost, is_committed
from finops_cost_management.query.dimensions import PROVIDER
from finops_cost_management.report.wording import money

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis

    from finops_cost_management.answers.recommendations import Recommendation
    from finops_cost_management.plugins.savings_case import Charge

_UNPROVEN = 0.75
"""What is left of the confidence where no other resource of the kind shows that use is billed."""


class IdleResourcesOptions(BillCheckOptions):
    """How long something must have been idle, and from when on that is worth a word."""

    minimum_savings: Decimal = Field(default=Decimal(1), ge=0)
    """Saving per month, in the currency of the bill, below which a resource is clean."""

    minimum_days_share: float = Field(default=0.85, gt=0, le=1)
    """Share of the days of the look-back on which it must be billed for being there."""


class IdleResources(BillCheck[IdleResourcesOptions]):
    """Finds gateways, balancers, endpoints, streams, addresses and buckets that nothing uses.

    They are billed for being there, by the hour or by the gigabyte, and for use beside that. On
    most days of the look-back there is the first charge, and in all of it not one of the second.
    Where the bill would not show use, it is unknown, not idle.
    """

    Options = IdleResourcesOptions
    use = "idle_resources"

    def subjects(self, charges: ibis.Table) -> ibis.Table:
        """Resources with a charge for being there, of a kind in `KINDS`."""
        import ibis

        # The unused part of a commitment counts money, and is not what a bill with use shows.
        unused = charges.CommitmentDiscountStatus.fill_null("") == "Unused"
        charges = classified(charges.filter(~unused))
        stands = charges.StandsAs.notnull()
        uses = ~charges.CountsTime & (charges.Quantity != 0)
        resources = per_resource(
            charges,
            Kind=charges.StandsAs.min(),
            StandingDays=charges.ChargePeriodStart.date().nunique(where=stands),
            StandingCost=effective_cost(charges, stands & ~is_committed(charges)),
            Meter=charges.ChargeDescription.fill_null(charges.SkuMeter).max(where=stands),
            Uses=uses.sum().fill_null(0),
            OpenUses=(~charges.CountsTime & charges.Quantity.isnull()).sum().fill_null(0),
            UsedAs=charges.UsedAs.collect(distinct=True),
            UseFamily=charges.Family.min(where=uses),
            **{name: charges[name].max() for name in FEED[1:]},
        )
        # One charge of a resource has its whole id, another only the last part of it.
        short_id = resources.ResourceId.re_extract(r"([^/:]+)/?$", 1).lower()
        resources = resources.mutate(
            ShortId=short_id, Family=resources.Kind.fill_null(resources.UseFamily)
        )
        own = resources.Kind.notnull()
        family = [*FEED, "Family"]
        return (
            resources.mutate(
                UsesOfName=resources.Uses.sum().over(group_by=[PROVIDER, "ShortId"]),
                UsesInBill=resources.Uses.sum().over(group_by=[*FEED]),
                UsesOfKind=ibis.ifelse(own, resources.Uses, 0).sum().over(group_by=family),
                UsesElsewhere=ibis.ifelse(own, 0, resources.Uses).sum().over(group_by=family),
            )
            .filter(lambda table: table.Kind.notnull())
            .order_by(PROVIDER, "SubAccountId", "BillingCurrency", "ResourceId")
        )

    def judge(self, subject: Subject) -> Recommendation | str | None:
        """Idle is what was there most days, and not used once."""
        facts, kind = subject.facts, KINDS[subject.facts["Kind"]]
        if facts["StandingDays"] < self.options.minimum_days_share * subject.span:
            return None
        if facts["UsesOfName"] or facts["Kind"] in (facts["UsedAs"] or ()):
            return None
        if facts["OpenUses"]:
            return "charges for use without a quantity"
        confidence = kind.confidence
        if not kind.says_idle:
            if not facts["UsesInBill"]:
                return "the bill shows no use of anything: such charges may be left out of it"
            if facts["UsesElsewhere"] and not facts["UsesOfKind"]:
                return f"the bill has the use of every {kind.name} on other resources"
            if not facts["UsesOfKind"]:
                confidence *= _UNPROVEN
        days = self.options.lookback_days
        cost = facts["StandingCost"] if kind.says_idle else subject.cost
        return self.advice(
            subject,
            saving=cost,
            cost=cost,
            category=kind.category,
            recommendation=(
                f"{kind.remedy} the {kind.name} {subject.name}: in the last {days} days {kind.sign}"
            ),
            steps=kind.steps,
            current_configuration={"kind": kind.name, "use": "none"},
            recommended_configuration={"kind": "none"},
            confidence=confidence,
            implementation_effort=kind.effort,
            risk=kind.risk,
            reversible=kind.reversible,
            evidence={
                "days with a charge for being there": f"{facts['StandingDays']} of {days}",
                "charges for use": "none",
                "cost in these days": money(cost, subject.currency),
                "charge": facts["Meter"] or "without a description",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Gateways with and without traffic, an address that says it, and a bill without use."""

        def gateway(name: str, cost: str = "1.08", **columns: Any) -> list[Charge]:
            return daily_charges(
                cost,
                ResourceId=f"arn:aws:ec2:us-east-1:0002:natgateway/{name}",
                **{
                    "SkuMeter": "NatGateway-Hours",
                    "PricingUnit": "Hrs",
                    "PricingQuantity": Decimal(24),
                    **columns,
                },
            )

        def traffic(name: str, **columns: Any) -> list[Charge]:
            passed = {"SkuMeter": "NatGateway-Bytes", "PricingUnit": "GB"}
            return gateway(name, "4.50", **{**passed, "PricingQuantity": Decimal(100), **columns})

        used = [*gateway("nat-used"), *traffic("nat-used")]
        address = daily_charges(
            "0.12",
            ResourceId="arn:aws:ec2:us-east-1:0002:elastic-ip/eipalloc-1",
            ChargeDescription="$0.005 per Idle public IPv4 address per hour",
            PricingUnit="Hours",
        )
        return (
            SavingsCase(
                name="a gateway without traffic beside one with it",
                verdict="finding",
                charges=[*used, *gateway("nat-idle")],
            ),
            SavingsCase(
                name="an address that is billed as idle",
                verdict="finding",
                charges=address,
            ),
            SavingsCase(
                name="traffic on a single day",
                verdict="clean",
                charges=[*used, *gateway("nat-rare"), *traffic("nat-rare")[20:21]],
                options={"lookback_days": 80},
            ),
            SavingsCase(
                name="a gateway that was deleted ten days ago",
                verdict="clean",
                charges=[*used, *gateway("nat-gone")[:-10]],
            ),
            SavingsCase(
                name="an export without any charge for use",
                verdict="unknown",
                charges=[*gateway("nat-1"), *gateway("nat-2")],
            ),
            SavingsCase(
                name="a gateway of last week",
                verdict="unknown",
                charges=[*used, *gateway("nat-new")[-7:]],
            ),
        )
