"""Databases that nobody connects to."""

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


class IdleDatabasesOptions(MeasuredOptions):
    """How few connections are none."""

    connections: float = Field(default=1, gt=0)
    """Largest number of connections at once, of the whole look-back, below which a database is
    idle."""


class IdleDatabases(AwsCheck[IdleDatabasesOptions]):
    """Finds RDS and Aurora instances that had no connection in the look-back.

    Read replicas and readers of Aurora are left to `aws.unused_replicas`. What replicas are fed
    from cannot be told: they may be in use when it is not.
    """

    Options = IdleDatabasesOptions
    use = "aws.idle_databases"
    permissions: ClassVar[tuple[str, ...]] = (
        *databases.METRICS,
        "rds:DescribeDBClusters",
        *databases.PERMISSIONS,
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every instance that is written to."""
        readers = databases.aurora_readers(region)
        self._read_clusters = set(readers.values())
        written = (
            one
            for one in databases.instances(region)
            if not databases.is_replica(one) and one.name not in readers
        )
        wanted: dict[str, tuple[str, Any]] = {_PEAK: ("DatabaseConnections", "Maximum")}
        yield from databases.with_metrics(region, written, wanted)

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """Its hours and its storage."""
        hours = databases.instance_list_price(resource)
        storage = databases.storage_list_price(resource)
        return None if hours is None else hours + (storage or Decimal(0))

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Idle is what had fewer connections than the option says, on each day."""
        reason = databases.why_not_running(resource) or why_unmeasured(
            resource, tuple(resource.metrics), self.options
        )
        if reason is not None:
            return reason
        values = resource.metrics[_PEAK]
        if max(values) >= self.options.connections:
            return None
        is_read = resource.told.get("DBClusterIdentifier") in self._read_clusters
        if is_read or resource.told.get("ReadReplicaDBInstanceIdentifiers"):
            return "it feeds read replicas: whether they are used decides"
        return self.advice(
            resource,
            region,
            self.price(resource, region),
            category=OptimizationCategory.DATABASE,
            recommendation=(
                f"Delete the database {resource.label} after a last snapshot: nobody connected "
                f"to it for {region.days} days"
            ),
            steps=(
                "Ask its owner what it is for: year-end jobs and stand-bys look idle too.",
                "Stop it for a week (AWS starts it again after seven days), and listen.",
                "Make a last snapshot: what is used of it costs about 0.095 USD a GB and month.",
                "Take off deletion protection, and delete the instance.",
            ),
            recommended_configuration={"state": "deleted, with a last snapshot"},
            confidence=0.85,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            reversible=True,
            evidence={
                "most connections at once": f"{max(values):g}",
                "days with metrics": f"{len(values)} of {region.days}",
                "deletion protection": "on" if resource.told.get("DeletionProtection") else "off",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Nobody connects, somebody does, nothing is measured, a replica hangs on it."""

        def idle(aws: Any) -> None:
            database_metrics(aws, database(aws), DatabaseConnections=0)

        def used(aws: Any) -> None:
            database_metrics(aws, database(aws), DatabaseConnections=12)

        def half_measured(aws: Any) -> None:
            database_metrics(aws, database(aws), DatabaseConnections=0, days=7)

        return (
            AwsCase(name="nobody connects", verdict="finding", made=idle),
            AwsCase(name="twelve connections", verdict="clean", made=used),
            AwsCase(name="no metrics", verdict="unknown", made=database),
            AwsCase(name="metrics of half the days", verdict="unknown", made=half_measured),
            AwsCase(name="a database of last week", verdict="unknown", made=idle, days_ago=7),
        )
