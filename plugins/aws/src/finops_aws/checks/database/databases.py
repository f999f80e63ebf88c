"""What checks of RDS share: the instances, their metrics, and what they cost by list price."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from finops_aws.checks.aws_check import Resource
from finops_aws.checks.database.database_classes import DatabaseClass
from finops_aws.checks.list_prices import HOURS_A_MONTH
from finops_aws.checks.measured import measured
from finops_aws.checks.region import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from finops_aws.checks.region import Region, Statistic

PERMISSIONS = ("rds:DescribeDBInstances", "sts:GetCallerIdentity")
METRICS = ("cloudwatch:GetMetricData",)

CACHE = "ElastiCache Cluster"

INSTANCE_METERS = r"(?i)(Instance|Multi-AZ|Mirror|Node)\w*Usage|\b(db|cache)\.\w+\."
"""Usage types of the hours of an instance."""

STORAGE_METERS = r"(?i)Storage|PIOPS|IOPS|Throughput"
"""Usage types of allocated storage and what is provisioned with it; no backups."""

_OPEN_SOURCE = frozenset({"mysql", "mariadb", "postgres"})
"""Engines whose licence costs nothing: the list prices are theirs."""

STORAGE_GB_MONTH = {
    "gp2": Decimal("0.115"),
    "gp3": Decimal("0.115"),
    "io1": Decimal("0.125"),
    "io2": Decimal("0.125"),
    "standard": Decimal("0.10"),
}
"""Storage type → GB-month in one zone: gp2 and gp3 cost the same with RDS, unlike with EBS."""

IOPS_MONTH = {"io1": Decimal("0.10"), "io2": Decimal("0.10"), "gp3": Decimal("0.02")}
"""Storage type → a provisioned IOPS for a month; of gp3, what exceeds its baseline."""

CACHE_NODE_HOUR = {
    "cache.t3.micro": Decimal("0.017"),
    "cache.t3.small": Decimal("0.034"),
    "cache.t3.medium": Decimal("0.068"),
    "cache.t4g.micro": Decimal("0.016"),
    "cache.t4g.small": Decimal("0.032"),
    "cache.t4g.medium": Decimal("0.065"),
    "cache.m5.large": Decimal("0.156"),
    "cache.m6g.large": Decimal("0.149"),
    "cache.r5.large": Decimal("0.216"),
    "cache.r6g.large": Decimal("0.206"),
}
"""Node type → list price of an hour with Redis or Memcached, as those of `database_classes`."""

SMALL_BASELINE_IOPS = 3_000
"""IOPS of gp3 storage on one volume."""


def instances(region: Region) -> Iterator[Resource]:
    """Every instance of RDS, and of Aurora; their ids are the ARNs that bills have."""
    for told in region.pages("rds:DescribeDBInstances", "describe_db_instances", "DBInstances"):
        yield Resource(
            id=told["DBInstanceArn"],
            name=told["DBInstanceIdentifier"],
            type="RDS DB Instance",
            # Absent while it is being made.
            created=told.get("InstanceCreateTime"),
            configuration={
                "class": told["DBInstanceClass"],
                "engine": f"{told['Engine']} {told.get('EngineVersion', '')}".strip(),
                "zones": "several" if told.get("MultiAZ") else "one",
            },
            told=told,
        )


def is_aurora(resource: Resource) -> bool:
    """Whether its storage belongs to a cluster, and is no part of it."""
    return str(resource.told["Engine"]).startswith("aurora")


def is_replica(resource: Resource) -> bool:
    """Whether it is a read replica of RDS; readers of Aurora are none."""
    return bool(resource.told.get("ReadReplicaSourceDBInstanceIdentifier"))


def why_not_running(resource: Resource) -> str | None:
    """Why it has no metrics; None where it runs."""
    status = resource.told.get("DBInstanceStatus", "")
    return "stopped: nothing of it is measured" if status == "stopped" else None


def with_metrics(
    region: Region, resources: Iterable[Resource], wanted: Mapping[str, tuple[str, Statistic]]
) -> Iterator[Resource]:
    """The same instances with daily metrics.

    Args:
        region: Where they are.
        resources: Instances of RDS.
        wanted: Name → metric of RDS and its statistic.
    """
    return measured(
        region,
        list(resources),
        lambda one: {
            name: Metric(
                namespace="AWS/RDS",
                name=metric,
                dimensions={"DBInstanceIdentifier": one.told["DBInstanceIdentifier"]},
                statistic=statistic,
            )
            for name, (metric, statistic) in wanted.items()
        },
    )


def instance_list_price(resource: Resource) -> Decimal | None:
    """What its hours of a month cost by list price, its standby included."""
    known = DatabaseClass.of(resource.told["DBInstanceClass"])
    hour = None if known is None else known.hour
    if hour is None or resource.told["Engine"] not in _OPEN_SOURCE:
        return None
    return hour * HOURS_A_MONTH * _zones(resource.told)


def storage_list_price(resource: Resource) -> Decimal | None:
    """What its storage of a month costs by list price, provisioned IOPS included."""
    told = resource.told
    kind, gib = str(told.get("StorageType", "")), int(told["AllocatedStorage"])
    price = STORAGE_GB_MONTH.get(kind)
    if price is None or is_aurora(resource):
        return None
    iops = extra_iops(told) * IOPS_MONTH.get(kind, Decimal(0))
    return (price * gib + iops) * _zones(told)


def extra_iops(told: Mapping[str, Any]) -> int:
    """Provisioned IOPS that are paid for, as RDS tells of an instance."""
    iops: int = told.get("Iops") or 0
    if told.get("StorageType") in ("io1", "io2"):
        return iops
    if told.get("StorageType") == "gp3":
        return max(0, iops - baseline_iops(told["Engine"], told["AllocatedStorage"]))
    return 0


def baseline_iops(engine: str, gib: int) -> int:
    """IOPS that gp3 storage of this size has without more pay.

    From a size on RDS stripes over four volumes: 400 GiB, 200 for Oracle; never for SQL Server.
    """
    striped_from = 200 if engine.startswith("oracle") else 400
    if engine.startswith("sqlserver") or gib < striped_from:
        return SMALL_BASELINE_IOPS
    return 4 * SMALL_BASELINE_IOPS


def _zones(told: Mapping[str, Any]) -> int:
    return 2 if told.get("MultiAZ") else 1


def aurora_readers(region: Region) -> Mapping[str, str]:
    """Readers of Aurora clusters: name of the instance → name of its cluster."""
    return {
        member["DBInstanceIdentifier"]: cluster["DBClusterIdentifier"]
        for cluster in region.pages("rds:DescribeDBClusters", "describe_db_clusters", "DBClusters")
        if str(cluster["Engine"]).startswith("aurora")
        for member in cluster.get("DBClusterMembers", ())
        if not member.get("IsClusterWriter")
    }


def caches(region: Region) -> Iterator[Resource]:
    """Every cluster of ElastiCache; each node of a replication group is one."""
    for told in region.pages(
        "elasticache:DescribeCacheClusters", "describe_cache_clusters", "CacheClusters"
    ):
        yield Resource(
            id=told["ARN"],
            name=told["CacheClusterId"],
            type=CACHE,
            created=told.get("CacheClusterCreateTime"),
            configuration={
                "class": told["CacheNodeType"],
                "engine": f"{told['Engine']} {told.get('EngineVersion', '')}".strip(),
                "nodes": str(told.get("NumCacheNodes", 1)),
            },
            told=told,
        )
