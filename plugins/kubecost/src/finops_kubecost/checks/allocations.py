"""One allocation of the API, in the words and units of the checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

GIB = Decimal(2**30)
ZERO = Decimal(0)
_MINUTES = Decimal(60)

IDLE, UNMOUNTED = "__idle__", "__unmounted__"

Told = Mapping[str, Any]
"""A JSON object of the API, its numbers as Decimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What one run of a container has of cpu (in cores) or of memory (in GiB).

    Attributes:
        cost: What it is charged, with its adjustment.
        hours: Core-hours or GiB-hours that are charged: of request and usage the larger.
        request: What is asked for, on average of its run; None where the API does not tell.
        usage: What is used, likewise.
        peak: The most that was used; None where the API does not tell.
    """

    cost: Decimal
    hours: Decimal
    request: Decimal | None
    usage: Decimal | None
    peak: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A persistent volume as an allocation names it.

    Attributes:
        name: Its name in the cluster.
        provider_id: The id that its cloud knows it by; empty where the API does not tell.
        cost: What it is charged, with its adjustment.
        gib_hours: GiB × hours that are charged.
    """

    name: str
    provider_id: str
    cost: Decimal
    gib_hours: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What one container had and cost in one step, a day or an hour.

    Attributes:
        step: The beginning of the step, as the API writes it.
        cluster: The cluster's name.
        node: The node's name; empty where the API does not tell.
        provider_id: The node, as its cloud knows it; likewise.
        namespace: Kubernetes namespace; likewise.
        kind: What controls the pod, in small letters: ``deployment``; ``pod`` where nothing does.
        controller: Its name, or the pod's.
        pod: The pod's name; empty where the API does not tell.
        container: The container's name; likewise.
        hours: How long it ran.
        cpu: In cores.
        memory: In GiB.
        gpu_cost: What its GPUs are charged, with adjustment.
        balancer_cost: What its load balancers are charged, likewise.
        network_bytes: What it sent and received; None where the API does not tell.
        volume_cost: What its volumes are charged, likewise, also where they are not named.
        volumes: Its persistent volumes, by name.
        marks: Names of its labels and annotations.
    """

    step: str
    cluster: str
    node: str
    provider_id: str
    namespace: str
    kind: str
    controller: str
    pod: str
    container: str
    hours: Decimal
    cpu: Resource
    memory: Resource
    gpu_cost: Decimal
    balancer_cost: Decimal
    network_bytes: Decimal | None
    volume_cost: Decimal
    volumes: tuple[Volume, ...]
    marks: frozenset[str]

    @property
    def is_workload(self) -> bool:
        """Whether it is a container of people's, and no name of the API's own making."""
        own = (self.namespace, self.pod, self.container)
        return all(name and not name.startswith("__") for name in own)

    @property
    def is_idle(self) -> bool:
        """Whether it is what nobody uses of a node or a cluster."""
        return IDLE in (self.namespace, self.pod, self.container)

    @property
    def is_unmounted(self) -> bool:
        """Whether it is volumes that no pod mounts."""
        return UNMOUNTED in (self.namespace, self.pod, self.container)

    @property
    def is_measured(self) -> bool:
        """Whether its usage is known: what runs uses memory, so that a 0 is a missing figure."""
        return bool(self.memory.usage or self.cpu.usage)

    @property
    def workload(self) -> str:
        """``cluster/namespace/kind/name``."""
        return f"{self.cluster}/{self.namespace}/{self.kind}/{self.controller}"

    @property
    def cost(self) -> Decimal:
        """What ends when the workload does: all but its volumes, which stay."""
        return self.cpu.cost + self.memory.cost + self.gpu_cost + self.balancer_cost


def read_allocation(name: str, told: Told, cluster: str) -> Allocation:
    """An allocation, from what the API says of it.

    Args:
        name: Its key in the set: ``cluster/node/__idle__`` tells what its properties do not.
        told: The JSON object.
        cluster: The cluster's name, where the API does not tell it.
    """
    properties: Told = told.get("properties") or {}
    raw: Told = told.get("rawAllocationOnly") or {}
    namespace, pod = _text(properties, "namespace"), _text(properties, "pod")
    if name.rpartition("/")[2] == IDLE:
        namespace = IDLE
    controller = _text(properties, "controller")
    return Allocation(
        step=str((told.get("window") or {}).get("start") or told.get("start") or ""),
        cluster=_text(properties, "cluster") or cluster,
        node=_text(properties, "node"),
        provider_id=_text(properties, "providerID"),
        namespace=namespace,
        kind=(_text(properties, "controllerKind").lower() or "controller") if controller else "pod",
        controller=controller or pod,
        pod=pod,
        container=_text(properties, "container"),
        hours=(number(told.get("minutes")) or ZERO) / _MINUTES,
        cpu=Resource(
            cost=cost_of(told, "cpuCost"),
            hours=number(told.get("cpuCoreHours")) or ZERO,
            request=number(told.get("cpuCoreRequestAverage")),
            usage=number(told.get("cpuCoreUsageAverage")),
            peak=number(raw.get("cpuCoreUsageMax")),
        ),
        memory=Resource(
            cost=cost_of(told, "ramCost"),
            hours=gibibytes(told.get("ramByteHours")) or ZERO,
            request=gibibytes(told.get("ramByteRequestAverage")),
            usage=gibibytes(told.get("ramByteUsageAverage")),
            peak=gibibytes(raw.get("ramByteUsageMax")),
        ),
        gpu_cost=cost_of(told, "gpuCost"),
        balancer_cost=cost_of(told, "loadBalancerCost"),
        network_bytes=_added(told.get("networkTransferBytes"), told.get("networkReceiveBytes")),
        volume_cost=cost_of(told, "pvCost"),
        volumes=tuple(_volumes(told.get("pvs") or {})),
        marks=frozenset(
            mark.lower()
            for kind in ("labels", "annotations")
            for mark in (properties.get(kind) or {})
        ),
    )


def _volumes(told: Told) -> Iterator[Volume]:
    """The volumes of an allocation; their keys are ``cluster=…:name=…``."""
    for key, volume in told.items():
        yield Volume(
            name=key.rpartition("name=")[2],
            provider_id=_text(volume, "providerID"),
            cost=(number(volume.get("cost")) or ZERO) + (number(volume.get("adjustment")) or ZERO),
            gib_hours=gibibytes(volume.get("byteHours")) or ZERO,
        )


def number(value: object) -> Decimal | None:
    """A number of the API; None for null, and for what is no finite number.

    Example:
        >>> number(1.5), number("NaN"), number(None)
        (Decimal('1.5'), None, None)
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        known = Decimal(str(value))
    except ArithmeticError:
        return None
    return known if known.is_finite() else None


def gibibytes(value: object) -> Decimal | None:
    """Bytes of the API in GiB."""
    known = number(value)
    return None if known is None else known / GIB


def cost_of(told: Told, name: str) -> Decimal:
    """A component's cost with its adjustment: the API gives them apart."""
    return (number(told.get(name)) or ZERO) + (number(told.get(f"{name}Adjustment")) or ZERO)


def _added(*values: object) -> Decimal | None:
    known = [one for one in map(number, values) if one is not None]
    return sum(known, ZERO) if known else None


def _text(told: Told, name: str) -> str:
    return str(told.get(name) or "")
