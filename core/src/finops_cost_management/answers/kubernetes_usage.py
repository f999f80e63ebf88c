"""What of a cluster is paid for and not used: idle resources, utilisation, efficiency.

Every ratio is worked out from sums of hours: a mean of ratios would count a container of an hour
like one of a month.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING, Any

from finops_cost_management.errors import ConfigurationError
from finops_cost_management.query.kubernetes import IDLE, PART_OF

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from finops_cost_management.query.kubernetes import Allocations

DEFAULT_THRESHOLD = 0.2
"""Utilisation below which a resource is idle, as a share."""

_TYPES = {"cpu": "cpu", "ram": "memory"}
_UNITS = {"cpu": "cores", "memory": "GiB"}
_WORDS = {"cpu": "CPU", "memory": "memory"}
_HEADROOM = Decimal("1.25")
"""What a request should have beyond what is used."""

_STEP = Decimal("0.01")
"""To which requests are rounded up: 10 millicores, or about 10 MiB."""

_BARELY = Decimal("0.01")
"""Utilisation below which nobody may need a pod at all."""

_SMALLEST_AMOUNT = Decimal(1).scaleb(-12)
"""To which the store keeps amounts."""

_MINUTES_AN_HOUR = 60
_HOURS_A_DAY = 24
_HELD = ("allocated", "used")
_POD_KEYS = ("cluster", "namespace", "pod", "component", "currency")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleResource:
    """CPU or memory that a pod holds and hardly uses.

    Attributes:
        cluster: The pod's cluster.
        namespace: The pod's namespace.
        pod: The pod.
        resource_type: ``cpu`` or ``memory``.
        allocated: What it holds on average while it runs: cores, or GiB of 2^30 bytes.
        used: What it uses of that, likewise.
        utilization: Used of allocated, in per cent.
        cost: What the resource cost, as far as its usage is known.
        waste_cost: The unused share of that cost.
        currency: ISO 4217 code of the costs.
        peak: The most that its containers ever used at once; None where it is unknown.
        recommendation: What to do, in one sentence.
    """

    cluster: str
    namespace: str
    pod: str
    resource_type: str
    allocated: Decimal
    used: Decimal
    utilization: float
    cost: Decimal
    waste_cost: Decimal
    currency: str
    peak: Decimal | None
    recommendation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterEfficiency:
    """How well a cluster, or several, is used.

    Attributes:
        cluster: Its name; several names, if it is about several.
        start_date: First day.
        end_date: Last day; it is inside.
        currency: ISO 4217 code of all amounts.
        total_cost: What the cluster cost, idle included.
        idle_cost: What its nodes cost beyond what is allocated on them; may be negative.
        avg_cpu_utilization: Core-hours used of core-hours allocated, as a share; None: unknown.
        avg_memory_utilization: The same of memory.
        cpu_efficiency: Core-hours used of core-hours asked for, as a share, of containers that
            ask for some; more than 1 where they use more. None: unknown.
        memory_efficiency: The same of memory.
        efficiency: Both, weighted by what they cost.
        unknown_cost: What CPU and memory of containers cost whose usage is unknown, or that ask
            for nothing: nobody can say how efficient they are.
        idle_resource_count: How many resources are below the threshold, see `idle_resources`.
        threshold: The threshold, as a share.
        estimated_waste: What is paid for and not used: the unused share of CPU and memory of
            every container, and idle.
        potential_savings: The part of the waste that stands out: resources below the threshold,
            and idle.
        efficiency_score: The share of the cost of CPU and memory, idle included, that is used:
            1 minus waste by cost. None where no usage is known.
    """

    cluster: str
    start_date: date
    end_date: date
    currency: str
    total_cost: Decimal
    idle_cost: Decimal
    avg_cpu_utilization: float | None
    avg_memory_utilization: float | None
    cpu_efficiency: float | None
    memory_efficiency: float | None
    efficiency: float | None
    unknown_cost: Decimal
    idle_resource_count: int
    threshold: float
    estimated_waste: Decimal
    potential_savings: Decimal
    efficiency_score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """CPU or memory of a container, or of several: sums of hours, and what they cost.

    The second line is of the days whose usage is known; the third of those whose request is
    known, too, and more than 0.
    """

    cost: Decimal = Decimal(0)
    judged_cost: Decimal = Decimal(0)
    allocated: Decimal = Decimal(0)
    used: Decimal = Decimal(0)
    requested_cost: Decimal = Decimal(0)
    requested: Decimal = Decimal(0)
    used_of_requested: Decimal = Decimal(0)

    @classmethod
    def sum(cls, rows: Iterable[dict[str, Any]]) -> _Measured:
        sums = dict.fromkeys(cls.__dataclass_fields__, Decimal(0))
        for row in rows:
            for name in sums:
                sums[name] += row[name] or 0
        return cls(**sums)

    @property
    def utilization(self) -> Decimal | None:
        return self.used / self.allocated if self.allocated > 0 else None

    @property
    def efficiency(self) -> Decimal | None:
        return self.used_of_requested / self.requested if self.requested > 0 else None

    @property
    def waste(self) -> Decimal:
        """The unused share of the cost; what is used beyond the allocation wastes nothing."""
        if self.utilization is None:
            return Decimal(0)
        unused = max(1 - self.utilization, Decimal(0))
        return (unused * max(self.judged_cost, Decimal(0))).quantize(_SMALLEST_AMOUNT)


def idle_resources(
    allocations: Allocations, threshold: float = DEFAULT_THRESHOLD
) -> list[IdleResource]:
    """CPU and memory of pods that are used less than the threshold, the largest waste first.

    What has no known usage is not judged.

    Args:
        allocations: Of the days that count.
        threshold: Utilisation, as a share between 0 and 1.

    Raises:
        ConfigurationError: The threshold is no share.
    """
    return _idle_among(allocations.measured(), threshold)


def cluster_efficiency(
    allocations: Allocations, *, name: str | None = None, threshold: float = DEFAULT_THRESHOLD
) -> ClusterEfficiency | None:
    """How well all that is allocated is used; None where there is no row.

    Args:
        allocations: Of one cluster, or of several.
        name: What to call it; the names of the clusters by default.
        threshold: Utilisation below which a resource is idle, as a share between 0 and 1.

    Raises:
        ConfigurationError: The threshold is no share.
        DataError: The costs are in several currencies.
    """
    currency = allocations.currency()
    if currency is None:
        return None
    rows = allocations.measured()
    costs = allocations.costs_by(idle=(allocations.rows.namespace == IDLE).fill_null(False))  # noqa: FBT003 # Ibis takes it by position only
    idle_cost = sum(
        (row[part] for row in costs if row["idle"] for part in PART_OF.values()), Decimal(0)
    )
    cpu, memory = (
        _Measured.sum(row for row in rows if row["component"] == one) for one in ("cpu", "ram")
    )
    idle_nodes = max(idle_cost, Decimal(0))
    waste = sum((_Measured.sum([row]).waste for row in rows), idle_nodes)
    idle = _idle_among(rows, threshold)
    judged = cpu.judged_cost + memory.judged_cost
    return ClusterEfficiency(
        cluster=name or ", ".join(allocations.clusters()),
        start_date=allocations.window.start,
        end_date=max(allocations.window.dates()),
        currency=currency,
        total_cost=sum((row[part] for row in costs for part in PART_OF.values()), Decimal(0)),
        idle_cost=idle_cost,
        avg_cpu_utilization=_share(cpu.utilization),
        avg_memory_utilization=_share(memory.utilization),
        cpu_efficiency=_share(cpu.efficiency),
        memory_efficiency=_share(memory.efficiency),
        efficiency=_share(_weighted(cpu, memory)),
        unknown_cost=cpu.cost + memory.cost - cpu.requested_cost - memory.requested_cost,
        idle_resource_count=len(idle),
        threshold=threshold,
        estimated_waste=waste,
        potential_savings=min(waste, sum((one.waste_cost for one in idle), idle_nodes)),
        efficiency_score=_score(waste, judged + idle_nodes) if judged > 0 else None,
    )


def _idle_among(rows: Sequence[dict[str, Any]], threshold: float) -> list[IdleResource]:
    if not 0 <= threshold <= 1:
        raise ConfigurationError(
            f"{threshold} is no threshold for idle resources",
            hint="give a share between 0 and 1: 0.2 is 20 %",
        )
    by_pod: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["allocated"]:
            by_pod[tuple(row[name] or "" for name in _POD_KEYS)].append(row)
    found = []
    for (cluster, namespace, pod, component, currency), mine in by_pod.items():
        sums = _Measured.sum(mine)
        # Containers run beside each other: the averages of each are added.
        held, used = (sum((_average(row, name) for row in mine), Decimal(0)) for name in _HELD)
        if sums.utilization is None or sums.utilization >= Decimal(str(threshold)):
            continue
        peaks = [row["peak"] for row in mine]
        kind = _TYPES[component]
        peak = None if None in peaks else sum(peaks, Decimal(0))
        found.append(
            IdleResource(
                cluster=cluster,
                namespace=namespace,
                pod=pod,
                resource_type=kind,
                allocated=held,
                used=used,
                utilization=float(sums.utilization * 100),
                cost=sums.judged_cost,
                waste_cost=sums.waste,
                currency=currency,
                peak=peak,
                recommendation=_advice(kind, held, used, peak, sums.utilization),
            )
        )
    return sorted(found, key=lambda one: -one.waste_cost)


def _average(row: dict[str, Any], name: str) -> Decimal:
    """Of a container while it ran; of whole days where it is not told how long that was."""
    hours = (row["minutes"] or 0) / Decimal(_MINUTES_AN_HOUR) or row["days"] * _HOURS_A_DAY
    return Decimal(row[name] or 0) / hours


def _advice(
    kind: str, held: Decimal, used: Decimal, peak: Decimal | None, utilization: Decimal
) -> str:
    word, unit = _WORDS[kind], _UNITS[kind]
    needed = max(used * _HEADROOM, _STEP)
    if kind == "memory" and peak is not None:  # memory that is short kills the pod
        needed = max(needed, peak * _HEADROOM)
    target = needed.quantize(_STEP, ROUND_UP)
    lower = target < held
    if utilization < _BARELY:
        rest = f"; else lower its {word} request from {held:.2f} to {target} {unit}"
        return f"Remove the pod if nobody needs it{rest if lower else ''}."
    if not lower:
        why = f"it peaks at {peak:.2f} {unit}" if peak is not None else "it is small already"
        return f"Keep the {word} request: {why}."
    lowered = f"Lower the {word} request from {held:.2f} to {target} {unit}"
    if kind == "memory" and peak is None:
        return f"{lowered}, but not below its peak, which is unknown here."
    return f"{lowered}: it uses {used:.2f} on average."


def _weighted(cpu: _Measured, memory: _Measured) -> Decimal | None:
    """Efficiency of both, weighted by cost, as OpenCost's totalEfficiency does for one row."""
    known = [
        (one.requested_cost, one.efficiency)
        for one in (cpu, memory)
        if one.efficiency is not None and one.requested_cost > 0
    ]
    weight = sum((cost for cost, _ in known), Decimal(0))
    if not weight:
        return None
    return sum((cost * share for cost, share in known), Decimal(0)) / weight


def _score(waste: Decimal, cost: Decimal) -> float:
    return float(min(max(1 - waste / cost, Decimal(0)), Decimal(1)))


def _share(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
