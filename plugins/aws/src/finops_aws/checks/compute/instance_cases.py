"""Instances that the cases of checks are made of, and what CloudWatch measured of them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from finops_cost_management.plugins.savings_case import CASE_END

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from finops_aws.aws_case import ClientOf

HOURS_A_DAY = 24
_MOST_VALUES = 1000
"""Values that one PutMetricData may have."""


def instance(aws: ClientOf, instance_type: str = "m5.xlarge", **details: Any) -> str:
    """The id of a new Linux instance.

    Args:
        aws: Gives clients.
        instance_type: Its type.
        **details: Other arguments of RunInstances; ``Tags`` as key → value.
    """
    tags: Mapping[str, str] = details.pop("Tags", {})
    if tags:
        named = [{"Key": key, "Value": value} for key, value in tags.items()]
        details["TagSpecifications"] = [{"ResourceType": "instance", "Tags": named}]
    made = aws("ec2").run_instances(
        ImageId="ami-12345678", InstanceType=instance_type, MinCount=1, MaxCount=1, **details
    )
    return str(made["Instances"][0]["InstanceId"])


def a_day(value: Callable[[int], float]) -> Callable[[datetime], float]:
    """The same on each day, by the hour of UTC."""
    return lambda when: value(when.hour)


def measure(
    aws: ClientOf, instance_id: str, *, days: int, every: int = HOURS_A_DAY, **values: Any
) -> None:
    """Have CloudWatch know these metrics of an instance, up to the end of the case.

    Args:
        aws: Gives clients.
        instance_id: Whose they are.
        days: Of how many days.
        every: Hours between two values.
        **values: Name of the metric → its value, or a function that gives it for a time.
    """
    put(aws, "AWS/EC2", {"InstanceId": instance_id}, days=days, every=every, **values)


def put(
    aws: ClientOf,
    namespace: str,
    dimensions: Mapping[str, str],
    *,
    days: int,
    every: int = HOURS_A_DAY,
    **values: Any,
) -> None:
    """As `measure`, for metrics of anything."""
    end = datetime.combine(CASE_END, time(), UTC)
    hours = range(days * HOURS_A_DAY, 0, -every)
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    data = [
        {
            "MetricName": name,
            "Dimensions": named,
            "Timestamp": when,
            "Value": value(when) if callable(value) else value,
        }
        for when in (end - timedelta(hours=back) for back in hours)
        for name, value in values.items()
    ]
    for start in range(0, len(data), _MOST_VALUES):
        aws("cloudwatch").put_metric_data(
            Namespace=namespace, MetricData=data[start : start + _MOST_VALUES]
        )
