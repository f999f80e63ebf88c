"""NAT gateways whose data costs far more than their hours, with a free way beside them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import NO_PRICE, AwsCheck
from finops_aws.checks.measured import MeasuredOptions, why_unmeasured
from finops_aws.checks.network.idle_nat_gateways import made_gateway
from finops_aws.checks.network.nat_gateways import (
    BYTES,
    DATA_METERS,
    NAT_PERMISSIONS,
    data_cost,
    data_price,
    hours_cost,
    missing_endpoints,
    missing_of,
    nat_gateways,
    processed,
)
from finops_cost_management import Effort, OptimizationCategory, Risk
from finops_cost_management.report.wording import money, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase


class BusyNatGatewaysOptions(MeasuredOptions):
    """What counts as over-paid, and how much of it could go another way."""

    lookback_days: int = Field(default=30, ge=1, le=93)
    """How many days are looked at; younger gateways are not judged."""

    minimum_ratio: Decimal = Field(default=Decimal(2), gt=0)
    """How many times the cost of its hours the cost of its data must be."""

    assumed_share: Decimal = Field(default=Decimal("0.25"), gt=0, le=1)
    """Share of its data that is assumed to go to S3 and DynamoDB."""


class BusyNatGateways(AwsCheck[BusyNatGatewaysOptions]):
    """Finds NAT gateways that process much, in VPCs without a gateway endpoint.

    Where the bytes go, neither the bill nor CloudWatch says. Without an endpoint, all of those to
    S3 and DynamoDB pass the gateway; with both, only flow logs tell what else does.
    """

    Options = BusyNatGatewaysOptions
    use = "aws.busy_nat_gateways"
    permissions: ClassVar[tuple[str, ...]] = (*NAT_PERMISSIONS, "ec2:DescribeVpcEndpoints")

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every NAT gateway."""
        self._missing = missing_endpoints(region)
        yield from nat_gateways(region)

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price for all
        """Its data."""
        return data_price(resource)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Over-paid is what costs several times its hours and has no endpoint beside it."""
        whole = self.price(resource, region)
        cost = data_cost(resource, whole)
        if cost is None or whole is None:
            return why_unmeasured(resource, BYTES, self.options) or NO_PRICE
        ratio = cost / hours if (hours := hours_cost(whole)) else None
        if ratio is not None and ratio < self.options.minimum_ratio:
            return None
        missing = missing_of(resource.told["VpcId"], self._missing)
        if not missing:
            return "both gateway endpoints are there: only flow logs say what else passes it"
        gigabytes, share = processed(resource), self.options.assumed_share
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=DATA_METERS),
            share=share,
            category=OptimizationCategory.NETWORK,
            recommendation=(
                f"Lead traffic to {' and '.join(map(_spelt, missing))} past the NAT gateway "
                f"{resource.label}, through gateway endpoints"
            ),
            steps=(
                "See in the flow logs of a day where the bytes go.",
                "Make a gateway endpoint for each missing service: it costs nothing.",
                (
                    "Add it to the route tables of the private subnets; open connections to the "
                    "service break once."
                ),
                (
                    "Watch the bytes of the gateway for a week; if most go to other services of "
                    "AWS, weigh interface endpoints, which have a price."
                ),
            ),
            recommended_configuration={"gateway endpoints": ", ".join(missing)},
            confidence=0.4,
            implementation_effort=Effort.LOW,
            risk=Risk.LOW,
            reversible=True,
            evidence={
                "cost of its data": money(cost, whole.currency),
                "cost of its hours": money(hours, whole.currency),
                "gigabytes a day": "unknown" if gigabytes is None else f"{gigabytes:,.1f}",
                "missing gateway endpoints": ", ".join(missing),
                "assumption": f"{percent(share)} of its data goes to these services",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A busy gateway without endpoints, a quiet one, one with both, one without metrics."""
        both = ("s3", "dynamodb")
        return (
            AwsCase(name="a busy gateway", verdict="finding", made=made_gateway(200)),
            AwsCase(name="a quiet gateway", verdict="clean", made=made_gateway(2)),
            AwsCase(
                name="a busy gateway beside endpoints",
                verdict="unknown",
                made=made_gateway(200, endpoints=both),
            ),
            AwsCase(name="a gateway without metrics", verdict="unknown", made=made_gateway(None)),
        )


def _spelt(service: str) -> str:
    return {"s3": "S3", "dynamodb": "DynamoDB"}[service]
