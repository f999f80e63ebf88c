"""What workloads on Kubernetes cost: by namespace, pod, label and every other dimension."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from finops_cost_management.did_you_mean import did_you_mean
from finops_cost_management.errors import ConfigurationError
from finops_cost_management.query.kubernetes import DIMENSIONS, IDLE, PART_OF

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

    from finops_cost_management.query.kubernetes import Allocations

LABEL = "label"
"""The type of allocation that needs a key: which label."""

ALLOCATION_TYPES = (LABEL, *DIMENSIONS)
"""What costs can be allocated by."""

_MINUTES_AN_HOUR = 60
_SPECIAL = "__"
_POD_KEYS = ("cluster", "namespace", "pod", "container")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCosts:
    """What something cost, part by part; an adjustment is in the part that it adjusts.

    Attributes:
        currency: ISO 4217 code of all amounts.
        cpu_cost: For cores, effective, as all parts.
        memory_cost: For memory.
        gpu_cost: For GPUs.
        storage_cost: For persistent volumes.
        network_cost: For transfer.
        load_balancer_cost: For load balancers.
        shared_cost: The share of costs that are shared by rule.
        external_cost: For what is outside the cluster.
        other_cost: Whatever the source calls by another name.
    """

    currency: str
    cpu_cost: Decimal
    memory_cost: Decimal
    gpu_cost: Decimal
    storage_cost: Decimal
    network_cost: Decimal
    load_balancer_cost: Decimal
    shared_cost: Decimal
    external_cost: Decimal
    other_cost: Decimal

    @property
    def total_cost(self) -> Decimal:
        """The sum of the parts."""
        return sum((getattr(self, part) for part in PART_OF.values()), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceCost(PartCosts):
    """What a namespace cost; ``__idle__`` is what no namespace uses."""

    cluster: str
    namespace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerCost(PartCosts):
    """What a deployment, a daemon set, a job, … cost, over all its pods."""

    cluster: str
    namespace: str
    controller_kind: str
    controller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCost(PartCosts):
    """What the workloads of a node cost, and its idle part where the source tells it by node."""

    cluster: str
    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCost(PartCosts):
    """What a cluster cost, its idle part included."""

    cluster: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCost(PartCosts):
    """What the workloads with one value of a label cost."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PodCost(PartCosts):
    """What a container of a pod cost, and how much it had.

    Attributes:
        cluster: Its cluster.
        namespace: Its namespace.
        pod: Its pod.
        container: Its container.
        cpu_cores: Cores that were allocated to it, on average while it ran: the higher of what
            it asked for and what it used. None where it is unknown.
        memory_gb: Memory that was allocated to it, likewise, in GiB of 2^30 bytes, which
            Kubernetes writes as ``Gi``.
        hours: How many hours it ran; None where it is unknown.
    """

    cluster: str
    namespace: str
    pod: str
    container: str
    cpu_cores: Decimal | None
    memory_gb: Decimal | None
    hours: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostAllocation:
    """All costs, split by one dimension.

    Attributes:
        dimension: The key of the label, or the dimension's name.
        currency: ISO 4217 code; None without costs.
        total_cost: All of it: the allocations and what is unallocated.
        unallocated_cost: What belongs to no value: idle, unmounted, shared, and workloads without
            the label.
        allocations: Value → what it cost, the largest first.
        unallocated: What the unallocated part consists of: ``__idle__``, ``__unallocated__``, ….
    """

    dimension: str
    currency: str | None
    total_cost: Decimal
    unallocated_cost: Decimal
    allocations: Mapping[str, Decimal] = field(default_factory=dict)
    unallocated: Mapping[str, Decimal] = field(default_factory=dict)


CostsT = TypeVar("CostsT", bound=PartCosts)

_PART_FIELDS = frozenset(one.name for one in fields(PartCosts))


def key_fields(kind: type[PartCosts]) -> list[str]:
    """What a kind of cost is grouped by: the fields that are its own."""
    return [one.name for one in fields(kind) if one.name not in _PART_FIELDS]


