"""EBS snapshots that are old, and that no image is made of."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import AwsCheck, AwsCheckOptions, Resource
from finops_aws.checks.list_prices import SNAPSHOT_GB_MONTH
from finops_aws.checks.named import name_in, tags_of
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

_GIB = 2**30
_COPIED = "vol-ffffffff"
"""What AWS writes as the volume of a snapshot that was copied from another."""

_ARCHIVED = "archive"


class OldSnapshotsOptions(AwsCheckOptions):
    """From when on a snapshot is old."""

    lookback_days: int = Field(default=30, ge=1, le=93)
    """Over how many days its cost is averaged; younger snapshots are not judged."""

    minimum_age_days: int = Field(default=90, ge=1)
    """How old a snapshot must be."""


class OldSnapshots(AwsCheck[OldSnapshotsOptions]):
    """Finds snapshots of the account that are old and that none of its images uses.

    Where the volume is gone as well, nobody goes on adding to them: that is likelier waste. What
    AWS Backup keeps is unknown, for its plan knows for how long. Archived snapshots are clean.
    """

    Options = OldSnapshotsOptions
    use = "aws.old_snapshots"
    permissions: ClassVar[tuple[str, ...]] = (
        "ec2:DescribeImages",
        "ec2:DescribeSnapshots",
        "ec2:DescribeVolumes",
        "sts:GetCallerIdentity",
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every snapshot of the account, with what uses it."""
        pages = region.pages
        volumes = {
            one["VolumeId"] for one in pages("ec2:DescribeVolumes", "describe_volumes", "Volumes")
        }
        images = _images_of_snapshots(region)
        own = {"Name": "owner-id", "Values": [region.account]}
        for told in pages(
            "ec2:DescribeSnapshots", "describe_snapshots", "Snapshots", Filters=[own]
        ):
            name = told["SnapshotId"]
            volume = told.get("VolumeId") or _COPIED
            yield Resource(
                id=region.arn("ec2", f"snapshot/{name}"),
                name=name_in(told.get("Tags")) or name,
                type="EBS Snapshot",
                created=told["StartTime"],
                configuration={
                    "size of the volume": f"{told['VolumeSize']} GiB",
                    "tier": told.get("StorageTier", "standard"),
                },
                told={
                    **told,
                    "Images": images.get(name, ()),
                    "Orphaned": volume != _COPIED and volume not in volumes,
                },
            )

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """All of its data, though it may share some with others."""
        full = resource.told.get("FullSnapshotSizeInBytes")
        size = Decimal(full) / _GIB if full else Decimal(resource.told["VolumeSize"])
        return size * SNAPSHOT_GB_MONTH

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Old is what is older than the option says and used by no image."""
        told = resource.told
        created = told["StartTime"]
        if created > region.until - timedelta(days=self.options.minimum_age_days):
            return None
        if told["Images"] or told.get("StorageTier") == _ARCHIVED:
            return None
        if keeper := _keeper(told):
            return f"{keeper} keeps it, and knows for how long"
        age, orphaned = (region.until - created).days, told["Orphaned"]
        return self.advice(
            resource,
            region,
            self.price(resource, region),
            category=OptimizationCategory.STORAGE,
            recommendation=(
                f"Delete or archive the snapshot {resource.label}: it is {age} days old, and no "
                f"image uses it" + (", and its volume is gone" if orphaned else "")
            ),
            steps=(
                "Ask whether a rule says how long it must be kept.",
                "See whether another account or a launch template refers to it.",
                "Move what must be kept for more than three months to the archive tier.",
                "Delete the others, with a rule of the Recycle Bin in place.",
                "Let Data Lifecycle Manager delete the next ones.",
            ),
            recommended_configuration={"state": "archived or deleted"},
            confidence=0.8 if orphaned else 0.5,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            reversible=False,
            evidence={
                "made": f"{created:%Y-%m-%d}",
                "volume": f"{told.get('VolumeId')}, {'gone' if orphaned else 'there, or a copy'}",
                "images that use it": "none",
                "description": told.get("Description") or "none",
                "upper bound": "snapshots share data; what others still need stays on the bill",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A snapshot of a volume that is gone, of an image, of this month, and of AWS Backup."""

        def snapshot(description: str = "") -> Any:
            def make(aws: Any) -> None:
                ec2 = aws("ec2")
                volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=100)["VolumeId"]
                ec2.create_snapshot(VolumeId=volume, Description=description)
                ec2.delete_volume(VolumeId=volume)

            return make

        def image(aws: Any) -> None:
            ec2 = aws("ec2")
            (instance,) = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)[
                "Instances"
            ]
            ec2.create_image(InstanceId=instance["InstanceId"], Name="golden")

        return (
            AwsCase(name="a snapshot of a volume that is gone", verdict="finding", made=snapshot()),
            AwsCase(name="a snapshot of an image", verdict="clean", made=image),
            AwsCase(name="a snapshot of this month", verdict="clean", made=snapshot(), days_ago=20),
            AwsCase(
                name="a snapshot of a backup plan",
                verdict="unknown",
                made=snapshot("This snapshot is created by the AWS Backup service."),
            ),
        )


def _images_of_snapshots(region: Region) -> dict[str, list[str]]:
    """Id of a snapshot → the images of the account that are made of it."""
    found: dict[str, list[str]] = {}
    for image in region.pages("ec2:DescribeImages", "describe_images", "Images", Owners=["self"]):
        for device in image.get("BlockDeviceMappings", ()):
            snapshot = device.get("Ebs", {}).get("SnapshotId")
            if snapshot:
                found.setdefault(snapshot, []).append(image["ImageId"])
    return found


def _keeper(told: Mapping[str, Any]) -> str:
    """Whoever deletes a snapshot by a plan of its own; empty where nobody does."""
    tags = tags_of(told.get("Tags"))
    if "AWS Backup" in told.get("Description", "") or "aws:backup:source-resource" in tags:
        return "AWS Backup"
    return "Data Lifecycle Manager" if "aws:dlm:lifecycle-policy-id" in tags else ""
