"""EC2 instances, as the checks of machines look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from finops_aws.checks.aws_check import AwsCheck, AwsCheckOptions, Resource
from finops_aws.checks.compute.instance_types import hourly_price
from finops_aws.checks.list_prices import HOURS_A_MONTH
from finops_aws.checks.named import name_in, tags_of
from finops_aws.checks.region import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from decimal import Decimal

    from finops_aws.checks.region import Region, Statistic

HOURS = r"BoxUsage|DedicatedUsage|HostUsage|SpotUsage|(?i:instance[- ]hour)"
"""Meters of an instance's hours: what goes through the network is charged beside them."""

LINUX = "Linux/UNIX"
GROUP_TAG = "aws:autoscaling:groupName"
HOUR, DAY = 3_600, 86_400
OptionsT = TypeVar("OptionsT", bound=AwsCheckOptions)


class InstanceCheck(AwsCheck[OptionsT]):
    """Looks at EC2 instances."""

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """The hours of a Linux instance on demand; of others none is known."""
        told = resource.told
        if platform(told) != LINUX or is_spot(told):
            return None
        hour = hourly_price(told["InstanceType"])
        return None if hour is None else hour * HOURS_A_MONTH


def instances(region: Region, *states: str) -> Iterator[Resource]:
    """Instances in one of these states: ``running``, ``stopped``."""
    for reservation in region.pages(
        "ec2:DescribeInstances",
        "describe_instances",
        "Reservations",
        Filters=[{"Name": "instance-state-name", "Values": list(states)}],
    ):
        for told in reservation["Instances"]:
            yield _resource(told)


def _resource(told: Mapping[str, Any]) -> Resource:
    group = group_of(told)
    return Resource(
        id=told["InstanceId"],
        name=name_in(told.get("Tags")),
        type="EC2 Instance",
        created=_created(told),
        configuration={
            "instance type": told["InstanceType"],
            "state": told["State"]["Name"],
            "platform": platform(told),
            **({"Auto Scaling group": group} if group else {}),
        },
        told=told,
    )


def _created(told: Mapping[str, Any]) -> datetime:
    """When it was made: each start renews `LaunchTime`, but not what it was made with."""
    disks = (one.get("Ebs", {}) for one in told.get("BlockDeviceMappings", ()))
    cards = (one.get("Attachment", {}) for one in told.get("NetworkInterfaces", ()))
    attached = (one["AttachTime"] for one in (*disks, *cards) if one.get("AttachTime"))
    first: datetime = min(told["LaunchTime"], *attached)
    return first


def platform(told: Mapping[str, Any]) -> str:
    """The operating system and its licences, as AWS bills them."""
    windows = "Windows" if str(told.get("Platform", "")).lower() == "windows" else LINUX
    return str(told.get("PlatformDetails") or windows)


def is_spot(told: Mapping[str, Any]) -> bool:
    """Whether AWS can take it away: it is priced by demand, not by a list."""
    return bool(told.get("InstanceLifecycle") == "spot")


def group_of(told: Mapping[str, Any]) -> str | None:
    """The Auto Scaling group that made it; None where no group did."""
    return tags_of(told.get("Tags")).get(GROUP_TAG)


def ec2_metric(
    resource: Resource, name: str, statistic: Statistic = "Average", *, seconds: int = DAY
) -> Metric:
    """A metric that EC2 measures of every instance."""
    return Metric(
        namespace="AWS/EC2",
        name=name,
        dimensions={"InstanceId": resource.id},
        statistic=statistic,
        seconds=seconds,
    )
