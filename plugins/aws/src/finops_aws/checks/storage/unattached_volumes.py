"""EBS volumes that no instance is attached to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import AwsCheck, AwsCheckOptions
from finops_aws.checks.storage.volumes import volume_price, volumes
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal
    from typing import Any

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase


class UnattachedVolumesOptions(AwsCheckOptions):
    """How old a volume must be."""


class UnattachedVolumes(AwsCheck[UnattachedVolumesOptions]):
    """Finds EBS volumes in the state `available`: they cost as if they were used.

    AWS does not say since when a volume is unattached: it must be older than the look-back.
    """

    Options = UnattachedVolumesOptions
    use = "aws.unattached_volumes"
    permissions: ClassVar[tuple[str, ...]] = ("ec2:DescribeVolumes", "sts:GetCallerIdentity")

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every volume."""
        return volumes(region)

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """Size times the price of its type."""
        return volume_price(resource)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Unattached is what is available."""
        if resource.told["State"] != "available":
            return None
        return self.advice(
            resource,
            region,
            self.price(resource, region),
            category=OptimizationCategory.STORAGE,
            recommendation=f"Delete the volume {resource.label}: no instance is attached to it",
            steps=(
                "Ask who made it, and whether its data is needed.",
                "Make a snapshot, if it may be: that costs about half as much a gigabyte.",
                "Delete the volume.",
            ),
            recommended_configuration={"state": "deleted"},
            confidence=0.85,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            reversible=False,
            evidence={
                "created": f"{resource.created:%Y-%m-%d}",
                "attachments": "none",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A volume on its own, one that is attached, and one of yesterday."""

        def volume(aws: Any, size: int = 100) -> str:
            made = aws("ec2").create_volume(
                AvailabilityZone="us-east-1a", Size=size, VolumeType="gp2"
            )
            return str(made["VolumeId"])

        def attached(aws: Any) -> None:
            image = aws("ec2").describe_images()["Images"][0]["ImageId"]
            (instance,) = aws("ec2").run_instances(ImageId=image, MinCount=1, MaxCount=1)[
                "Instances"
            ]
            aws("ec2").attach_volume(
                VolumeId=volume(aws), InstanceId=instance["InstanceId"], Device="/dev/sdf"
            )

        return (
            AwsCase(name="a volume on its own", verdict="finding", made=volume),
            AwsCase(name="an attached volume", verdict="clean", made=attached),
            AwsCase(name="a volume of yesterday", verdict="unknown", made=volume, days_ago=1),
        )
