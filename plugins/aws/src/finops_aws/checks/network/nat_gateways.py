"""The NAT gateways of a region: what the bill and CloudWatch say of each."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from finops_aws.checks.aws_check import Resource
from finops_aws.checks.list_prices import HOURS_A_MONTH, NAT_GATEWAY_GB, NAT_GATEWAY_HOUR
from finops_aws.checks.measured import measured
from finops_aws.checks.named import name_in
from finops_aws.checks.region import Metric
from finops_cost_management.answers.recommendations import DAYS_A_MONTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from finops_aws.checks.aws_check import Price
    from finops_aws.checks.region import Region

NAT_PERMISSIONS = (
    "cloudwatch:GetMetricData",
    "ec2:DescribeNatGateways",
    "sts:GetCallerIdentity",
)

FROM_INSIDE, FROM_OUTSIDE = "BytesInFromSource", "BytesInFromDestination"
BYTES = (FROM_INSIDE, FROM_OUTSIDE)
"""What comes in on either side: all that a gateway processes, each byte once."""

HOURS_METERS, DATA_METERS = r"NatGateway-Hours", r"NatGateway-(Prvd-)?Bytes"
GATEWAY_SERVICES = ("s3", "dynamodb")
"""What gateway endpoints lead to, free of charge."""

GIGABYTE = 2**30
"""Bytes that AWS bills as one."""

_LIVE = ("available", "pending")


def nat_gateways(region: Region) -> list[Resource]:
    """Every NAT gateway that runs, with the bytes that it processed on each day."""
    found = [
        Resource(
            id=region.arn("ec2", f"natgateway/{told['NatGatewayId']}"),
            name=name_in(told.get("Tags")) or told["NatGatewayId"],
            type="NAT Gateway",
            created=told["CreateTime"],
            configuration={
                "VPC": told["VpcId"],
                "connectivity": told.get("ConnectivityType", "public"),
            },
            told=told,
        )
        for told in region.pages("ec2:DescribeNatGateways", "describe_nat_gateways", "NatGateways")
        if told["State"] in _LIVE
    ]

    def wanted(gateway: Resource) -> Mapping[str, Metric]:
        of = {"NatGatewayId": gateway.told["NatGatewayId"]}
        return {
            name: Metric(namespace="AWS/NATGateway", name=name, dimensions=of, statistic="Sum")
            for name in BYTES
        }

    return list(measured(region, found, wanted))


def processed(gateway: Resource) -> Decimal | None:
    """Gigabytes that an average day has; None where CloudWatch does not say."""
    days = max(len(gateway.metrics[name]) for name in BYTES)
    if not days:
        return None
    total = sum(sum(gateway.metrics[name]) for name in BYTES)
    return Decimal(repr(total)) / days / GIGABYTE


def hours_price() -> Decimal:
    """What being there costs a month by list price."""
    return NAT_GATEWAY_HOUR * HOURS_A_MONTH


def data_price(gateway: Resource) -> Decimal | None:
    """What its data costs a month by list price; None where nobody knows how much it is."""
    gigabytes = processed(gateway)
    return None if gigabytes is None else gigabytes * DAYS_A_MONTH * NAT_GATEWAY_GB


def data_cost(gateway: Resource, price: Price | None) -> Decimal | None:
    """What its data costs a month, on the bill or by list price."""
    if price is not None and price.own is not None:
        return price.own.of_meters(DATA_METERS)
    return data_price(gateway)


def hours_cost(price: Price | None) -> Decimal:
    """What being there costs a month, on the bill or by list price."""
    if price is not None and price.own is not None:
        return price.own.of_meters(HOURS_METERS)
    return hours_price()


def missing_endpoints(region: Region) -> dict[str, list[str]]:
    """VPC → the services of `GATEWAY_SERVICES` without a gateway endpoint, where there are any.

    VPCs without any endpoint are absent: they miss all.
    """
    present: dict[str, set[str]] = {}
    for told in region.pages(
        "ec2:DescribeVpcEndpoints",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        Filters=[{"Name": "vpc-endpoint-type", "Values": ["Gateway"]}],
    ):
        if told.get("State", "available").lower() in ("available", "pending"):
            service = told["ServiceName"].rpartition(".")[2]
            present.setdefault(told["VpcId"], set()).add(service)
    return {
        vpc: [service for service in GATEWAY_SERVICES if service not in services]
        for vpc, services in present.items()
    }


def missing_of(vpc: str, missing: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The services that a VPC has no gateway endpoint to."""
    return missing.get(vpc, GATEWAY_SERVICES)