def costs_of(kind: type[CostsT], allocations: Allocations) -> list[CostsT]:
    """Costs of one kind, the largest first."""
    keys = {name: allocations.dimension(name) for name in key_fields(kind)}
    return _largest_first([kind(**_parts(row, keys)) for row in allocations.costs_by(**keys)])


def label_costs(allocations: Allocations, key: str) -> list[LabelCost]:
    """Costs by the values of a label, the largest first; ``__unallocated__`` have none."""
    keys = {"value": allocations.label(key)}
    return _largest_first([LabelCost(**_parts(row, keys)) for row in allocations.costs_by(**keys)])


def pod_costs(allocations: Allocations) -> list[PodCost]:
    """Costs by container of each pod, the largest first."""
    keys = {name: allocations.dimension(name) for name in _POD_KEYS}
    return _largest_first(
        [
            PodCost(
                **_parts(row, keys),
                cpu_cores=_average(row, "cpu"),
                memory_gb=_average(row, "ram"),
                hours=_hours(row, "cpu") or _hours(row, "ram"),
            )
            for row in allocations.costs_by(**keys)
        ]
    )


def allocate(allocations: Allocations, kind: str, label_key: str = "") -> CostAllocation:
    """Split all costs by one dimension; what cannot be split is the unallocated part.

    Args:
        allocations: What is split.
        kind: One of `ALLOCATION_TYPES`.
        label_key: Which label, where the kind is ``label``.

    Raises:
        ConfigurationError: There is no such kind.
        DataError: The costs are in several currencies.
    """
    currency = allocations.currency()
    value = _value(allocations, kind, label_key)
    # Idle of a known node or cluster is nobody's all the same.
    idle = allocations.rows.namespace == IDLE
    value = idle.fill_null(False).ifelse(IDLE, value)  # noqa: FBT003 # Ibis takes it by position only
    costs = {
        row["value"]: sum((row[part] for part in PART_OF.values()), Decimal(0))
        for row in allocations.costs_by(value=value)
    }
    largest = sorted(costs, key=lambda name: (-costs[name], name))
    of_nobody = [name for name in largest if name.startswith(_SPECIAL)]
    return CostAllocation(
        dimension=label_key if kind == LABEL else kind,
        currency=currency,
        total_cost=sum(costs.values(), Decimal(0)),
        unallocated_cost=sum((costs[name] for name in of_nobody), Decimal(0)),
        allocations={name: costs[name] for name in largest if name not in of_nobody},
        unallocated={name: costs[name] for name in of_nobody},
    )


def _value(allocations: Allocations, kind: str, label_key: str) -> ir.StringValue:
    if kind == LABEL:
        if not label_key:
            raise ConfigurationError(
                "no label is named to allocate by", hint="name one, such as team"
            )
        return allocations.label(label_key)
    if kind not in DIMENSIONS:
        raise ConfigurationError(
            f"{kind!r} is nothing that costs can be allocated by",
            hint=did_you_mean(kind, ALLOCATION_TYPES)
            or f"use one of {', '.join(ALLOCATION_TYPES)}",
        )
    return allocations.dimension(kind)


def _parts(row: Mapping[str, Any], keys: Mapping[str, object]) -> dict[str, Any]:
    return {name: row[name] for name in (*keys, "currency", *PART_OF.values())}


def _largest_first(costs: list[CostsT]) -> list[CostsT]:
    # Sorting is stable: what costs the same stays in the order of its names.
    return sorted(costs, key=lambda one: -one.total_cost)


def _hours(row: Mapping[str, Any], component: str) -> Decimal | None:
    """How long a container had some of a resource."""
    minutes: Decimal | None = row[f"{component}_minutes"]
    return minutes / _MINUTES_AN_HOUR if minutes else None


def _average(row: Mapping[str, Any], component: str) -> Decimal | None:
    """What it had of a resource while it ran; 0 where it had none."""
    if not row[f"{component}_rows"]:
        return Decimal(0)
    quantity: Decimal | None = row[f"{component}_quantity"]
    hours = _hours(row, component)
    if quantity is None or hours is None:
        return Decimal(0) if quantity == 0 else None
    return quantity / hours
