"""EC2 instances that are stopped for long, and whose volumes go on costing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import AwsCheck, AwsCheckOptions
from finops_aws.checks.compute.instances import instances
from finops_aws.checks.storage.volumes import volume_price, volumes
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

_DAY = re.compile(r"\((\d{4}-\d{2}-\d{2})")


class StoppedInstancesOptions(AwsCheckOptions):
    """How long an instance must be stopped."""

    lookback_days: int = Field(default=30, ge=1, le=93)
    """Days for which an instance must have been stopped."""


class StoppedInstances(AwsCheck[StoppedInstancesOptions]):
    """Finds EC2 instances that are stopped for long: their EBS volumes cost as before.

    Since when, AWS says in `StateTransitionReason`. What is saved are the volumes, at what each
    of them costs on the bill.
    """

    Options = StoppedInstancesOptions
    use = "aws.stopped_instances"
    permissions: ClassVar[tuple[str, ...]] = (
        "ec2:DescribeInstances",
        "ec2:DescribeVolumes",
        "sts:GetCallerIdentity",
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every stopped instance, with its volumes."""
        stopped = list(instances(region, "stopped"))
        attached: dict[str, list[Resource]] = {}
        for volume in volumes(region) if stopped else ():
            holders = [one["InstanceId"] for one in volume.told.get("Attachments", ())]
            if len(holders) == 1:  # one that several instances share may be in use
                attached.setdefault(holders[0], []).append(volume)
        for one in stopped:
            yield replace(one, parts=tuple(attached.get(one.id, ())))

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """Of a volume; a stopped instance itself is not priced."""
        return volume_price(resource)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """A finding if it is stopped for the whole look-back, and has volumes."""
        if not resource.parts:
            return None
        since = stopped_since(resource.told)
        if since is None:
            return "AWS does not say since when it is stopped"
        days = (region.until.date() - since).days
        if days < region.days:
            return None
        size = sum(one.told["Size"] for one in resource.parts)
        return self.advice(
            resource,
            region,
            self.price_of_parts(resource, region),
            category=OptimizationCategory.COMPUTE,
            recommendation=(
                f"Delete the instance {resource.label} with its volumes: it is stopped for "
                f"{days} days"
            ),
            steps=(
                "Ask whose it is, and whether it is to start again.",
                (
                    "Make an image of it: its snapshots cost half as much a gigabyte, or less, and "
                    "can be archived."
                ),
                "Start an instance from the image once, to see that it works.",
                "Terminate the instance, and delete the volumes that are not deleted with it.",
                "Release an Elastic IP address that it held.",
            ),
            recommended_configuration={"state": "terminated", "volumes": "deleted"},
            confidence=0.75,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            reversible=False,
            evidence={
                "stopped since": since.isoformat(),
                "days stopped": str(days),
                "volumes": f"{len(resource.parts)}, of {size} GiB",
                "left out": "the snapshots of an image, which cost something too",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """One that is stopped for long, one that was stopped last week, one without a day."""
        from finops_aws.checks.compute.instance_cases import instance

        disk = [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 200, "VolumeType": "gp3"}}]

        def stopped(aws: Any) -> str:
            made = instance(aws, BlockDeviceMappings=disk)
            aws("ec2").stop_instances(InstanceIds=[made])
            return made

        def without_a_day(aws: Any) -> None:
            from moto.ec2.models import ec2_backends

            made = stopped(aws)
            for account in ec2_backends.values():
                account["us-east-1"].get_instance(made)._reason = ""  # noqa: SLF001 # moto always names the day

        return (
            AwsCase(name="stopped for 200 days", verdict="finding", made=stopped),
            AwsCase(name="stopped for a week", verdict="clean", made=stopped, days_ago=7),
            AwsCase(
                name="one that runs",
                verdict="clean",
                made=lambda aws: (stopped(aws), instance(aws)),
                days_ago=20,
            ),
            AwsCase(name="AWS does not say since when", verdict="unknown", made=without_a_day),
        )


def stopped_since(told: Mapping[str, Any]) -> date | None:
    """The day on which an instance was stopped; None where AWS does not say.

    Example:
        >>> stopped_since({"StateTransitionReason": "User initiated (2026-08-01 10:00:00 GMT)"})
        datetime.date(2026, 8, 1)
    """
    found = _DAY.search(told.get("StateTransitionReason") or "")
    return None if found is None else date.fromisoformat(found[1])
