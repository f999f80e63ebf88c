"""Caches that nobody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import AwsCheck, Resource
from finops_aws.checks.database import databases
from finops_aws.checks.database.database_cases import metric
from finops_aws.checks.list_prices import HOURS_A_MONTH
from finops_aws.checks.measured import MeasuredOptions, measured, why_unmeasured
from finops_aws.checks.region import Metric
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal
    from typing import Any

    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

_ASKED = ("CacheHits", "CacheMisses", "NewConnections")
"""Metrics of which each counts what somebody did, Redis, Valkey and Memcached alike."""

_MEMCACHED = {"CacheHits": "GetHits", "CacheMisses": "GetMisses"}


class IdleCachesOptions(MeasuredOptions):
    """How little is nothing."""

    daily_events: float = Field(default=1, gt=0)
    """Hits, misses and new connections of a day, each, below which a cache is idle."""


class IdleCaches(AwsCheck[IdleCachesOptions]):
    """Finds clusters of ElastiCache without hits, misses or new connections in the look-back.

    Nodes of a replication group are looked at one by one: a replica may be idle for good reason.
    """

    Options = IdleCachesOptions
    use = "aws.idle_caches"
    permissions: ClassVar[tuple[str, ...]] = (
        *databases.METRICS,
        "elasticache:DescribeCacheClusters",
        "sts:GetCallerIdentity",
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every cluster."""
        yield from measured(
            region,
            list(databases.caches(region)),
            lambda one: {
                name: Metric(
                    namespace="AWS/ElastiCache",
                    name=_metric_of(one, name),
                    dimensions={"CacheClusterId": one.told["CacheClusterId"]},
                    statistic="Sum",
                )
                for name in _ASKED
            },
        )

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """Its nodes, where the price of one is known."""
        if resource.told["Engine"] not in ("redis", "memcached"):
            return None
        hour = databases.CACHE_NODE_HOUR.get(resource.told["CacheNodeType"])
        nodes = resource.told.get("NumCacheNodes", 1)
        return None if hour is None else hour * HOURS_A_MONTH * nodes

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Idle is what nobody asked on any day."""
        if reason := why_unmeasured(resource, _ASKED, self.options):
            return reason
        largest = {name: max(values) for name, values in resource.metrics.items()}
        if max(largest.values()) >= self.options.daily_events:
            return None
        in_group = resource.told.get("ReplicationGroupId")
        return self.advice(
            resource,
            region,
            self.price(resource, region),
            category=OptimizationCategory.DATABASE,
            recommendation=(
                f"Delete the cache {resource.label}: nobody asked it for {region.days} days"
            ),
            steps=(
                "Look up in the code and in the security groups who could still use it.",
                "See whether its replication group needs it to take over."
                if in_group
                else "Close its security group for a week, and listen.",
                "Make a last backup where its engine can, and delete it.",
            ),
            recommended_configuration={"state": "deleted"},
            confidence=0.6 if in_group else 0.85,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            reversible=False,
            evidence={
                **{f"{name}, busiest day": f"{value:g}" for name, value in largest.items()},
                **({"replication group": str(in_group)} if in_group else {}),
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Nobody asks, somebody does, nothing is measured."""

        def cache(aws: Any, value: float | None) -> None:
            aws("elasticache").create_cache_cluster(
                CacheClusterId="sessions",
                CacheNodeType="cache.t3.medium",
                Engine="redis",
                NumCacheNodes=1,
            )
            for name in _ASKED if value is not None else ():
                of = {"CacheClusterId": "sessions"}
                metric(aws, name, value or 0, of=of, namespace="AWS/ElastiCache")

        return (
            AwsCase(name="nobody asks", verdict="finding", made=lambda aws: cache(aws, 0)),
            AwsCase(name="somebody asks", verdict="clean", made=lambda aws: cache(aws, 5000)),
            AwsCase(name="no metrics", verdict="unknown", made=lambda aws: cache(aws, None)),
        )


def _metric_of(resource: Resource, name: str) -> str:
    if resource.told["Engine"] == "memcached":
        return _MEMCACHED.get(name, name)
    return name
