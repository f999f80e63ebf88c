"""Databases that would do on the next class down."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import AwsCheck, Resource
from finops_aws.checks.database import databases
from finops_aws.checks.database.database_cases import database, database_metrics
from finops_aws.checks.database.database_classes import DatabaseClass
from finops_aws.checks.measured import MeasuredOptions, why_unmeasured
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

_PEAK = "CPUUtilization, maximum"
_AVERAGE = "CPUUtilization, average"
_FREE = "FreeableMemory, minimum"
_GIB = Decimal(2**30)


class OversizedDatabasesOptions(MeasuredOptions):
    """How little is used of what is too large."""

    maximum_cpu: float = Field(default=40, gt=0, le=100)
    """Largest CPU use of the look-back, in per cent, below which a database may be too large."""

    average_cpu: float = Field(default=20, gt=0, le=100)
    """Average CPU use of the look-back, in per cent, below which it may be too large."""

    memory_share: float = Field(default=0.8, gt=0, le=1)
    """Share of the smaller class's memory that what is used now may fill; 0.8 is 80 %."""


class OversizedDatabases(AwsCheck[OversizedDatabasesOptions]):
    """Finds RDS and Aurora instances whose CPU and memory would do with the next class down.

    One step is advised at a time, within the family. Used memory is that of the class less what
    was free at the worst moment: caches of the database count as used, so that a database that
    fills its memory stays as it is.
    """

    Options = OversizedDatabasesOptions
    use = "aws.oversized_databases"
    permissions: ClassVar[tuple[str, ...]] = (*databases.METRICS, *databases.PERMISSIONS)

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every instance."""
        wanted: dict[str, tuple[str, Any]] = {
            _PEAK: ("CPUUtilization", "Maximum"),
            _AVERAGE: ("CPUUtilization", "Average"),
            _FREE: ("FreeableMemory", "Minimum"),
        }
        yield from databases.with_metrics(region, databases.instances(region), wanted)

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """Its hours."""
        return databases.instance_list_price(resource)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Too large is what little CPU is used of, and whose memory fits into half."""
        reason = databases.why_not_running(resource) or why_unmeasured(
            resource, tuple(resource.metrics), self.options
        )
        if reason is not None:
            return reason
        peak, average = max(resource.metrics[_PEAK]), _mean(resource.metrics[_AVERAGE])
        if peak >= self.options.maximum_cpu or average >= self.options.average_cpu:
            return None
        now = DatabaseClass.of(resource.told["DBInstanceClass"])
        if now is None:
            return f"no smaller class of {resource.told['DBInstanceClass']} is known"
        target = now.next_smaller
        if target is None:
            return None
        used = now.memory - Decimal(repr(min(resource.metrics[_FREE]))) / _GIB
        if used > Decimal(repr(self.options.memory_share)) * target.memory:
            return None
        ratio = now.price_ratio(target)
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=databases.INSTANCE_METERS),
            share=1 - ratio,
            category=OptimizationCategory.DATABASE,
            recommendation=f"Resize the database {resource.label} to {target.name}",
            steps=(
                (
                    f"Compare its parameters with the memory of {target.name}: buffers and "
                    "max_connections that are set by hand must be set anew."
                ),
                "Compare the limits of network and disk of both classes with what is used.",
                (
                    "Change the class in the maintenance window: it is away for some minutes, a "
                    "failover with several zones."
                ),
                "Watch CPU, free memory and slow queries for two weeks before the next step.",
            ),
            recommended_configuration={"class": target.name},
            confidence=0.7,
            implementation_effort=Effort.MEDIUM,
            risk=Risk.MEDIUM,
            restart_needed=True,
            reversible=True,
            evidence={
                "largest CPU use": f"{peak:.1f} %",
                "average CPU use": f"{average:.1f} %",
                "most memory used": f"{used:.1f} of {now.memory:g} GiB",
                f"memory of {target.name}": f"{target.memory:g} GiB",
                "price against now": f"{ratio:.0%}".replace("%", " %"),
                "days with metrics": f"{len(resource.metrics[_PEAK])} of {region.days}",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Little is used, memory is used, CPU is used, nothing is measured, no class to go to."""

        def using(cpu: float, free_gib: float, **details: Any) -> Any:
            def made(aws: Any) -> None:
                database_metrics(
                    aws,
                    database(aws, **details),
                    CPUUtilization=cpu,
                    FreeableMemory=free_gib * 2**30,
                )

            return made

        return (
            AwsCase(name="little is used", verdict="finding", made=using(9, 13)),
            AwsCase(name="memory is used", verdict="clean", made=using(9, 3)),
            AwsCase(name="CPU is used", verdict="clean", made=using(60, 13)),
            AwsCase(
                name="the smallest class",
                verdict="clean",
                made=using(3, 0.8, DBInstanceClass="db.t3.micro"),
            ),
            AwsCase(name="no metrics", verdict="unknown", made=database),
            AwsCase(
                name="a class that is not known",
                verdict="unknown",
                made=using(3, 1, DBInstanceClass="db.serverless"),
            ),
        )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
