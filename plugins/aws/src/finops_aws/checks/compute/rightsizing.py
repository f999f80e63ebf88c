"""EC2 instances that are larger than what they do needs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.compute.instance_types import (
    family_of,
    is_accelerated,
    price_ratio,
    types_of,
    units,
)
from finops_aws.checks.compute.instances import (
    HOUR,
    HOURS,
    LINUX,
    InstanceCheck,
    ec2_metric,
    group_of,
    instances,
    is_spot,
    platform,
)
from finops_aws.checks.measured import (
    AGENT,
    MeasuredOptions,
    agent_metrics,
    measured,
    percentile,
    why_unmeasured,
)
from finops_cost_management import Effort, OptimizationCategory, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Metric, Region
    from finops_cost_management import Recommendation, SavingsCase

CPU, MEMORY = "CPUUtilization", "memory"
_MEMORY_NAMES = ("mem_used_percent", "Memory % Committed Bytes In Use")
_PRICED_BY_SIZE = (LINUX, "Windows")
"""Platforms whose price, licence included, doubles with the size."""


class RightsizingOptions(MeasuredOptions):
    """How much of the smaller type may be used."""

    headroom_percent: float = Field(default=20, ge=0, lt=100)
    """Part of the smaller type's CPU, and of its memory, that must stay free at the peak."""

    peak_percentile: float = Field(default=99, gt=50, le=100)
    """The peak is what this share, in per cent, of the hourly maxima does not exceed."""


@dataclass(frozen=True, slots=True)
class _Target:
    """A smaller type, and how full it would be at the peak, in per cent; None if not known."""

    type: str
    cpu: float
    memory: float | None


