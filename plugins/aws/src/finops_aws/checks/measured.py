"""What CloudWatch knows of resources, and when that is too little to judge them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING

from pydantic import Field

from finops_aws.checks.aws_check import AwsCheckOptions, Resource
from finops_aws.checks.region import Metric, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from finops_aws.checks.region import Region

AGENT = "CWAgent"
"""The namespace of what the CloudWatch agent measures inside of machines."""


class MeasuredOptions(AwsCheckOptions):
    """How much of the look-back must be measured."""

    minimum_days_share: Decimal = Field(default=Decimal("0.7"), gt=0, le=1)
    """Share of the days of the look-back that must have metrics; what has fewer is unknown."""


def measured(
    region: Region,
    resources: Sequence[Resource],
    wanted: Callable[[Resource], Mapping[str, Metric]],
) -> Iterator[Resource]:
    """The resources with their metrics, all asked for together.

    Args:
        region: Where they are.
        resources: What is measured.
        wanted: Name → metric, of a resource.
    """
    asked = [(resource, wanted(resource)) for resource in resources]
    values = iter(region.metrics([metric for _, named in asked for metric in named.values()]))
    for resource, named in asked:
        yield replace(resource, metrics={name: next(values) for name in named})


def why_unmeasured(
    resource: Resource, names: Sequence[str], options: MeasuredOptions
) -> str | None:
    """Why these metrics do not tell enough of a resource; None where they do."""
    for name in names:
        known = resource.metrics.get(name, ())
        days = known.days if isinstance(known, Series) else len(known)
        if not days:
            return f"no metrics of {name}: CloudWatch has none in {options.lookback_days} days"
        if days < options.minimum_days_share * options.lookback_days:
            return f"metrics of {name} on only {days} of {options.lookback_days} days"
    return None


def added(*metrics: Sequence[float]) -> Series:
    """What several metrics of a resource make together, period by period."""
    sums: dict[datetime, float] = {}
    for one in metrics:
        for when, value in zip(one.times, one, strict=True) if isinstance(one, Series) else ():
            sums[when] = sums.get(when, 0.0) + value
    return Series(sums)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of the values does not exceed (nearest rank).

    Args:
        values: One at least.
        share: In per cent, in (0, 100].
    """
    return sorted(values)[ceil(len(values) * share / 100) - 1]


def agent_metrics(
    region: Region, names: Sequence[str], *, seconds: int = 3600
) -> dict[str, list[Metric]]:
    """Instance → its metrics of the CloudWatch agent, for those that run it.

    The agent adds dimensions as it is set up to (type, image, group, number of the GPU), and
    CloudWatch only finds a metric by all of them: so they are looked up first.

    Args:
        region: Where the instances are.
        names: The metric, as the agents of Linux and of Windows call it.
        seconds: Length of a period; of each the maximum is asked for.
    """
    found: dict[str, list[Metric]] = {}
    for name in names:
        for told in region.pages(
            "cloudwatch:ListMetrics",
            "list_metrics",
            "Metrics",
            Namespace=AGENT,
            MetricName=name,
        ):
            dimensions = {one["Name"]: one["Value"] for one in told.get("Dimensions", ())}
            if instance := dimensions.get("InstanceId"):
                metric = Metric(
                    namespace=AGENT,
                    name=name,
                    dimensions=dimensions,
                    statistic="Maximum",
                    seconds=seconds,
                )
                found.setdefault(instance, []).append(metric)
    return found
