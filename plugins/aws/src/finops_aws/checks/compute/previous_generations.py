"""EC2 instances of a family that has a cheaper successor, as EC2 itself describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import AwsCheckOptions
from finops_aws.checks.compute.instances import (
    HOURS,
    LINUX,
    InstanceCheck,
    group_of,
    instances,
    is_spot,
    platform,
)
from finops_cost_management import Effort, OptimizationCategory, Risk
from finops_cost_management.builtin.checks.successors import successor_of
from finops_cost_management.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase


class PreviousGenerationsOptions(AwsCheckOptions):
    """From when on a newer generation is worth a word."""


class PreviousGenerations(InstanceCheck[PreviousGenerationsOptions]):
    """Finds running EC2 instances of a family that costs more than the one that came after it.

    The families and their list prices are those of `previous_generations`. Beyond the bill, it
    knows the image: what must be changed before the move (32 bits, paravirtual, network drivers),
    and which Auto Scaling group would undo it. Spot instances are left out.
    """

    Options = PreviousGenerationsOptions
    use = "aws.previous_generations"
    permissions: ClassVar[tuple[str, ...]] = ("ec2:DescribeInstances", "sts:GetCallerIdentity")

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every running instance on demand."""
        return (one for one in instances(region, "running") if not is_spot(one.told))

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """A finding if the table has a cheaper successor of its type."""
        current = resource.told["InstanceType"]
        found = successor_of("AWS", current)
        if found is None:
            return None
        if platform(resource.told) != LINUX:
            return (
                f"the price of {platform(resource.told)} includes a licence, which a newer "
                "generation does not change"
            )
        if resource.told.get("Architecture") == "i386":
            return "its image is of 32 bits: the successor cannot start it"
        successor, newer = found
        hurdles = _hurdles(resource.told, is_arm=successor.is_arm)
        is_hard = successor.is_arm or successor.loses_disks
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=HOURS),
            share=1 - successor.ratio,
            category=OptimizationCategory.COMPUTE,
            recommendation=f"Move {resource.label} from {current} to {newer}, which costs less",
            steps=(*hurdles, *_move(resource, newer)),
            recommended_configuration={"instance type": newer},
            confidence=0.7 if successor.is_arm else 0.8,
            implementation_effort=Effort.MEDIUM if hurdles else Effort.LOW,
            risk=Risk.MEDIUM if is_hard else Risk.LOW,
            restart_needed=True,
            evidence={
                "list prices an hour": successor.evidence,
                "price difference": percent(1 - successor.ratio),
                "virtualisation": str(resource.told.get("VirtualizationType", "not known")),
                "network driver ENA": "yes" if resource.told.get("EnaSupport") else "no",
                **({"what is different": successor.differences} if successor.differences else {}),
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """One of 2015, a newer one, and one with a licence in its price."""
        from finops_aws.checks.compute.instance_cases import instance

        def windows(aws: Any) -> None:
            images = aws("ec2").describe_images()["Images"]
            image = next(one["ImageId"] for one in images if one.get("Platform") == "windows")
            aws("ec2").run_instances(
                ImageId=image, InstanceType="m4.xlarge", MinCount=1, MaxCount=1
            )

        return (
            AwsCase(
                name="a type of 2015",
                verdict="finding",
                made=lambda aws: instance(aws, "m4.xlarge"),
            ),
            AwsCase(
                name="a type without a cheaper successor",
                verdict="clean",
                made=lambda aws: instance(aws, "m6i.xlarge"),
            ),
            AwsCase(name="one of Windows", verdict="unknown", made=windows),
        )


def _hurdles(told: Mapping[str, Any], *, is_arm: bool) -> tuple[str, ...]:
    """What must be done to the image before the successor can start it."""
    if is_arm:
        return ("Build the image and all of its software for Arm, and test them there.",)
    if told.get("VirtualizationType") == "paravirtual":
        return ("Build a new image with hardware virtualisation (HVM): this one has none.",)
    if not told.get("EnaSupport"):
        return ("Install the drivers of ENA and NVMe, and switch ENA on for the instance.",)
    return ()


def _move(resource: Resource, newer: str) -> tuple[str, ...]:
    group = group_of(resource.told)
    change = (
        f"Set {newer} in the launch template of the Auto Scaling group {group}, and start an "
        "instance refresh."
        if group
        else f"Make snapshots, stop {resource.label}, change its type to {newer}, and start it."
    )
    return (change, "Watch CPU, memory and latency for a day; the way back is the same.")
