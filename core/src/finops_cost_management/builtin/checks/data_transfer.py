"""Traffic that takes a dear way where there is a cheaper one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from finops_cost_management.answers.alternatives import cost_part
from finops_cost_management.answers.recommendations import OptimizationCategory
from finops_cost_management.builtin.checks.bill_check import BillCheck, BillCheckOptions, Subject
from finops_cost_management.builtin.checks.traffic import per_mover
from finops_cost_management.builtin.checks.transfer_patterns import (
    BETWEEN_REGIONS,
    BETWEEN_ZONES,
    PATTERNS,
    THROUGH_NAT,
    WITHOUT_CDN,
)
from finops_cost_management.builtin.checks.transfer_routes import Route
from finops_cost_management.plugins.savings_case import SavingsCase, daily_charges
from finops_cost_management.query.dimensions import PROVIDER
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis

    from finops_cost_management.answers.recommendations import Recommendation
    from finops_cost_management.builtin.checks.transfer_patterns import TransferPattern
    from finops_cost_management.plugins.savings_case import Charge

_TIMES_ITS_HOURS = 2
"""A gateway whose data costs less than its hours would save little by moving it."""

_ROUTES = {
    BETWEEN_ZONES: Route.ZONES,
    BETWEEN_REGIONS: Route.REGIONS_OUT,
    WITHOUT_CDN: Route.INTERNET_OUT,
}
"""Patterns whose cost is not that of the resource itself: it may be shrunk as well."""


class DataTransferOptions(BillCheckOptions):
    """From when on traffic is worth a word."""

    minimum_nat_cost: Decimal = Field(default=Decimal(50), ge=0)
    """What a NAT gateway must cost a month for traffic that stays in the region."""

    minimum_cost: Decimal = Field(default=Decimal(50), ge=0)
    """What the traffic of a resource must cost a month, between zones, regions or outwards."""

    minimum_cdn_discount: Decimal = Field(default=Decimal("0.2"), ge=0, lt=1)
    """How much less a gigabyte must cost from the CDN of the same bill; 0.2 is 20 %."""

    avoidable_share: Decimal = Field(default=Decimal("0.25"), gt=0, le=1)
    """Share of the traffic between zones or regions that is assumed to be avoidable."""


class DataTransfer(BillCheck[DataTransferOptions]):
    """Finds traffic through NAT gateways, between zones and regions, and outwards past a CDN.

    A gateway bills all that passes it; what stays in the region could pass an endpoint instead.
    Which bytes those are is told by the transfer charges of the gateway. How much of the traffic
    between zones and regions is avoidable the bill does not say: a share of it is assumed.
    """

    Options = DataTransferOptions
    use = "data_transfer"

    def subjects(self, charges: ibis.Table) -> ibis.Table:
        """One row per resource and pattern of traffic that it has."""
        import ibis

        traffic = per_mover(charges)
        present = (
            (THROUGH_NAT, traffic.IsNat),
            (BETWEEN_ZONES, traffic.ZonesCost != 0),
            (BETWEEN_REGIONS, traffic.RegionsCost != 0),
            # What goes out through a gateway was asked for from inside: no CDN can keep it.
            (WITHOUT_CDN, (traffic.InternetCost != 0) & ~traffic.IsGateway),
        )
        patterns = ibis.array([ibis.ifelse(has, it.name, None) for it, has in present])
        return (
            traffic.mutate(Pattern=patterns)
            .unnest("Pattern")
            .filter(lambda table: table.Pattern.notnull())
            .order_by(PROVIDER, "SubAccountId", "BillingCurrency", "ResourceId", "Pattern")
        )

    def judge(self, subject: Subject) -> Recommendation | str | None:
        """Each pattern has a formula of its own."""
        pattern = PATTERNS[subject.facts["Pattern"]]
        if pattern is THROUGH_NAT:
            return self._through_nat(subject)
        if pattern is WITHOUT_CDN:
            return self._without_cdn(subject)
        return self._avoidable(subject, pattern)

    def _through_nat(self, subject: Subject) -> Recommendation | str | None:
        facts, cost = subject.facts, subject.facts["NatCost"]
        if self._is_little(cost, facts):
            return None
        passed = facts["NatGigabytes"]
        if facts["OpenCharges"] or passed <= 0:
            return "charges without a quantity"
        if not facts["NatInGigabytes"]:
            return "the bill does not say what its NAT gateways brought in from outside"
        inside = max(passed - facts["OutsideGigabytes"], Decimal(0))
        saving = cost * inside / passed
        if self._is_little(saving, facts):
            return None
        return self._found(
            subject,
            THROUGH_NAT,
            saving=saving,
            cost=cost,
            evidence={
                "gigabytes processed": f"{passed:,.0f}",
                "of them from or to the outside": f"{passed - inside:,.0f}",
                "cost of its hours": money(facts["NatHoursCost"], subject.currency),
                "upper bound": "an endpoint may have a price of its own",
            },
        )

    def _is_little(self, cost: Decimal, facts: Mapping[str, Any]) -> bool:
        """Whether moving what costs so much in the look-back is not worth a word."""
        return (
            self.monthly(cost) < self.options.minimum_nat_cost
            or cost < _TIMES_ITS_HOURS * facts["NatHoursCost"]
        )

    def _avoidable(self, subject: Subject, pattern: TransferPattern) -> Recommendation | None:
        """A share of what the traffic costs."""
        route = "Zones" if pattern is BETWEEN_ZONES else "Regions"
        cost, share = subject.facts[f"{route}Cost"], self.options.avoidable_share
        if self.monthly(cost) < self.options.minimum_cost:
            return None
        return self._found(
            subject,
            pattern,
            saving=cost * share,
            cost=cost,
            evidence={
                f"gigabytes {pattern.now}": f"{subject.facts[f'{route}Gigabytes']:,.0f}",
                "assumption": f"{percent(share)} of this traffic can be avoided",
            },
        )

    def _without_cdn(self, subject: Subject) -> Recommendation | str | None:
        """The difference between the own price of a gigabyte and that of the own CDN."""
        facts, cost = subject.facts, subject.facts["InternetCost"]
        if self.monthly(cost) < self.options.minimum_cost or facts["CdnBillGigabytes"] <= 0:
            return None
        sent = facts["InternetGigabytes"]
        if facts["OpenCharges"] or sent <= 0:
            return "charges without a quantity"
        price = cost / sent
        cdn_price = facts["CdnBillCost"] / facts["CdnBillGigabytes"]
        if cdn_price > price * (1 - self.options.minimum_cdn_discount):
            return None
        return self._found(
            subject,
            WITHOUT_CDN,
            saving=(price - cdn_price) * sent,
            cost=cost,
            evidence={
                "gigabytes to the internet": f"{sent:,.0f}",
                "own price of a gigabyte": f"{price:.4f} {subject.currency}",
                "price from the CDN of the same bill": f"{cdn_price:.4f} {subject.currency}",
                "left out": "requests of the CDN, and what it has to fetch",
            },
        )

    def _found(
        self,
        subject: Subject,
        pattern: TransferPattern,
        *,
        saving: Decimal,
        cost: Decimal,
        evidence: Mapping[str, str],
    ) -> Recommendation | None:
        spent = money(cost, subject.currency)
        found = self.advice(
            subject,
            saving=saving,
            cost=cost,
            variant=pattern.name,
            category=OptimizationCategory.NETWORK,
            recommendation=pattern.advice.format(name=subject.name),
            steps=pattern.steps,
            current_configuration={"traffic": pattern.now},
            recommended_configuration={"traffic": pattern.then},
            confidence=pattern.confidence,
            implementation_effort=pattern.effort,
            risk=pattern.risk,
            evidence={"cost in these days": spent, **evidence},
        )
        if found is None or pattern not in _ROUTES:
            return found
        part = cost_part(subject.resource_id, _ROUTES[pattern])
        return replace(found, shares={part: found.estimated_monthly_savings})

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Gateways with traffic within the region and outwards, zones, a cheap CDN, no proof."""

        def traffic(resource: str, cost: str, meter: str, gigabytes: int) -> list[Charge]:
            return daily_charges(
                cost,
                ResourceId=resource,
                SkuMeter=meter,
                PricingUnit="GB",
                PricingQuantity=Decimal(gigabytes),
            )

        gateway = "arn:aws:ec2:us-east-1:0002:natgateway/nat-1"
        hours = daily_charges(
            "1.08", ResourceId=gateway, SkuMeter="NatGateway-Hours", PricingUnit="Hrs"
        )
        passed = [*hours, *traffic(gateway, "9", "NatGateway-Bytes", 200)]
        sent = traffic("i-1", "9", "DataTransfer-Out-Bytes", 100)
        return (
            SavingsCase(
                name="a gateway whose traffic stays in the region",
                verdict="finding",
                charges=[*passed, *traffic(gateway, "0", "DataTransfer-In-Bytes", 20)],
            ),
            SavingsCase(
                name="a gateway to the internet",
                verdict="clean",
                charges=[*passed, *traffic(gateway, "0", "DataTransfer-In-Bytes", 180)],
            ),
            SavingsCase(
                name="a bill without what comes in, which is free",
                verdict="unknown",
                charges=passed,
            ),
            SavingsCase(
                name="chatter between zones",
                verdict="finding",
                charges=traffic("i-1", "4", "DataTransfer-Regional-Bytes", 400),
            ),
            SavingsCase(
                name="a CDN at half the price",
                verdict="finding",
                charges=[*sent, *traffic("cdn", "4.5", "Cloud CDN Traffic Data Transfer", 100)],
            ),
            SavingsCase(
                name="a CDN at nearly the same price",
                verdict="clean",
                charges=[*sent, *traffic("cdn", "8.5", "Cloud CDN Traffic Data Transfer", 100)],
            ),
        )
