"""Kubernetes costs as rows of a table or of a file."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from finops_cost_management.answers.kubernetes import PodCost, key_fields
from finops_cost_management.query.kubernetes import PART_OF
from finops_cost_management.report.wording import amount, money, percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from finops_cost_management.answers.kubernetes import PartCosts
    from finops_cost_management.answers.kubernetes_usage import ClusterEfficiency, IdleResource

_ALWAYS = ("cpu_cost", "memory_cost", "storage_cost", "network_cost")
"""Parts that a table always has; the others where there is some."""

_PARTS = {
    "cpu_cost": "CPU",
    "memory_cost": "Memory",
    "storage_cost": "Storage",
    "network_cost": "Network",
    "gpu_cost": "GPU",
    "load_balancer_cost": "Balancers",
    "shared_cost": "Shared",
    "external_cost": "External",
    "other_cost": "Other",
}
_HELD = {"cpu_cores": "Cores", "memory_gb": "GiB"}

COST_FIGURES = frozenset({*_PARTS.values(), *_HELD.values(), "Total"})
IDLE_FIGURES = frozenset({"Used", "Share", "Waste"})
_UNITS = {"cpu": "cores", "memory": "GiB"}
EFFICIENCY_FIGURES = frozenset({"Figure"})


def cost_rows(costs: Sequence[PartCosts], label: str = "") -> list[dict[str, Any]]:
    """What a person reads: amounts as texts, without columns that say nothing.

    Args:
        costs: All of one kind.
        label: What the values of a label are called.
    """
    if not costs:
        return []
    keys = [name for name in key_fields(type(costs[0])) if name not in (*_HELD, "hours")]
    if len(keys) > 1 and len({getattr(one, "cluster", None) for one in costs}) == 1:
        keys.remove("cluster")
    parts = [part for part in _PARTS if part in _ALWAYS or any(getattr(one, part) for one in costs)]
    rows = []
    for one in costs:
        row = {_heading(name, label): getattr(one, name) for name in keys}
        if isinstance(one, PodCost):
            row |= {heading: _quantity(getattr(one, name)) for name, heading in _HELD.items()}
        row |= {_PARTS[part]: amount(getattr(one, part), one.currency) for part in parts}
        rows.append(row | {"Total": money(one.total_cost, one.currency)})
    return rows


def full_cost_row(one: PartCosts) -> dict[str, Any]:
    """Everything, for programs."""
    row = asdict(one)
    keys = {name: row.pop(name) for name in key_fields(type(one))}
    currency = row.pop("currency")
    return {**keys, "currency": currency, **{part: row[part] for part in PART_OF.values()}} | {
        "total_cost": one.total_cost
    }


def idle_rows(found: Sequence[IdleResource]) -> list[dict[str, Any]]:
    """Idle resources, for a person."""
    several = len({one.cluster for one in found}) > 1
    return [
        {
            **({"Cluster": one.cluster} if several else {}),
            "Pod": f"{one.namespace}/{one.pod}",
            "Used": f"{one.used:.2f} of {one.allocated:.2f} {_UNITS[one.resource_type]}",
            "Share": f"{one.utilization:.1f} %",
            "Waste": money(one.waste_cost, one.currency),
            "Recommendation": one.recommendation,
        }
        for one in found
    ]


def efficiency_rows(answers: Sequence[ClusterEfficiency]) -> list[dict[str, Any]]:
    """The figures of clusters, one line each, for a person."""
    return [
        {"Cluster": one.cluster, "What": what, "Figure": figure}
        for one in answers
        for what, figure in {
            "Total cost": money(one.total_cost, one.currency),
            "Idle cost of nodes": money(one.idle_cost, one.currency),
            "CPU used of allocated": _share(one.avg_cpu_utilization),
            "Memory used of allocated": _share(one.avg_memory_utilization),
            "CPU used of requested": _share(one.cpu_efficiency),
            "Memory used of requested": _share(one.memory_efficiency),
            "Used of requested, by cost": _share(one.efficiency),
            "Cost of unknown efficiency": money(one.unknown_cost, one.currency),
            f"Resources used below {percent(one.threshold, digits=0)}": (
                f"{one.idle_resource_count:,}"
            ),
            "Estimated waste": money(one.estimated_waste, one.currency),
            "Potential savings": money(one.potential_savings, one.currency),
            "Efficiency score": _share(one.efficiency_score),
        }.items()
    ]


def _heading(name: str, label: str) -> str:
    if name == "value":
        return label or "Value"
    return "Kind" if name == "controller_kind" else name.capitalize()


def _quantity(value: Decimal | None) -> str:
    return "unknown" if value is None else f"{value:,.2f}"


def _share(value: float | None) -> str:
    return "unknown" if value is None else percent(value)
