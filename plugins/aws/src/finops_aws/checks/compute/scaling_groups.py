"""Auto Scaling groups and their members, as the checks of groups look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finops_aws.checks.aws_check import Resource
from finops_aws.checks.compute.instances import instances
from finops_aws.checks.named import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from finops_aws.checks.region import Region


def scaling_groups(region: Region) -> Iterator[Resource]:
    """Every group, with the members that run as its parts."""
    running = {one.id: one for one in instances(region, "running")}
    for told in region.pages(
        "autoscaling:DescribeAutoScalingGroups",
        "describe_auto_scaling_groups",
        "AutoScalingGroups",
    ):
        members = (one["InstanceId"] for one in told.get("Instances", ()))
        yield Resource(
            id=told["AutoScalingGroupARN"],
            name=told["AutoScalingGroupName"],
            type="Auto Scaling group",
            created=told["CreatedTime"],
            configuration={
                "minimum": str(told["MinSize"]),
                "desired": str(told["DesiredCapacity"]),
                "maximum": str(told["MaxSize"]),
                "instance types": ", ".join(_types(told)) or "none",
            },
            told={**told, "Tags": tags_of(told.get("Tags"))},
            parts=tuple(running[one] for one in members if one in running),
        )


def _types(told: Mapping[str, Any]) -> list[str]:
    known = (one.get("InstanceType") for one in told.get("Instances", ()))
    return sorted({name for name in known if name})
