"""Databases on versions that AWS supports only for a surcharge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from finops_aws.aws_case import AwsCase
from finops_aws.checks.aws_check import AwsCheck, AwsCheckOptions, Resource
from finops_aws.checks.database import databases
from finops_aws.checks.database.database_cases import database
from finops_aws.checks.database.database_classes import DatabaseClass
from finops_aws.checks.database.engine_support import (
    EXTENDED_SUPPORT,
    ExtendedSupportTerm,
    major_version,
)
from finops_aws.checks.list_prices import HOURS_A_MONTH
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

_METERS = r"(?i)extended.?support"
_DISABLED = "open-source-rds-extended-support-disabled"


class ExtendedSupportOptions(AwsCheckOptions):
    """From when on a surcharge is worth a word."""


class ExtendedSupport(AwsCheck[ExtendedSupportOptions]):
    """Finds RDS and Aurora instances whose version is past its standard support.

    The core check `extended_support` finds the surcharge on the bill; this one finds the version,
    before the bill arrives, and names one to go to.
    """

    Options = ExtendedSupportOptions
    use = "aws.extended_support"
    permissions: ClassVar[tuple[str, ...]] = databases.PERMISSIONS

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every instance."""
        yield from databases.instances(region)

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:
        """Its processors times the price of extended support, its standby included."""
        term = _term(resource)
        hour = None if term is None else term.vcpu_hour(region.until.date())
        known = DatabaseClass.of(resource.told["DBInstanceClass"])
        if hour is None or known is None:
            return None
        zones = 2 if resource.told.get("MultiAZ") else 1
        return hour * known.vcpus * zones * HOURS_A_MONTH

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Old is what the table says is charged; what opted out is upgraded instead."""
        term = _term(resource)
        until = region.until.date()
        if term is None or term.vcpu_hour(until) is None:
            return None
        told = resource.told
        if told.get("EngineLifecycleSupport") == _DISABLED:
            return None
        # Stopped, nothing runs that could be charged.
        if databases.why_not_running(resource):
            return None
        third = term.third_year_from
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=_METERS),
            category=OptimizationCategory.DATABASE,
            recommendation=(
                f"Upgrade the database {resource.label} from {told['Engine']} "
                f"{told['EngineVersion']} to {term.upgrade_to}: its support is charged extra"
            ),
            steps=(
                (
                    f"Look up what {told['EngineVersion']} can be upgraded to, and in how "
                    "many steps."
                ),
                "Restore a snapshot, upgrade the copy, and run what depends on it against it.",
                "Make a blue/green deployment, let it catch up, and switch over at a quiet hour.",
                "Keep the old one for a week, then delete it.",
            ),
            recommended_configuration={"engine": f"{told['Engine']} {term.upgrade_to}"},
            confidence=0.9,
            implementation_effort=Effort.HIGH,
            risk=Risk.MEDIUM,
            restart_needed=True,
            reversible=False,
            evidence={
                "charged since": f"{term.charged_from:%Y-%m-%d}",
                "third year, at twice the price, from": (
                    "never" if third is None else f"{third:%Y-%m-%d}"
                ),
                "engine": resource.configuration["engine"],
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Versions past their support, one in it, and one whose price cannot be told."""

        def of(engine: str, version: str, **details: Any) -> Any:
            return lambda aws: database(aws, Engine=engine, EngineVersion=version, **details)

        return (
            AwsCase(name="MySQL 5.7", verdict="finding", made=of("mysql", "5.7.44")),
            AwsCase(name="PostgreSQL 12", verdict="finding", made=of("postgres", "12.22")),
            AwsCase(name="PostgreSQL 16", verdict="clean", made=of("postgres", "16.4")),
            AwsCase(
                name="a class that is not known",
                verdict="unknown",
                made=of("postgres", "11.22", DBInstanceClass="db.serverless"),
            ),
        )


def _term(resource: Resource) -> ExtendedSupportTerm | None:
    engine = str(resource.told["Engine"])
    version = str(resource.told.get("EngineVersion", ""))
    return EXTENDED_SUPPORT.get((engine, major_version(engine, version)))
