"""EBS volumes that are attached, and hardly read or written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase, daily_metric
from finops_aws.checks.aws_check import AwsCheck
from finops_aws.checks.measured import MeasuredOptions, measured, why_unmeasured
from finops_aws.checks.region import Metric
from finops_aws.checks.storage.volumes import volume_price, volumes
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

_METRICS = ("VolumeReadOps", "VolumeWriteOps")


class IdleVolumesOptions(MeasuredOptions):
    """How little counts as nothing."""

    lookback_days: int = Field(default=32, ge=1, le=93)
    """How many days are looked at; younger volumes are not judged."""

    maximum_daily_operations: float = Field(default=1, ge=0)
    """Reads and writes on an average day below which a volume is idle."""


class IdleVolumes(AwsCheck[IdleVolumesOptions]):
    """Finds EBS volumes that an instance holds and does not use.

    CloudWatch has operations of a volume only while its instance runs: without them it is
    unknown, not idle.
    """

    Options = IdleVolumesOptions
    use = "aws.idle_volumes"
    permissions: ClassVar[tuple[str, ...]] = (
        "cloudwatch:GetMetricData",
        "ec2:DescribeVolumes",
        "sts:GetCallerIdentity",
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every attached volume, with its operations."""

        def wanted(volume: Resource) -> Mapping[str, Metric]:
            of = {"VolumeId": volume.id}
            return {
                name: Metric(namespace="AWS/EBS", name=name, dimensions=of, statistic="Sum")
                for name in _METRICS
            }

        attached = [one for one in volumes(region) if one.told["State"] == "in-use"]
        return measured(region, attached, wanted)

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """Size times the price of its type."""
        return volume_price(resource)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Idle is what has fewer operations than an average day may have."""
        operations = sum(sum(resource.metrics[name]) for name in _METRICS)
        days = max(len(resource.metrics[name]) for name in _METRICS)
        if days and operations / days >= self.options.maximum_daily_operations:
            return None
        if reason := why_unmeasured(resource, _METRICS, self.options):
            return f"{reason}: its instance may be stopped"
        instances = [held["InstanceId"] for held in resource.told["Attachments"]]
        return self.advice(
            resource,
            region,
            self.price(resource, region),
            category=OptimizationCategory.STORAGE,
            recommendation=(
                f"Detach and delete the volume {resource.label}: in {region.days} days it had "
                f"{operations:,.0f} reads and writes"
            ),
            steps=(
                f"Ask who runs {', '.join(instances)} whether anything is mounted from it.",
                "Make a snapshot, unmount the volume and detach it.",
                "Wait for a week, then delete the volume.",
            ),
            recommended_configuration={"state": "deleted"},
            confidence=0.8,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            reversible=False,
            evidence={
                "reads and writes": f"{operations:,.0f} in {days} days",
                "attached to": ", ".join(instances),
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """An attached volume without operations, one with them, one without metrics."""

        def attached(aws: Any) -> str:
            disk = {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 100}}
            aws("ec2").run_instances(
                ImageId="ami-12345678", MinCount=1, MaxCount=1, BlockDeviceMappings=[disk]
            )
            (volume,) = aws("ec2").describe_volumes()["Volumes"]
            return str(volume["VolumeId"])

        def operated(number: float, days: int = 32) -> Any:
            def make(aws: Any) -> None:
                volume = {"VolumeId": attached(aws)}
                for name in _METRICS:
                    daily_metric(aws, "AWS/EBS", name, volume, [number] * days)

            return make

        return (
            AwsCase(name="a volume that nothing reads", verdict="finding", made=operated(0)),
            AwsCase(name="a volume in use", verdict="clean", made=operated(400)),
            AwsCase(name="a volume without metrics", verdict="unknown", made=attached),
            AwsCase(name="five days of metrics", verdict="unknown", made=operated(0, days=5)),
        )
