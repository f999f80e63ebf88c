"""EBS volumes of the type gp2, which gp3 does for less."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import AwsCheck, AwsCheckOptions
from finops_aws.checks.list_prices import GP3_IOPS_MONTH, GP3_MIBPS_MONTH, VOLUME_GB_MONTH
from finops_aws.checks.storage.volumes import volume_price, volumes
from finops_cost_management import Effort, OptimizationCategory, Risk
from finops_cost_management.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

GP3_IOPS, GP3_MIBPS = 3_000, 125
"""What every gp3 volume includes."""

_GP2_IOPS_PER_GIB, _GP2_MOST_IOPS, _GP2_MOST_MIBPS = 3, 16_000, 250
_METERS = r"VolumeUsage\.gp2"


class Gp2VolumesOptions(AwsCheckOptions):
    """From which size on the performance is matched."""

    matched_above: int = Field(default=1_000, ge=0)
    """GiB above which IOPS and throughput are bought to match those of gp2, which grow with it."""


class Gp2Volumes(AwsCheck[Gp2VolumesOptions]):
    """Finds gp2 volumes: gp3 costs a fifth less a gigabyte, and has 3,000 IOPS at any size."""

    Options = Gp2VolumesOptions
    use = "aws.gp2_volumes"
    permissions: ClassVar[tuple[str, ...]] = ("ec2:DescribeVolumes", "sts:GetCallerIdentity")

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every volume."""
        return volumes(region)

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """Size times the price of its type."""
        return volume_price(resource)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """The saving is the share by which the list prices of both types differ."""
        if resource.told["VolumeType"] != "gp2":
            return None
        size = resource.told["Size"]
        iops, throughput = self._target(size)
        now = VOLUME_GB_MONTH["gp2"] * size
        then = (
            VOLUME_GB_MONTH["gp3"] * size
            + GP3_IOPS_MONTH * (iops - GP3_IOPS)
            + GP3_MIBPS_MONTH * (throughput - GP3_MIBPS)
        )
        share = max(1 - then / now, Decimal(0))
        matched = size > self.options.matched_above
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=_METERS),
            share=share,
            category=OptimizationCategory.STORAGE,
            recommendation=(
                f"Change the volume {resource.label} from gp2 to gp3, with {iops:,} IOPS and "
                f"{throughput} MiB/s"
            ),
            steps=(
                "See in CloudWatch how many operations and bytes a second it needs at its peak.",
                (
                    f"Change the type to gp3 with {iops:,} IOPS and {throughput} MiB/s; it stays "
                    "in use meanwhile."
                ),
                "Watch its queue for a day; IOPS and throughput can be raised at any time.",
                "Change the type in templates, too, or the next one is gp2 again.",
            ),
            recommended_configuration={
                "type": "gp3",
                "size": f"{size} GiB",
                "IOPS": str(iops),
                "throughput": f"{throughput} MiB/s",
            },
            confidence=0.9,
            implementation_effort=Effort.LOW,
            risk=Risk.LOW,
            reversible=True,
            evidence={
                "share saved, by list prices": percent(share),
                "performance": (
                    f"IOPS and throughput of gp2 at {size:,} GiB are bought on top"
                    if matched
                    else f"{GP3_IOPS:,} IOPS and {GP3_MIBPS} MiB/s are included; gp2 of this size "
                    f"has {_gp2_iops(size):,} IOPS and bursts"
                ),
            },
        )

    def _target(self, size: int) -> tuple[int, int]:
        """IOPS and MiB/s of gp3 that do not fall behind gp2 of this size."""
        if size <= self.options.matched_above:
            return GP3_IOPS, GP3_MIBPS
        return max(_gp2_iops(size), GP3_IOPS), _GP2_MOST_MIBPS

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A gp2 volume, a gp3 volume, and a gp2 volume of yesterday."""

        def volume(kind: str) -> Any:
            def make(aws: Any) -> None:
                aws("ec2").create_volume(AvailabilityZone="us-east-1a", Size=100, VolumeType=kind)

            return make

        return (
            AwsCase(name="a gp2 volume", verdict="finding", made=volume("gp2")),
            AwsCase(name="a gp3 volume", verdict="clean", made=volume("gp3")),
            AwsCase(
                name="a gp2 volume of yesterday",
                verdict="unknown",
                made=volume("gp2"),
                days_ago=1,
            ),
        )


def _gp2_iops(size: int) -> int:
    return min(max(size * _GP2_IOPS_PER_GIB, 100), _GP2_MOST_IOPS)
