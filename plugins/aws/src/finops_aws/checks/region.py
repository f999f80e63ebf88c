"""One region of one account, as a check looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from finops_aws.access import client, explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_cost_management.plugins.component import Component

MOST_QUERIES = 500
"""Metrics that one GetMetricData may ask for."""

_DAY_SECONDS = 86_400
Statistic = Literal["Average", "Maximum", "Minimum", "Sum"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric of CloudWatch.

    Attributes:
        namespace: ``AWS/EC2``.
        name: ``CPUUtilization``.
        dimensions: ``{"InstanceId": "i-0ab"}``.
        statistic: How the values of a period become one.
        seconds: Length of a period.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: Statistic = "Average"
    seconds: int = _DAY_SECONDS

    @property
    def query(self) -> dict[str, Any]:
        """How GetMetricData is asked for it."""
        return {
            "Metric": {
                "Namespace": self.namespace,
                "MetricName": self.name,
                "Dimensions": [
                    {"Name": name, "Value": value} for name, value in self.dimensions.items()
                ],
            },
            "Period": self.seconds,
            "Stat": self.statistic,
        }


class Series(list[float]):
    """The values of a metric, oldest first.

    Args:
        known: When a period begins → its value; periods without values are absent.
    """

    def __init__(self, known: Mapping[datetime, float]) -> None:
        self.times = sorted(known)
        super().__init__(known[when] for when in self.times)

    @property
    def days(self) -> int:
        """On how many days of UTC there are values."""
        return len({when.astimezone(UTC).date() for when in self.times})


class Region:
    """Clients and metrics of one region; each client is made once.

    Args:
        name: ``eu-central-1``.
        component: Whose access and count of requests are used.
        until: The first day that is not looked at.
        days: How far back metrics are asked for.
    """

    def __init__(self, name: str, component: Component[Any], until: date, days: int) -> None:
        self.name = name
        self.until = datetime.combine(until, time(), UTC)
        self.days = days
        self._component = component
        self._clients: dict[str, Any] = {}

    @property
    def since(self) -> datetime:
        """When the look-back begins; what was made later is too young."""
        return self.until - timedelta(days=self.days)

    def client(self, service: str) -> Any:
        """The client of a service in this region."""
        if service not in self._clients:
            self._clients[service] = client(self._component, service, self.name)
        return self._clients[service]

    def pages(
        self, action: str, operation: str, result: str, *, service: str = "", **arguments: Any
    ) -> Iterator[Any]:
        """All items of a paged operation.

        Args:
            action: The IAM action: ``ec2:DescribeVolumes``; its service is the client's.
            operation: As boto3 names it: ``describe_volumes``.
            result: The key of the answer that has the items; parts of a path split by dots.
            service: As boto3 names it, where IAM calls it otherwise: ``elbv2``.
            **arguments: Of the operation.

        Raises:
            FinopsError: AWS refuses, in words.
        """
        with explained(action):
            asked = self.client(service or action.partition(":")[0])
            if not asked.can_paginate(operation):
                pages = [getattr(asked, operation)(**arguments)]
            else:
                pages = asked.get_paginator(operation).paginate(**arguments)
            for page in pages:
                items: Any = page
                for part in result.split("."):
                    items = items.get(part, ())
                yield from items

    def metrics(self, wanted: Sequence[Metric]) -> list[Series]:
        """The values of the look-back, oldest first, of each metric.

        A metric without values has none: that is no zero, and nothing is idle for it.
        """
        values: list[Series] = []
        for start in range(0, len(wanted), MOST_QUERIES):
            values += self._metrics(wanted[start : start + MOST_QUERIES])
        return values

    def _metrics(self, wanted: Sequence[Metric]) -> list[Series]:
        queries = [
            {"Id": f"m{number}", "MetricStat": metric.query, "ReturnData": True}
            for number, metric in enumerate(wanted)
        ]
        found: dict[str, dict[datetime, float]] = {}
        for result in self.pages(
            "cloudwatch:GetMetricData",
            "get_metric_data",
            "MetricDataResults",
            MetricDataQueries=queries,
            StartTime=self.since,
            EndTime=self.until,
        ):
            known = found.setdefault(result["Id"], {})
            known.update(zip(result["Timestamps"], result["Values"], strict=True))
        return [Series(found.get(f"m{number}", {})) for number in range(len(wanted))]

    @cached_property
    def account(self) -> str:
        """The account that is looked at."""
        with explained("sts:GetCallerIdentity"):
            account: str = self.client("sts").get_caller_identity()["Account"]
            return account

    def arn(self, service: str, resource: str) -> str:
        """The whole name of a resource here, as bills write most: ``snapshot/snap-0ab``."""
        partition = self.client("sts").meta.partition
        return f"arn:{partition}:{service}:{self.name}:{self.account}:{resource}"
