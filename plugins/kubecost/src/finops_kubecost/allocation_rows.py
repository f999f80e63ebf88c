"""Allocations of Kubecost and OpenCost as rows of FOCUS, one per component that costs or runs."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING, Any

from finops_cost_management import DataError
from finops_kubecost.client import instant
from finops_kubecost.nodes import Nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from finops_kubecost.client import Allocation
    from finops_kubecost.nodes import Machine

log = logging.getLogger(__name__)

IDLE, UNMOUNTED = "__idle__", "__unmounted__"
SPECIAL = (IDLE, UNMOUNTED, "__unallocated__", "__shared__")
"""Names that stand where a namespace would, and are kept."""

ROUNDING = Decimal("0.0001")
"""How far the parts may be from the total: some fourteen of them, each rounded to 0.00001."""

_EXACT = Context(prec=100)
_DIGITS = Decimal("1e-12")
_LARGEST_COST, _LARGEST_AMOUNT = Decimal(10) ** 18, Decimal(10) ** 25
"""What a store can sum: beyond these, something is wrong with prices or metrics."""
_GIB = Decimal(2**30)
_MINUTES = Decimal(60)
_COSTS = ("EffectiveCost", "ListCost", "ContractedCost")
_INSTANTS = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of an allocation's cost, and which fields of the API tell it.

    Attributes:
        name: What it is called in ``SkuMeter``.
        category: FOCUS's service category and subcategory.
        cost: The field with its cost; the adjustment is in the field ``…Adjustment`` beside it.
        quantities: Fields whose sum is the quantity.
        unit: The unit of quantity, request and usage.
        request: The field with the average request.
        usage: The field with the average usage.
        peak: The field of ``rawAllocationOnly`` with the highest usage.
        scale: What quantities, request, usage and peak are divided by.
    """

    name: str
    category: tuple[str, str]
    cost: str
    quantities: tuple[str, ...] = ()
    unit: str | None = None
    request: str | None = None
    usage: str | None = None
    peak: str | None = None
    scale: Decimal = Decimal(1)


_CONTAINERS = ("Compute", "Containers")
_OTHER = ("Other", "Other (Other)")
_NETWORK = ("Networking", "Other (Networking)")

COMPONENTS = (
    Component(
        name="cpu",
        category=_CONTAINERS,
        cost="cpuCost",
        quantities=("cpuCoreHours",),
        unit="Core-Hours",
        request="cpuCoreRequestAverage",
        usage="cpuCoreUsageAverage",
        peak="cpuCoreUsageMax",
    ),
    Component(
        name="ram",
        category=_CONTAINERS,
        cost="ramCost",
        quantities=("ramByteHours",),
        unit="GiB-Hours",
        request="ramByteRequestAverage",
        usage="ramByteUsageAverage",
        peak="ramByteUsageMax",
        scale=_GIB,
    ),
    Component(
        name="gpu",
        category=_CONTAINERS,
        cost="gpuCost",
        quantities=("gpuHours",),
        unit="GPU-Hours",
        request="gpuRequestAverage",
        usage="gpuUsageAverage",
        peak="gpuUsageMax",
    ),
    Component(
        name="storage",
        category=("Storage", "Other (Storage)"),
        cost="pvCost",
        quantities=("pvByteHours",),
        unit="GiB-Hours",
        scale=_GIB,
    ),
    Component(
        name="network",
        category=_NETWORK,
        cost="networkCost",
        quantities=("networkTransferBytes", "networkReceiveBytes"),
        unit="GiB",
        scale=_GIB,
    ),
    Component(name="load_balancer", category=_NETWORK, cost="loadBalancerCost"),
    Component(name="shared", category=_OTHER, cost="sharedCost"),
    Component(name="external", category=_OTHER, cost="externalCost"),
)

_MEASURED = ("cpuCoreUsageAverage", "ramByteUsageAverage")
"""What runs uses memory: where both are 0, nobody has measured them."""

UNEXPLAINED = Component(name="other", category=_OTHER, cost="")
"""What the total has beyond all parts that are told: a cost that newer builds know."""


def allocation_rows(
    allocations: Sequence[Allocation], *, cluster: str, currency: str, provider: str | None
) -> pa.Table:
    """One row for each component of each allocation that has a cost, a quantity or a usage.

    Args:
        allocations: Allocations of a day, as `KubecostClient.allocations` gives them.
        cluster: What the cluster is called where an allocation does not say.
        currency: The currency of all costs.
        provider: Whose machines they are; told by each node's id if None.

    Raises:
        DataError: A cost is beyond what can be summed.
    """
    import pyarrow as pa

    nodes = Nodes(allocations)
    schema = pa.schema([(name, _type(name)) for name in _COLUMNS])
    values: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    with localcontext(_EXACT):
        for allocation in allocations:
            place = _place(allocation, nodes, cluster, provider)
            shared = {**_period(allocation), **place, "BillingCurrency": currency}
            for row in _components(allocation):
                whole = {**shared, **row}
                for name, column in values.items():
                    column.append(whole.get(name))
    return pa.table(values, schema=schema)


