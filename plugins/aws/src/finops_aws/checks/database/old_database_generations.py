"""Databases on instance families that have a cheaper successor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import AwsCheck, AwsCheckOptions, Resource
from finops_aws.checks.database import databases
from finops_aws.checks.database.database_cases import database
from finops_cost_management import Effort, OptimizationCategory, Risk
from finops_cost_management.builtin.checks.successors import successor_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal
    from typing import Any

    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase


class OldDatabaseGenerationsOptions(AwsCheckOptions):
    """From when on a move is worth a word."""


class OldDatabaseGenerations(AwsCheck[OldDatabaseGenerationsOptions]):
    """Finds RDS, Aurora and ElastiCache instances of a family that has a cheaper successor.

    Which families these are is the table of `previous_generations`, which finds them on the bill;
    this check also knows their engines, and looks at accounts that no bill names.
    """

    Options = OldDatabaseGenerationsOptions
    use = "aws.old_database_generations"
    permissions: ClassVar[tuple[str, ...]] = (
        "elasticache:DescribeCacheClusters",
        *databases.PERMISSIONS,
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every instance and cache."""
        yield from databases.instances(region)
        yield from databases.caches(region)

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """The hours of a database; caches are priced on the bill only."""
        is_cache = resource.type == databases.CACHE
        return None if is_cache else databases.instance_list_price(resource)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Old is what the table has a successor of."""
        old = resource.configuration["class"]
        found = successor_of("AWS", old)
        if found is None:
            return None
        family, new = found
        differences = family.differences
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=databases.INSTANCE_METERS),
            share=1 - family.ratio,
            category=OptimizationCategory.DATABASE,
            recommendation=f"Move {resource.label} from {old} to {new}",
            steps=(
                (
                    f"Look up which versions of {resource.configuration['engine']} run on {new}; "
                    "upgrade first where it needs a newer one."
                ),
                "Try it on a copy restored from a snapshot.",
                (
                    "Change the class in the maintenance window: it is away for some minutes, a "
                    "failover with several zones."
                ),
                "Let reservations of the old family run out, or exchange them, before.",
            ),
            recommended_configuration={"class": new},
            confidence=0.8,
            implementation_effort=Effort.MEDIUM,
            risk=Risk.LOW,
            restart_needed=True,
            reversible=True,
            evidence={
                "list prices an hour": family.evidence,
                "engine": resource.configuration["engine"],
                **({"differences": differences} if differences else {}),
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """An old family, a new one, and one that nobody has a price of."""

        def of_class(name: str, engine: str = "mysql") -> Any:
            return lambda aws: database(aws, DBInstanceClass=name, Engine=engine)

        return (
            AwsCase(name="an old family", verdict="finding", made=of_class("db.m4.2xlarge")),
            AwsCase(name="a new family", verdict="clean", made=of_class("db.m6g.2xlarge")),
            AwsCase(
                name="no price is known",
                verdict="unknown",
                made=of_class("db.r4.large", "oracle-ee"),
            ),
            AwsCase(
                name="an old family since yesterday",
                verdict="unknown",
                made=of_class("db.m4.2xlarge"),
                days_ago=1,
            ),
        )
