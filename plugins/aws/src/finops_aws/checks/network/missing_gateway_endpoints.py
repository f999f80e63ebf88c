"""VPCs that lead their traffic to S3 and DynamoDB through a NAT gateway."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import NO_PRICE, AwsCheck, Resource
from finops_aws.checks.measured import MeasuredOptions, why_unmeasured
from finops_aws.checks.network.idle_nat_gateways import made_gateway
from finops_aws.checks.network.nat_gateways import (
    BYTES,
    DATA_METERS,
    NAT_PERMISSIONS,
    data_price,
    missing_endpoints,
    missing_of,
    nat_gateways,
)
from finops_cost_management import Effort, OptimizationCategory, Risk
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase


class MissingGatewayEndpointsOptions(MeasuredOptions):
    """How much of the traffic could go another way."""

    lookback_days: int = Field(default=30, ge=1, le=93)
    """How many days are looked at."""

    assumed_share: Decimal = Field(default=Decimal("0.25"), gt=0, le=1)
    """Share of the data of a NAT gateway that is assumed to go to S3 and DynamoDB."""


class MissingGatewayEndpoints(AwsCheck[MissingGatewayEndpointsOptions]):
    """Finds VPCs with NAT gateways and no gateway endpoint to S3 or DynamoDB.

    Such an endpoint is free, and takes what goes to its service off the gateways. How much that
    is, nobody says: a share of their data is assumed.
    """

    Options = MissingGatewayEndpointsOptions
    use = "aws.missing_gateway_endpoints"
    permissions: ClassVar[tuple[str, ...]] = (*NAT_PERMISSIONS, "ec2:DescribeVpcEndpoints")

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every VPC with NAT gateways; these are its parts."""
        missing = missing_endpoints(region)
        gateways: dict[str, list[Resource]] = {}
        for gateway in nat_gateways(region):
            gateways.setdefault(gateway.told["VpcId"], []).append(gateway)
        for vpc, parts in gateways.items():
            yield Resource(
                id=region.arn("ec2", f"vpc/{vpc}"),
                name=vpc,
                type="VPC",
                created=min(part.told["CreateTime"] for part in parts),
                configuration={"NAT gateways": str(len(parts))},
                told={"Missing": missing_of(vpc, missing)},
                parts=parts,
            )

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price for all
        """The data of a gateway."""
        return data_price(resource)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """The saving is a share of what the data of all its gateways costs."""
        missing = resource.told["Missing"]
        if not missing:
            return None
        price = self.price_of_parts(resource, region, meters=DATA_METERS)
        if price is None:
            reasons = (why_unmeasured(part, BYTES, self.options) for part in resource.parts)
            return next(filter(None, reasons), NO_PRICE)
        share = self.options.assumed_share
        return self.advice(
            resource,
            region,
            price,
            share=share,
            category=OptimizationCategory.NETWORK,
            recommendation=(
                f"Add gateway endpoints for {' and '.join(missing)} to the VPC {resource.label}: "
                "they are free, and its NAT gateways are not"
            ),
            steps=(
                (
                    "See whether bucket policies allow only the addresses of the NAT gateways: "
                    "through an endpoint, requests come from private addresses."
                ),
                (
                    "Make the endpoints, and add them to the route tables of the private subnets; "
                    "open connections to the service break once."
                ),
                "Watch the bytes of the NAT gateways for a week.",
            ),
            recommended_configuration={"gateway endpoints": ", ".join(missing)},
            confidence=0.5,
            implementation_effort=Effort.LOW,
            risk=Risk.LOW,
            reversible=True,
            evidence={
                "missing gateway endpoints": ", ".join(missing),
                "NAT gateways": ", ".join(part.label for part in resource.parts),
                "cost of their data": money(price.current, price.currency),
                "assumption": f"{percent(share)} of their data goes to these services",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A VPC without endpoints, one with both, one whose gateway has no metrics."""
        both = ("s3", "dynamodb")
        return (
            AwsCase(name="no endpoint", verdict="finding", made=made_gateway(20)),
            AwsCase(name="both endpoints", verdict="clean", made=made_gateway(20, endpoints=both)),
            AwsCase(name="a gateway without metrics", verdict="unknown", made=made_gateway(None)),
        )