def _place(
    allocation: Allocation, nodes: Nodes, cluster: str, provider: str | None
) -> dict[str, Any]:
    """Where the allocation ran, and whose machine that is."""
    told = allocation.get("properties") or {}
    parts = str(allocation.get("name") or "").split("/")
    special = next((name for name in SPECIAL if name in parts), None)
    namespace, node = told.get("namespace") or special, told.get("node") or None
    if node is None and namespace == IDLE:
        known = told.get("cluster")
        node = next((part for part in parts if (known, part) in nodes), None)
    machine = nodes.machine(told.get("cluster"), node, told.get("providerID"))
    owner = told.get("cluster") or cluster
    pod, container = told.get("pod") or None, told.get("container") or None
    inside = [node] if namespace == IDLE else [pod, container]
    resource = [part for part in (owner, namespace, *inside) if part]
    return {
        **_cloud(machine, provider),
        "BillingAccountId": owner,
        "SubAccountId": owner,
        "SubAccountName": owner,
        "ResourceId": "/".join(resource),
        "ResourceName": resource[-1],
        "ResourceType": f"Kubernetes {_kind(namespace, pod, container)}",
        "Tags": _tags(told),
        "x_KubernetesCluster": owner,
        "x_KubernetesNode": node,
        "x_KubernetesNodeId": machine.bill_id,
        "x_KubernetesNamespace": namespace,
        "x_KubernetesControllerKind": told.get("controllerKind") or None,
        "x_KubernetesController": told.get("controller") or None,
        "x_KubernetesPod": pod,
        "x_KubernetesContainer": container,
        "x_KubernetesMinutes": _plain(_minutes(allocation)),
    }


def _cloud(machine: Machine, provider: str | None) -> dict[str, str]:
    name = provider or machine.provider
    return dict.fromkeys(("HostProviderName", "ServiceProviderName", "InvoiceIssuerName"), name)


def _kind(namespace: str | None, pod: str | None, container: str | None) -> str:
    if namespace in {IDLE, UNMOUNTED}:
        return "idle" if namespace == IDLE else "volume"
    if container:
        return "container"
    return "pod" if pod else "namespace" if namespace else "cluster"


def _tags(told: dict[str, Any]) -> str | None:
    """Labels of the namespace, and over them those of the pod; null where none is told."""
    schemes = [told[name] for name in ("namespaceLabels", "labels") if told.get(name) is not None]
    if not schemes:
        return None
    merged = {key: value for scheme in schemes for key, value in scheme.items()}
    return json.dumps(merged, sort_keys=True, separators=(",", ":"))


def _period(allocation: Allocation) -> dict[str, datetime]:
    start, end = (instant(allocation["window"][side]) for side in ("start", "end"))
    month = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return {
        "BillingPeriodStart": month,
        "BillingPeriodEnd": (month + timedelta(days=32)).replace(day=1),
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
    }


def _components(allocation: Allocation) -> Iterator[dict[str, Any]]:
    minutes = _minutes(allocation)
    hours = None if minutes is None else minutes / _MINUTES
    measured = any(_number(allocation, name) for name in _MEASURED)
    explained = Decimal(0)
    for component in COMPONENTS:
        cost = _cost(allocation, component)
        explained += cost or 0
        quantity = _sum(_number(allocation, name) for name in component.quantities)
        requested = _over(hours, allocation, component.request)
        told = measured or component.usage not in _MEASURED
        used = _over(hours, allocation, component.usage if told else None)
        if any((cost, quantity, requested, used)):
            yield _row(allocation, component, cost, [quantity, requested, used])
    total = _number(allocation, "totalCost")
    if total is not None and abs(total - explained) > ROUNDING:
        yield _row(allocation, UNEXPLAINED, total - explained, [None, None, None])


