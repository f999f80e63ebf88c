"""NAT gateways that nothing passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase, daily_metric
from finops_aws.checks.aws_check import AwsCheck
from finops_aws.checks.measured import MeasuredOptions, why_unmeasured
from finops_aws.checks.network.nat_gateways import (
    BYTES,
    GIGABYTE,
    NAT_PERMISSIONS,
    hours_price,
    nat_gateways,
)
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from decimal import Decimal

    from finops_aws.aws_case import ClientOf
    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase


class IdleNatGatewaysOptions(MeasuredOptions):
    """How long nothing must have passed."""

    lookback_days: int = Field(default=30, ge=1, le=93)
    """How many days are looked at; younger gateways are not judged."""


class IdleNatGateways(AwsCheck[IdleNatGatewaysOptions]):
    """Finds NAT gateways without a single byte in either direction.

    Where no route leads to one, it cannot have any: that makes it surer.
    """

    Options = IdleNatGatewaysOptions
    use = "aws.idle_nat_gateways"
    permissions: ClassVar[tuple[str, ...]] = (*NAT_PERMISSIONS, "ec2:DescribeRouteTables")

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every NAT gateway."""
        self._routed = {
            route["NatGatewayId"]
            for table in region.pages(
                "ec2:DescribeRouteTables", "describe_route_tables", "RouteTables"
            )
            for route in table.get("Routes", ())
            if route.get("NatGatewayId")
        }
        yield from nat_gateways(region)

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price for all
        """Its hours."""
        return hours_price()

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Idle is what has metrics, and all of them are 0."""
        if any(sum(resource.metrics[name]) for name in BYTES):
            return None
        if reason := why_unmeasured(resource, BYTES, self.options):
            return reason
        routed = resource.told["NatGatewayId"] in self._routed
        return self.advice(
            resource,
            region,
            self.price(resource, region),
            category=OptimizationCategory.NETWORK,
            recommendation=(
                f"Delete the NAT gateway {resource.label}: nothing passed it in {region.days} days"
            ),
            steps=(
                "Ask whether it stands by for another zone or a rare job.",
                "Take the routes that lead to it out of the route tables, and wait for a week.",
                "Delete the gateway, then release its Elastic IP address.",
            ),
            recommended_configuration={"state": "deleted"},
            confidence=0.85 if routed else 0.95,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM if routed else Risk.LOW,
            reversible=True,
            evidence={
                "bytes": f"0 in {region.days} days, in either direction",
                "routes that lead to it": "some" if routed else "none",
                "made": f"{resource.created:%Y-%m-%d}",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A gateway without bytes, with them, and without metrics."""
        return (
            AwsCase(name="nothing passes it", verdict="finding", made=made_gateway(0)),
            AwsCase(name="something passes it", verdict="clean", made=made_gateway(2)),
            AwsCase(name="a gateway without metrics", verdict="unknown", made=made_gateway(None)),
        )


def made_gateway(
    gigabytes: float | None, *, endpoints: Sequence[str] = ()
) -> Callable[[ClientOf], None]:
    """How cases make a NAT gateway that so much passes a day, beside gateway endpoints."""

    def make(aws: Any) -> None:
        ec2 = aws("ec2")
        subnet = ec2.describe_subnets()["Subnets"][0]
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        gateway = ec2.create_nat_gateway(SubnetId=subnet["SubnetId"], AllocationId=address)
        for service in endpoints:
            ec2.create_vpc_endpoint(
                VpcId=subnet["VpcId"],
                ServiceName=f"com.amazonaws.us-east-1.{service}",
                VpcEndpointType="Gateway",
            )
        if gigabytes is not None:
            of = {"NatGatewayId": gateway["NatGateway"]["NatGatewayId"]}
            for name in BYTES:
                daily_metric(aws, "AWS/NATGateway", name, of, [gigabytes / 2 * GIGABYTE] * 30)

    return make