class Rightsizing(InstanceCheck[RightsizingOptions]):
    """Finds EC2 instances for which a smaller size of their family is enough, and names it.

    The peak of CPU is scaled by the vCPUs of both types, that of memory by their memory; the
    smallest size that leaves the headroom is the target. Memory is known where the CloudWatch
    agent reports it; without it, one size down is as far as the advice goes. Prices within a
    family are in proportion to the size, so the saving is that part of what the instance's hours
    cost without commitments. Spot instances are left out.
    """

    Options = RightsizingOptions
    use = "aws.rightsizing"
    permissions: ClassVar[tuple[str, ...]] = (
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
        "sts:GetCallerIdentity",
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every running instance on demand, with CPU and memory by the hour."""
        running = [one for one in instances(region, "running") if not is_spot(one.told)]
        self._types = types_of(region, {family_of(one.told["InstanceType"]) for one in running})
        memory = agent_metrics(region, _MEMORY_NAMES) if running else {}

        def wanted(resource: Resource) -> Mapping[str, Metric]:
            named = {CPU: ec2_metric(resource, CPU, "Maximum", seconds=HOUR)}
            if resource.id in memory:
                named[MEMORY] = memory[resource.id][0]
            return named

        yield from measured(region, running, wanted)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """A finding if a smaller type of the family holds the peak with room to spare."""
        current = resource.told["InstanceType"]
        known = self._types.get(current, {})
        if unknown := _why_not_by_cpu(known) or why_unmeasured(resource, [CPU], self.options):
            return unknown
        has_memory = why_unmeasured(resource, [MEMORY], self.options) is None
        target = self._target(resource, known, has_memory=has_memory)
        if target is None:
            return None
        if platform(resource.told) not in _PRICED_BY_SIZE:
            return f"the licence in the price of {platform(resource.told)} does not halve with it"
        ratio = price_ratio(current, target.type)
        if ratio is None:
            return f"no price of {target.type} beside that of {current} is known"
        then = self._types[target.type]
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=HOURS),
            share=1 - ratio,
            category=OptimizationCategory.COMPUTE,
            recommendation=f"Change {resource.label} from {current} to {target.type}",
            steps=_steps(resource, target.type, known),
            recommended_configuration={"instance type": target.type},
            confidence=0.8 if has_memory else 0.5,
            implementation_effort=Effort.LOW,
            risk=Risk.LOW if has_memory else Risk.MEDIUM,
            restart_needed=True,
            evidence={
                f"CPU, {self.options.peak_percentile:g} % of hours below": (
                    f"{self._peak(resource, CPU):.1f} %"
                ),
                "highest CPU": f"{max(resource.metrics[CPU]):.1f} %",
                f"the same on {target.type}": f"{target.cpu:.1f} %",
                **self._memory_evidence(resource, target),
                "vCPUs": f"{_cpus(known)} → {_cpus(then)}",
                "memory": f"{_gibibytes(known)} → {_gibibytes(then)}",
                "network": f"{_network(known)} → {_network(then)}",
                "price": f"{ratio:.3g} of now, by the size within the family",
                "hours measured": str(len(resource.metrics[CPU])),
            },
        )

    def _peak(self, resource: Resource, name: str) -> float:
        return percentile(resource.metrics[name], self.options.peak_percentile)

    def _target(
        self, resource: Resource, known: Mapping[str, Any], *, has_memory: bool
    ) -> _Target | None:
        current = resource.told["InstanceType"]
        options = resource.told.get("CpuOptions", {})
        cores = options.get("CoreCount", 0) * options.get("ThreadsPerCore", 0) or _cpus(known)
        most = 100 - self.options.headroom_percent

        def at(smaller: str) -> _Target:
            then = self._types[smaller]
            memory = None
            if has_memory:
                mebibytes = known["MemoryInfo"]["SizeInMiB"], then["MemoryInfo"]["SizeInMiB"]
                memory = self._peak(resource, MEMORY) * mebibytes[0] / mebibytes[1]
            return _Target(smaller, self._peak(resource, CPU) * cores / _cpus(then), memory)

        fits = takewhile(
            lambda one: one.cpu <= most and (one.memory is None or one.memory <= most),
            map(at, self._smaller(current)),
        )
        found = list(fits)
        if not found:
            return None
        return found[-1] if has_memory else found[0]

    def _smaller(self, current: str) -> list[str]:
        """The smaller types of the family, the next one first."""
        family, size = family_of(current), units(current)
        sizes = {
            name: units(name)
            for name, told in self._types.items()
            if family_of(name) == family and not told.get("BareMetal")
        }
        smaller = {
            name: held
            for name, held in sizes.items()
            if held is not None and size is not None and held < size
        }
        return sorted(smaller, key=lambda name: -smaller[name])

    def _memory_evidence(self, resource: Resource, target: _Target) -> dict[str, str]:
        if target.memory is None:
            return {
                "memory used": f"not known: the {AGENT} metrics are missing, so one size at most"
            }
        return {
            "memory used at the peak": f"{self._peak(resource, MEMORY):.1f} %",
            f"memory on {target.type}": f"{target.memory:.1f} %",
        }

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """One that is too large, one that is not, one without metrics, and a burstable one."""
        from finops_aws.checks.compute.instance_cases import instance, measure

        def used(cpu: float, instance_type: str = "m5.2xlarge") -> Any:
            return lambda aws: measure(
                aws, instance(aws, instance_type), days=14, CPUUtilization=cpu
            )

        return (
            AwsCase(name="a tenth of it is used", verdict="finding", made=used(10)),
            AwsCase(name="half of it is used", verdict="clean", made=used(50)),
            AwsCase(name="the smallest of its family", verdict="clean", made=used(1, "m5.large")),
            AwsCase(name="one without metrics", verdict="unknown", made=instance),
            AwsCase(name="a burstable one", verdict="unknown", made=used(1, "t3.large")),
        )


def _why_not_by_cpu(told: Mapping[str, Any]) -> str | None:
    """Why CPU does not say which size a type needs; None where it does."""
    if not told:
        return "AWS does not describe its type in this region"
    if told.get("BareMetal"):
        return "bare metal: it has no smaller size of its kind"
    if told.get("BurstablePerformanceSupported"):
        return "burstable: its credits say what size it needs, not its CPU alone"
    if is_accelerated(told):
        return "it has accelerators: their use says what size it needs, not its CPU"
    return None


def _steps(resource: Resource, target: str, known: Mapping[str, Any]) -> tuple[str, ...]:
    group = group_of(resource.told)
    change = (
        f"Set {target} in the launch template of the Auto Scaling group {group}, and start an "
        "instance refresh: the group would undo a change of one instance."
        if group
        else f"Stop {resource.label}, change its type to {target}, and start it."
    )
    return (
        f"See that the network and EBS bandwidth of {target} are enough; both shrink with it.",
        *(
            ("Copy what lies on its instance store: that is lost when it stops.",)
            if known.get("InstanceStorageSupported")
            else ()
        ),
        change,
        "Watch CPU, memory and latency for a week; the way back is the same.",
    )


def _cpus(told: Mapping[str, Any]) -> int:
    return int(told["VCpuInfo"]["DefaultVCpus"])


def _gibibytes(told: Mapping[str, Any]) -> str:
    return f"{told['MemoryInfo']['SizeInMiB'] / 1024:g} GiB"


def _network(told: Mapping[str, Any]) -> str:
    return str(told.get("NetworkInfo", {}).get("NetworkPerformance", "not known"))
