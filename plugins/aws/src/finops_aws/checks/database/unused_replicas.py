"""Read replicas that nobody reads from."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import AwsCheck, Resource
from finops_aws.checks.database import databases
from finops_aws.checks.database.database_cases import database, database_metrics
from finops_aws.checks.measured import MeasuredOptions, why_unmeasured
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

_PEAK = "DatabaseConnections, maximum"
_READS = "ReadIOPS, average"

_QUIET_READS = 1.0
"""Reads a second from disk below which nothing but replication goes on."""


class UnusedReplicasOptions(MeasuredOptions):
    """How few connections are none."""

    connections: float = Field(default=1, gt=0)
    """Largest number of connections at once, of the whole look-back, below which a replica is
    unused."""


class UnusedReplicas(AwsCheck[UnusedReplicasOptions]):
    """Finds read replicas of RDS and readers of Aurora that had no connection in the look-back.

    A replica may be there for the day on which its source fails: what stands in another region,
    and the only reader of a cluster, is advised with less confidence and more risk.
    """

    Options = UnusedReplicasOptions
    use = "aws.unused_replicas"
    permissions: ClassVar[tuple[str, ...]] = (
        *databases.METRICS,
        "rds:DescribeDBClusters",
        *databases.PERMISSIONS,
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every replica and reader."""
        self._clusters = databases.aurora_readers(region)
        replicas = (
            one
            for one in databases.instances(region)
            if databases.is_replica(one) or one.name in self._clusters
        )
        wanted: dict[str, tuple[str, Any]] = {
            _PEAK: ("DatabaseConnections", "Maximum"),
            _READS: ("ReadIOPS", "Average"),
        }
        yield from databases.with_metrics(region, replicas, wanted)

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """Its hours and its storage."""
        hours = databases.instance_list_price(resource)
        storage = databases.storage_list_price(resource)
        return None if hours is None else hours + (storage or Decimal(0))

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Unused is what nobody connected to."""
        if reason := databases.why_not_running(resource):
            return reason
        peaks, reads = resource.metrics[_PEAK], resource.metrics[_READS]
        if reason := why_unmeasured(resource, (_PEAK,), self.options):
            return reason
        if max(peaks) >= self.options.connections:
            return None
        if resource.told.get("ReadReplicaDBInstanceIdentifiers"):
            return "it feeds read replicas of its own: whether they are used decides"
        stands_by = self._stands_by(resource)
        quiet = bool(reads) and max(reads) < _QUIET_READS
        return self.advice(
            resource,
            region,
            self.price(resource, region),
            category=OptimizationCategory.DATABASE,
            recommendation=(
                f"Delete the replica {resource.label}: nobody read from it for {region.days} days"
            ),
            steps=(
                "Ask whether it is there to take over when its source fails.",
                "Look for jobs that read from it once a month or a year.",
                "Point what has its address to the source, or to another replica.",
                "Delete the replica; its source and its data stay.",
            ),
            recommended_configuration={"state": "deleted"},
            confidence=0.5 if stands_by else 0.9 if quiet else 0.75,
            implementation_effort=Effort.LOW,
            risk=Risk.HIGH if stands_by else Risk.LOW,
            reversible=True,
            evidence={
                "most connections at once": f"{max(peaks):g}",
                "days with metrics": f"{len(peaks)} of {region.days}",
                "reads a second, busiest day": f"{max(reads):.2f}" if reads else "not measured",
                **({"may be a stand-by": stands_by} if stands_by else {}),
            },
        )

    def _stands_by(self, resource: Resource) -> str:
        """Why it may be there to take over from its source; empty where nothing says so."""
        source = resource.told.get("ReadReplicaSourceDBInstanceIdentifier") or ""
        if source.startswith("arn:"):
            return f"its source {source} is in another region"
        cluster = self._clusters.get(resource.name or "")
        if cluster and list(self._clusters.values()).count(cluster) == 1:
            return f"the only reader of the cluster {cluster}"
        return ""

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A replica that nobody reads, one that somebody reads, one that is not measured."""

        def replica(aws: Any) -> str:
            aws("rds").create_db_instance_read_replica(
                DBInstanceIdentifier="orders-reader",
                SourceDBInstanceIdentifier=database(aws),
                DBInstanceClass="db.m5.large",
            )
            return "orders-reader"

        def unused(aws: Any) -> None:
            database_metrics(aws, replica(aws), DatabaseConnections=0, ReadIOPS=0.2)

        def used(aws: Any) -> None:
            database_metrics(aws, replica(aws), DatabaseConnections=3, ReadIOPS=40)

        return (
            AwsCase(name="nobody reads", verdict="finding", made=unused),
            AwsCase(name="somebody reads", verdict="clean", made=used),
            AwsCase(name="no metrics", verdict="unknown", made=replica),
        )
