"""Rows as sources of Kubernetes allocations deliver them."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from finops_cost_management.query.kubernetes import COMPONENT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

_UNITS = {"cpu": "Core-Hours", "ram": "GiB-Hours", "gpu": "GPU-Hours", "storage": "GiB-Hours"}
_WHOLE_DAY = 1440


def allocation_row(
    day: date,
    component: str,
    cost: Decimal | str | int | None,
    *,
    cluster: str = "production",
    node: str | None = "node-1",
    namespace: str | None = "shop",
    controller: str | None = None,
    controller_kind: str | None = None,
    pod: str | None = "cart-1",
    container: str | None = "main",
    quantity: Decimal | str | int | None = None,
    requested: Decimal | str | int | None = None,
    used: Decimal | str | int | None = None,
    minutes: Decimal | int | None = _WHOLE_DAY,
    peak: Decimal | str | int | None = None,
    labels: Mapping[str, str] | None = None,
    currency: str = "USD",
) -> dict[str, str | None]:
    """One row: a component of a container on a day, all columns as text.

    Args:
        day: When, UTC.
        component: ``cpu``, ``ram``, ``gpu``, ``storage``, ``network``, ``load_balancer``,
            ``shared`` or ``external``.
        cost: What it cost; None where that is unknown.
        cluster: Its cluster.
        node: The node.
        namespace: The namespace; ``__idle__`` for what is allocated to nobody.
        controller: The controller's name.
        controller_kind: ``deployment``, …
        pod: The pod.
        container: The container.
        quantity: Core-hours or GiB-hours that were allocated.
        requested: What was asked for, in the same unit.
        used: What was used, in the same unit.
        minutes: How long it ran.
        peak: The highest usage, in cores or GiB.
        labels: Its labels, as `Tags`.
        currency: ISO 4217 code of the cost.
    """
    month = day.replace(day=1)
    next_month = (month + timedelta(days=31)).replace(day=1)
    amount = _text(cost)
    return {
        "ChargePeriodStart": f"{day}T00:00:00Z",
        "ChargePeriodEnd": f"{day + timedelta(days=1)}T00:00:00Z",
        "BillingPeriodStart": f"{month}T00:00:00Z",
        "BillingPeriodEnd": f"{next_month}T00:00:00Z",
        "ChargeCategory": "Usage",
        "BilledCost": "0",
        "EffectiveCost": amount,
        "ListCost": amount,
        "ContractedCost": amount,
        "BillingCurrency": currency,
        "BillingAccountId": cluster,
        "SubAccountId": cluster,
        "ServiceName": "Kubernetes",
        "ServiceProviderName": "Kubernetes",
        "HostProviderName": "Kubernetes",
        "SkuMeter": component,
        "ResourceId": "/".join(part for part in (cluster, namespace, pod, container) if part),
        "ConsumedQuantity": _text(quantity),
        "ConsumedUnit": None if quantity is None else _UNITS.get(component),
        "Tags": json.dumps(dict(labels or {})),
        "x_KubernetesCluster": cluster,
        "x_KubernetesNode": node,
        "x_KubernetesNodeId": node,
        "x_KubernetesNamespace": namespace,
        "x_KubernetesControllerKind": controller_kind,
        "x_KubernetesController": controller,
        "x_KubernetesPod": pod,
        "x_KubernetesContainer": container,
        COMPONENT: component,
        "x_KubernetesMinutes": _text(minutes),
        "x_KubernetesRequested": _text(requested),
        "x_KubernetesUsed": _text(used),
        "x_KubernetesPeak": _text(peak),
    }


def idle_row(day: date, component: str, cost: Decimal | str | int, **more: Any) -> dict[str, Any]:
    """What a node or a cluster cost on a day beyond what is allocated, as `allocation_row`."""
    nobody = {"namespace": "__idle__", "pod": None, "container": None, "node": None}
    return allocation_row(day, component, cost, **{**nobody, **more})


def _text(value: object) -> str | None:
    return None if value is None else f"{Decimal(str(value)):f}"
