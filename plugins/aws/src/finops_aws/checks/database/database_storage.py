"""Storage of databases that is larger or faster than what is used of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, ClassVar, Literal

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

_FREE = "FreeStorageSpace, minimum"
_WORK = {
    "ReadIOPS, maximum": ("ReadIOPS", "Maximum"),
    "WriteIOPS, maximum": ("WriteIOPS", "Maximum"),
    "ReadThroughput, maximum": ("ReadThroughput", "Maximum"),
    "WriteThroughput, maximum": ("WriteThroughput", "Maximum"),
}
_GIB = Decimal(2**30)
_MIB = 2**20
_SIZE_METERS = r"(?i)Storage"
"""Usage types of gigabytes, without those of provisioned IOPS and throughput."""

_LEAST_GIB = {"io1": 100, "io2": 100}
_LEAST_GIB_OF_OTHERS = 20
_IOPS_STEP = 1_000
_MOST_GP3_IOPS = 64_000

Aspect = Literal["speed", "size"]


class DatabaseStorageOptions(MeasuredOptions):
    """How much storage may lie idle."""

    maximum_used: float = Field(default=0.4, gt=0, le=1)
    """Largest used share of the allocated storage below which it is too large; 0.4 is 40 %."""

    target_used: float = Field(default=0.7, gt=0, le=1)
    """Share of the smaller storage that what is used now is to fill."""

    headroom: float = Field(default=0.8, gt=0, le=1)
    """Share of the IOPS and the throughput after the change that the busiest moment may use."""


@dataclass(frozen=True, slots=True)
class _Work:
    """The busiest moment of the look-back: reads and writes at their largest, added up."""

    iops: float
    mib_a_second: float

    @classmethod
    def of(cls, resource: Resource) -> _Work:
        largest = {name: max(resource.metrics[name]) for name in _WORK}
        return cls(
            iops=largest["ReadIOPS, maximum"] + largest["WriteIOPS, maximum"],
            mib_a_second=(largest["ReadThroughput, maximum"] + largest["WriteThroughput, maximum"])
            / _MIB,
        )

    @property
    def evidence(self) -> dict[str, str]:
        return {
            "most IOPS": f"{self.iops:.0f}",
            "most throughput": f"{self.mib_a_second:.0f} MiB/s",
        }


class DatabaseStorage(AwsCheck[DatabaseStorageOptions]):
    """Finds RDS instances that pay for IOPS or gigabytes that they do not use.

    Two pieces of advice, each on its own: provisioned IOPS (io1, io2, gp3 above its baseline) that
    gp3 does without, and storage of which little is used. gp2 is not advised against as such: with
    RDS it costs the same as gp3. Aurora pays for what it uses.
    """

    Options = DatabaseStorageOptions
    use = "aws.database_storage"
    permissions: ClassVar[tuple[str, ...]] = (*databases.METRICS, *databases.PERMISSIONS)

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every instance of RDS: its size, and its speed where that is paid for."""
        wanted: dict[str, tuple[str, Any]] = {_FREE: ("FreeStorageSpace", "Minimum"), **_WORK}
        own = (one for one in databases.instances(region) if not databases.is_aurora(one))
        for resource in databases.with_metrics(region, own, wanted):
            told = resource.told
            configuration = {
                "storage type": str(told.get("StorageType", "standard")),
                "allocated": f"{told['AllocatedStorage']} GiB",
                "IOPS": str(told.get("Iops") or "not provisioned"),
            }
            for aspect in _aspects(resource):
                yield replace(
                    resource, configuration=configuration, told={**told, "aspect": aspect}
                )

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """Its gigabytes, and for its speed also its IOPS."""
        if resource.told["aspect"] == "speed":
            return databases.storage_list_price(resource)
        return databases.storage_list_price(replace(resource, told={**resource.told, "Iops": None}))

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Its speed, or its size."""
        reason = databases.why_not_running(resource) or why_unmeasured(
            resource, tuple(resource.metrics), self.options
        )
        if reason is not None:
            return reason
        if resource.told["aspect"] == "speed":
            return self._judge_speed(resource, region)
        return self._judge_size(resource, region)

    def _judge_speed(self, resource: Resource, region: Region) -> Recommendation | str | None:
        told, work = resource.told, _Work.of(resource)
        gib: int = told["AllocatedStorage"]
        iops = self._gp3_iops(told["Engine"], gib, work)
        if iops is None:
            return None
        target = {**told, "StorageType": "gp3", "Iops": iops}
        now, then = (
            databases.storage_list_price(replace(resource, told=one)) for one in (told, target)
        )
        if now is None or then is None or then >= now:
            return None
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=databases.STORAGE_METERS),
            share=1 - then / now,
            variant="speed",
            category=OptimizationCategory.DATABASE,
            recommendation=f"Move the storage of {resource.label} to gp3 with {iops:,} IOPS",
            steps=(
                "Ask whether it needs the steady latency that io1 and io2 promise.",
                (
                    "Change storage type and IOPS at a quiet hour: the database stays up, and is "
                    "slower while the storage is optimised."
                ),
                (
                    "Watch read and write latency for a week; the next change of the storage is "
                    "possible after six hours."
                ),
            ),
            recommended_configuration={"storage type": "gp3", "IOPS": f"{iops}"},
            confidence=0.75,
            implementation_effort=Effort.LOW,
            risk=Risk.MEDIUM,
            reversible=True,
            evidence={
                **work.evidence,
                "list price now": f"{now:.2f} USD",
                "list price then": f"{then:.2f} USD",
            },
        )

    def _gp3_iops(self, engine: str, gib: int, work: _Work) -> int | None:
        """The IOPS that gp3 of this size needs; None where it cannot do the work."""
        baseline = databases.baseline_iops(engine, gib)
        large = baseline > databases.SMALL_BASELINE_IOPS
        if work.mib_a_second > self.options.headroom * (500 if large else 125):
            return None
        needed = work.iops / self.options.headroom
        if needed <= baseline:
            return baseline
        steps = -(-int(needed) // _IOPS_STEP) * _IOPS_STEP
        # Small gp3 storage has its baseline, and nothing above it.
        return steps if large and steps <= _MOST_GP3_IOPS else None

    def _judge_size(self, resource: Resource, region: Region) -> Recommendation | str | None:
        told = resource.told
        gib: int = told["AllocatedStorage"]
        used = gib - Decimal(repr(min(resource.metrics[_FREE]))) / _GIB
        share = used / gib
        if share >= Decimal(repr(self.options.maximum_used)):
            return None
        least = _LEAST_GIB.get(told.get("StorageType", ""), _LEAST_GIB_OF_OTHERS)
        needed = (used / Decimal(repr(self.options.target_used))).to_integral_value(ROUND_CEILING)
        target = max(int(needed), least)
        work = _Work.of(resource)
        provisioned = told.get("StorageType") in ("io1", "io2")
        if not provisioned and self._gp3_iops(told["Engine"], target, work) is None:
            return None
        if target >= gib:
            return None
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=_SIZE_METERS),
            share=1 - Decimal(target) / gib,
            variant="size",
            category=OptimizationCategory.DATABASE,
            recommendation=(f"Shrink the storage of {resource.label} from {gib} to {target} GiB"),
            steps=(
                "Ask whether it is about to grow, and what storage autoscaling may add.",
                (
                    "RDS does not shrink storage in place: make a blue/green deployment with the "
                    "smaller storage, or dump and restore into a new instance."
                ),
                "Try it on a copy first, and measure how long it takes.",
                "Switch over at a quiet hour, keep the old one for a week, then delete it.",
            ),
            recommended_configuration={
                "allocated": f"{target} GiB",
                "storage type": str(told["StorageType"]) if provisioned else "gp3",
            },
            confidence=0.6,
            implementation_effort=Effort.HIGH,
            risk=Risk.MEDIUM,
            restart_needed=True,
            reversible=True,
            evidence={
                "most storage used": f"{used:.1f} GiB",
                "used share": f"{share * 100:.1f} %",
                "storage autoscaling up to": (
                    f"{told['MaxAllocatedStorage']} GiB"
                    if told.get("MaxAllocatedStorage")
                    else "off"
                ),
                **work.evidence,
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """IOPS that nobody needs, storage that is empty, storage in use, nothing measured."""

        def working(iops: float, free_gib: float, **details: Any) -> Any:
            def made(aws: Any) -> None:
                database_metrics(
                    aws,
                    database(aws, **details),
                    FreeStorageSpace=free_gib * 2**30,
                    ReadIOPS=iops / 2,
                    WriteIOPS=iops / 2,
                    ReadThroughput=iops * 8_000,
                    WriteThroughput=iops * 8_000,
                )

            return made

        fast: dict[str, Any] = {"AllocatedStorage": 500, "StorageType": "io1", "Iops": 10_000}
        return (
            AwsCase(name="IOPS unused", verdict="finding", made=working(900, 100, **fast)),
            AwsCase(name="IOPS in use", verdict="clean", made=working(40_000, 100, **fast)),
            AwsCase(
                name="storage nearly empty",
                verdict="finding",
                made=working(300, 900, AllocatedStorage=1000),
            ),
            AwsCase(
                name="gp2 in use",
                verdict="clean",
                made=working(300, 30, StorageType="gp2"),
            ),
            AwsCase(name="no metrics", verdict="unknown", made=database),
        )


def _aspects(resource: Resource) -> tuple[Aspect, ...]:
    return ("speed", "size") if databases.extra_iops(resource.told) else ("size",)