def _row(
    allocation: Allocation,
    component: Component,
    cost: Decimal | None,
    amounts: list[Decimal | None],
) -> dict[str, Any]:
    raw = _inside(allocation, "rawAllocationOnly")
    # What runs uses something: a peak of 0 was not measured.
    peak = (_number(raw, component.peak) or None) if component.peak else None
    quantity, requested, used, peak = (
        None if amount is None else amount / component.scale for amount in (*amounts, peak)
    )
    if cost is not None and abs(cost) > _LARGEST_COST:
        raise DataError(
            f"{allocation.get('name')}: its {component.name} costs {cost:.3e}, which is no amount",
            hint="look at the prices and metrics that Kubecost or OpenCost is given",
        )
    return {
        **_CONSTANT,
        **dict.fromkeys(_COSTS, None if cost is None else cost.quantize(_DIGITS)),
        "ServiceCategory": component.category[0],
        "ServiceSubcategory": component.category[1],
        "SkuMeter": component.name,
        "ConsumedQuantity": None if quantity is None else quantity.quantize(_DIGITS),
        "ConsumedUnit": None if quantity is None else component.unit,
        "x_KubernetesComponent": component.name,
        "x_KubernetesRequested": _plain(requested),
        "x_KubernetesUsed": _plain(used),
        "x_KubernetesPeak": _plain(peak),
    }


def _cost(allocation: Allocation, component: Component) -> Decimal | None:
    """The cost with its adjustment; None where the cost is not told."""
    cost = _number(allocation, component.cost)
    adjustment = _number(allocation, f"{component.cost}Adjustment")
    return adjustment or None if cost is None else cost + (adjustment or 0)


def _over(hours: Decimal | None, allocation: Allocation, average: str | None) -> Decimal | None:
    """An average over the time that something ran, as a quantity."""
    if average is None:
        return None
    # Newer builds have what they know of a GPU apart.
    apart = {**_inside(allocation, "gpuAllocation"), **allocation}
    amount = _number(apart, average)
    return None if amount is None or hours is None else amount * hours


def _inside(allocation: Allocation, name: str) -> dict[str, Any]:
    told = allocation.get(name)
    return told if isinstance(told, dict) else {}


def _minutes(allocation: Allocation) -> Decimal | None:
    told = _number(allocation, "minutes")
    if told is not None:
        return told
    try:
        ran = instant(allocation["end"]) - instant(allocation["start"])
    except (KeyError, TypeError, ValueError):
        return None
    return Decimal(int(ran.total_seconds())) / _MINUTES


def _number(allocation: Allocation, name: str) -> Decimal | None:
    """A number of the answer; None for what is none: null, NaN, an infinity."""
    told = allocation.get(name)
    if isinstance(told, bool) or not isinstance(told, Decimal | int):
        return None
    number = Decimal(told)
    if not number.is_finite():
        return None
    if abs(number) > _LARGEST_AMOUNT:
        raise DataError(
            f"{allocation.get('name', 'an allocation')}: its {name} of {number:.3e} is no amount",
            hint="look at the prices and metrics that Kubecost or OpenCost is given",
        )
    return number if number.adjusted() >= _DIGITS.adjusted() else Decimal(0)


def _sum(numbers: Iterable[Decimal | None]) -> Decimal | None:
    told = [number for number in numbers if number is not None]
    return sum(told, Decimal(0)) if told else None


def _plain(number: Decimal | None) -> str | None:
    """A number as text, without an exponent or zeros at its end."""
    return None if number is None else f"{number.quantize(_DIGITS).normalize():f}"


def _type(name: str) -> pa.DataType:
    import pyarrow as pa

    if name in {"BilledCost", "ConsumedQuantity", *_COSTS}:
        return pa.decimal128(38, 12)
    return pa.timestamp("us", "UTC") if name in _INSTANTS else pa.string()


_CONSTANT = {
    "BilledCost": Decimal(0),  # the cloud bills the node; this says who used it
    "ChargeCategory": "Usage",
    "ChargeFrequency": "Usage-Based",
    "PricingCategory": "Standard",
    "ServiceName": "Kubernetes",
}

_COLUMNS = (
    "BilledCost",
    *_COSTS,
    "BillingAccountId",
    "BillingCurrency",
    *_INSTANTS,
    "ChargeCategory",
    "ChargeClass",
    "ChargeFrequency",
    "ConsumedQuantity",
    "ConsumedUnit",
    "HostProviderName",
    "InvoiceIssuerName",
    "PricingCategory",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceProviderName",
    "ServiceSubcategory",
    "SkuMeter",
    "SubAccountId",
    "SubAccountName",
    "Tags",
    "x_KubernetesCluster",
    "x_KubernetesComponent",
    "x_KubernetesContainer",
    "x_KubernetesController",
    "x_KubernetesControllerKind",
    "x_KubernetesMinutes",
    "x_KubernetesNamespace",
    "x_KubernetesNode",
    "x_KubernetesNodeId",
    "x_KubernetesPeak",
    "x_KubernetesPod",
    "x_KubernetesRequested",
    "x_KubernetesUsed",
)
