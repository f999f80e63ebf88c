"""Elastic IP addresses that nothing answers to."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import REGION, AwsCase
from finops_aws.checks.aws_check import AwsCheck, AwsCheckOptions, Resource
from finops_aws.checks.list_prices import HOURS_A_MONTH, PUBLIC_IPV4_HOUR
from finops_aws.checks.named import name_in
from finops_cost_management import Effort, OptimizationCategory, Risk
from finops_cost_management.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

_AMAZONS = "amazon"
_IN_USE = r"PublicIPv4:InUseAddress"


class UnassociatedAddressesOptions(AwsCheckOptions):
    """How much use within the look-back is too much to call an address unused."""

    lookback_days: int = Field(default=7, ge=1, le=93)
    """How many days of the bill are looked at: AWS does not say since when an address is free."""

    maximum_use: Decimal = Field(default=Decimal("0.1"), ge=0, lt=1)
    """Share of its cost in the look-back for hours in use, above which it cannot be told."""


class UnassociatedAddresses(AwsCheck[UnassociatedAddressesOptions]):
    """Finds Elastic IP addresses that are associated with nothing: they cost by the hour.

    Addresses that the account has brought itself cost nothing, and are clean.
    """

    Options = UnassociatedAddressesOptions
    use = "aws.unassociated_addresses"
    permissions: ClassVar[tuple[str, ...]] = ("ec2:DescribeAddresses", "sts:GetCallerIdentity")

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every Elastic IP address."""
        for told in region.pages("ec2:DescribeAddresses", "describe_addresses", "Addresses"):
            yield Resource(
                id=region.arn("ec2", f"elastic-ip/{told['AllocationId']}"),
                name=name_in(told.get("Tags")) or told["PublicIp"],
                type="Elastic IP address",
                configuration={"address": told["PublicIp"]},
                told=told,
            )

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price for all
        """An hour of a public IPv4 address, all month long."""
        return PUBLIC_IPV4_HOUR * HOURS_A_MONTH

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Unassociated is what has neither an association nor an interface."""
        told = resource.told
        if told.get("AssociationId") or told.get("NetworkInterfaceId") or told.get("InstanceId"):
            return None
        if told.get("PublicIpv4Pool", _AMAZONS) != _AMAZONS:
            return None
        if keeper := told.get("ServiceManaged"):
            return f"the service {keeper} manages it"
        price = self.price(resource, region)
        own = None if price is None else price.own
        if own is not None and own.total > 0:
            used = own.of_meters(_IN_USE) / own.total
            if used > self.options.maximum_use:
                return f"{percent(used)} of its cost in the last {region.days} days was for use"
        return self.advice(
            resource,
            region,
            price,
            category=OptimizationCategory.NETWORK,
            recommendation=f"Release the address {resource.label}: it is associated with nothing",
            steps=(
                "Look for it in DNS records, firewalls and partners' allow lists.",
                "Release it, if nobody waits for it to come back.",
                "Keep it and note why, where somebody outside knows the address.",
            ),
            recommended_configuration={"address": "released"},
            confidence=0.9 if own is not None else 0.8,
            implementation_effort=Effort.LOW,
            risk=Risk.LOW,
            reversible=False,
            evidence={
                "association": "none",
                "since": "unknown to AWS" if own is None else f"{region.days} days, by the bill",
                "address": told["PublicIp"],
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """An address on its own, one of a NAT gateway, one that was in use last week."""
        from finops_cost_management import daily_charges

        def address(aws: Any) -> str:
            return str(aws("ec2").allocate_address(Domain="vpc")["AllocationId"])

        def associated(aws: Any) -> None:
            subnet = aws("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
            aws("ec2").create_nat_gateway(SubnetId=subnet, AllocationId=address(aws))

        def known(aws: Any) -> None:
            from moto.ec2.models import ec2_backends

            address(aws)
            account = aws("sts").get_caller_identity()["Account"]
            # An id that the bill of the case can name: moto gives another one each time.
            ec2_backends[account][REGION].addresses[0].allocation_id = "eipalloc-0a1b2c3d"

        return (
            AwsCase(name="an address on its own", verdict="finding", made=address),
            AwsCase(name="an address of a NAT gateway", verdict="clean", made=associated),
            AwsCase(
                name="an address that was in use",
                verdict="unknown",
                made=known,
                charges=daily_charges(
                    "0.12",
                    ResourceId="arn:aws:ec2:us-east-1:123456789012:elastic-ip/eipalloc-0a1b2c3d",
                    SkuMeter="PublicIPv4:InUseAddress",
                ),
            ),
        )
