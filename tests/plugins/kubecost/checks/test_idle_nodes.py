"""Nodes that the others could replace: together, and with what must move."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops_cost_management import Recommendation, Risk, SavingsAnswer
from finops_cost_management.answers.alternatives import monthly_savings, without_double_count
from finops_cost_management.answers.priority import PriorityFormula
from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_kubecost.checks.allocations import read_allocation
from finops_kubecost.checks.cluster_case import container, idle_of, machine, server
from finops_kubecost.checks.idle_nodes import IdleNodes, IdleNodesOptions, nodes_of
from finops_kubecost.checks.request_sizing import RequestSizing
from finops_kubecost.checks.workloads import by_cluster
from finops_kubecost.fake_kubecost import Told

pytestmark = pytest.mark.model_checked_fake

Find = Callable[..., SavingsAnswer]


def node(name: str, used: str, *, of: str = "4", **more: Any) -> list[Told]:
    """A node of 4 cores and 4 GiB for 4.80 USD a day, and one workload on it."""
    level = (used, used, used)
    share = Decimal(used) / Decimal(of)
    rest = str(Decimal(of) - Decimal(used))
    return [
        container(
            f"app-{name}",
            cpu=level,
            memory=level,
            cost=str(Decimal("4.80") * share),
            node=name,
            **more,
        ),
        idle_of(name, cpu=rest, memory=rest, cost=str(Decimal("4.80") * (1 - share))),
    ]


MONTH = (Decimal("4.80") * DAYS_A_MONTH).quantize(Decimal("0.01"))


def test_saving_is_what_the_node_costs_used_or_idle(find: Find) -> None:
    day = [*node("node-1", "2"), *node("node-2", "2"), *node("node-3", "0.2")]
    answer = find(IdleNodes, server(lambda _: day))
    (found,) = answer.findings
    assert found.estimated_monthly_savings == found.current_cost == MONTH
    assert found.resource_id == machine("node-3").rpartition("/")[2]  # as the bill knows it
    assert found.resource_name == "node-3"
    assert found.provider == "AWS"
    assert found.evidence["what would move"] == "shop/app-node-3"
    assert answer.clean == 2


def test_a_node_and_the_requests_on_it_count_once(find: Find) -> None:
    """What its workload asks for too much is a part of what the node costs."""
    wasteful = container(
        "tool", cpu=("0.8", "0.05", "0.06"), memory=("0.8", "0.05", "0.06"), cost="0.96", node="n-3"
    )
    rest = idle_of("n-3", cpu="3.2", memory="3.2", cost="3.84")
    fake = server(lambda _: [*node("n-1", "2"), *node("n-2", "2"), wasteful, rest])
    gone, smaller = (
        [one for one in find(check, fake).findings if "app-" not in one.resource_id]
        for check in (IdleNodes, RequestSizing)
    )
    assert (len(gone), len(smaller)) == (1, 1)
    assert gone[0].shares == {smaller[0].resource_id: gone[0].current_cost / 5}
    settled = without_double_count([*gone, *smaller], PriorityFormula())
    assert monthly_savings(settled)["USD"] <= gone[0].current_cost


def test_nodes_that_are_found_can_go_together(find: Find) -> None:
    """Five nodes at 15 %: what is on three fits on two up to 80 %, and two must stay."""
    day = [one for number in range(1, 6) for one in node(f"node-{number}", "0.6")]
    answer = find(IdleNodes, server(lambda _: day))
    assert (len(answer.findings), answer.clean) == (3, 2)
    tight = find(IdleNodes, server(lambda _: day), target_percent=30)
    assert len(tight.findings) == 2  # 3.0 cores fit on three nodes of 4 × 30 %, not on two


def test_no_room_no_advice(find: Find) -> None:
    day = [*node("node-1", "3.2"), *node("node-2", "3.2"), *node("node-3", "0.2")]
    assert find(IdleNodes, server(lambda _: day)).clean == 3


def test_a_node_stays_where_few_are_left(find: Find) -> None:
    day = [*node("node-1", "0.2"), *node("node-2", "0.2")]
    assert find(IdleNodes, server(lambda _: day)).clean == 2
    assert len(find(IdleNodes, server(lambda _: day), minimum_nodes=1).findings) == 1


def test_daemon_sets_do_not_move(find: Find) -> None:
    full = [*node("node-1", "3.2"), *node("node-2", "3.2")]
    day = [*full, *node("node-3", "0.2", kind="daemonset")]
    (found,) = find(IdleNodes, server(lambda _: day)).findings
    assert found.evidence["what would move"] == "nothing"
    assert not found.restart_needed


def test_pods_that_nobody_makes_anew_are_told(find: Find) -> None:
    bare = node("node-3", "0.2")
    bare[0]["properties"] |= {"controller": "", "controllerKind": ""}
    day = [*node("node-1", "2"), *node("node-2", "2"), *bare]
    (found,) = find(IdleNodes, server(lambda _: day)).findings
    assert found.risk is Risk.HIGH
    assert any("shop/app-node-3-0" in step for step in found.steps)


@pytest.mark.parametrize("needed", ["gpu", "control plane"])
def test_what_the_cluster_needs_stays(find: Find, needed: str) -> None:
    special = node("node-3", "0.2")
    if needed == "gpu":
        special[0]["gpuCost"] = 9.0
    else:
        special[0]["properties"] |= {"namespace": "kube-system", "pod": "kube-apiserver-node-3"}
    day = [*node("node-1", "2"), *node("node-2", "2"), *special]
    assert find(IdleNodes, server(lambda _: day)).clean == 3


def test_idle_by_cluster_only_is_unknown(find: Find) -> None:
    fake = server(lambda _: [*node("node-1", "0.2"), *node("node-2", "2"), *node("node-3", "2")])
    fake.knows_idle_by_node = False
    (unknown,) = find(IdleNodes, fake).unknown
    assert unknown.reason == "idle cost is not told by node"


def test_negative_idle_is_no_idle(find: Find) -> None:
    over = [node("node-3", "0.2")[0], idle_of("node-3", cpu="-1", memory="3", cost="-1.00")]
    day = [*node("node-1", "2"), *node("node-2", "2"), *over]
    assert find(IdleNodes, server(lambda _: day)).clean == 3


@settings(max_examples=50)
@given(st.lists(st.decimals("0.01", "3.9", places=2), min_size=1, max_size=8))
def test_what_moves_always_fits_on_what_stays(used: list[Decimal]) -> None:
    check = IdleNodes(IdleNodesOptions(minimum_days=1, minimum_savings=Decimal(0)))
    window = {"start": "2026-09-30T00:00:00Z"}
    runs = [
        read_allocation(one["name"], {**one, "window": window}, "prod")
        for number, level in enumerate(used, 1)
        for one in node(f"node-{number}", str(level))
    ]
    (cluster,) = by_cluster(runs, step_hours=24)
    verdicts = list(check.judge(nodes_of(cluster), cluster))
    assert len(verdicts) == len(used)
    gone = {str(one.resource_name) for one in verdicts if isinstance(one, Recommendation)}
    levels = {f"node-{number}": level for number, level in enumerate(used, 1)}
    stays = [level for name, level in levels.items() if name not in gone]
    target = 4 * check.options.target_percent / 100
    room = sum((max(target - level, Decimal(0)) for level in stays), Decimal("0.0001"))
    assert sum((levels[name] for name in gone), Decimal(0)) <= room
    assert not gone or len(stays) >= check.options.minimum_nodes
