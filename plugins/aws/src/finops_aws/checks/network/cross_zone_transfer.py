"""Traffic between the zones of a region, which is charged in both directions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.access import explained
from finops_aws.aws_case import AwsCase
from finops_aws.checks.network.load_balancers import load_balancers
from finops_aws.checks.network.transfer_check import Transfer, TransferCheck, TransferOptions
from finops_cost_management import Effort, FinopsError, Risk, daily_charges
from finops_cost_management.builtin.checks.transfer_routes import Route
from finops_cost_management.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

_CROSS_ZONE = "load_balancing.cross_zone.enabled"
_CHARGED = ("network", "gateway")
"""Between zones, application and classic load balancers pass traffic on free of charge."""


class CrossZoneTransferOptions(TransferOptions):
    """How much of the traffic could stay in its zone."""

    assumed_share: Decimal = Field(default=Decimal("0.25"), gt=0, le=1)
    """Share of the traffic between zones that is assumed to be avoidable."""


class CrossZoneTransfer(TransferCheck[CrossZoneTransferOptions]):
    """Finds accounts that pay much for traffic between zones.

    How much of it is avoidable, the bill does not say: a share is assumed. Load balancers that
    spread requests over all zones are named, for they cause it on purpose.
    """

    Options = CrossZoneTransferOptions
    use = "aws.cross_zone_transfer"
    permissions: ClassVar[tuple[str, ...]] = (
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancers",
        "sts:GetCallerIdentity",
    )
    route = Route.ZONES
    way = "between zones"

    def judge(self, transfer: Transfer, region: Region) -> Recommendation | str | None:
        """The saving is the assumed share of the cost."""
        share = self.options.assumed_share
        balancers, told = self._spreading(transfer, region)
        return self.advice(
            transfer,
            share=share,
            recommendation=(
                f"Keep more of the traffic of {transfer.place} within its zone"
                + (f", beginning with {', '.join(balancers[:3])}" if balancers else "")
            ),
            steps=(
                "See in the flow logs of a day who talks with whom across zones.",
                "Turn cross-zone load balancing off where each zone has enough targets.",
                (
                    "Let callers prefer what is in their own zone: caches, replicas to read from, "
                    "topology-aware routing in Kubernetes."
                ),
                "Leave in several zones what must survive the loss of one.",
            ),
            recommended_configuration={"traffic": "within a zone where it can be"},
            confidence=0.4 if balancers else 0.3,
            implementation_effort=Effort.HIGH,
            risk=Risk.MEDIUM,
            evidence={
                "assumption": f"{percent(share)} of this traffic can be avoided",
                "load balancers that spread over zones": told,
            },
        )

    def _spreading(self, transfer: Transfer, region: Region) -> tuple[Sequence[str], str]:
        """Names of the balancers that do, and the same in words: why they are not known, too."""
        try:
            if region.account != transfer.account:
                return (), f"not looked at: the credentials are of account {region.account}"
            found = [
                one.label
                for one in load_balancers(region)
                if one.told["Kind"] in _CHARGED and _spreads(region, one.id)
            ]
        except FinopsError as error:
            return (), f"not known: {error.what}"
        return found, ", ".join(found) or "none"

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Much traffic beside a balancer that spreads it, little, and one of unknown cost."""

        def balancer(aws: Any) -> None:
            subnets = [one["SubnetId"] for one in aws("ec2").describe_subnets()["Subnets"][:2]]
            (made,) = aws("elbv2").create_load_balancer(
                Name="spreading", Subnets=subnets, Type="network"
            )["LoadBalancers"]
            aws("elbv2").modify_load_balancer_attributes(
                LoadBalancerArn=made["LoadBalancerArn"],
                Attributes=[{"Key": _CROSS_ZONE, "Value": "true"}],
            )

        def charges(cost: str, **columns: Any) -> list[dict[str, Any]]:
            return daily_charges(
                cost,
                **{
                    "ResourceId": "i-0a1b",
                    "SubAccountId": "123456789012",
                    "SkuMeter": "USE1-DataTransfer-Regional-Bytes",
                    "PricingUnit": "GB",
                    "PricingQuantity": Decimal(400),
                    **columns,
                },
            )

        return (
            AwsCase(name="chatter", verdict="finding", made=balancer, charges=charges("4")),
            AwsCase(
                name="a word now and then", verdict="clean", made=_nothing, charges=charges("1")
            ),
            AwsCase(
                name="nobody knows the cost",
                verdict="unknown",
                made=_nothing,
                charges=charges("4", EffectiveCost=None),
            ),
            AwsCase(
                name="ten days of a bill",
                verdict="unknown",
                made=_nothing,
                charges=charges("9")[-10:],
            ),
        )


def _spreads(region: Region, arn: str) -> bool:
    with explained("elasticloadbalancing:DescribeLoadBalancerAttributes"):
        told = region.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)
    return {"Key": _CROSS_ZONE, "Value": "true"} in told["Attributes"]


def _nothing(_: Any) -> None:
    """An account without anything."""
