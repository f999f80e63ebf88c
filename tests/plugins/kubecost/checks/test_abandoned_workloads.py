"""Workloads that nobody needs: what is little, what is not measured, and what counts once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management import PriorityFormula, SavingsAnswer
from finops_cost_management.answers.alternatives import monthly_savings, without_double_count
from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_kubecost.checks.abandoned_workloads import AbandonedWorkloads, split
from finops_kubecost.checks.cluster_case import container, server
from finops_kubecost.checks.request_sizing import RequestSizing
from finops_kubecost.fake_kubecost import Told

pytestmark = pytest.mark.model_checked_fake

Find = Callable[..., SavingsAnswer]
A_DAY = 86_400
COST = (3 * DAYS_A_MONTH).quantize(Decimal("0.01"))


def old(**more: Any) -> Told:
    """Asks for a core and uses 2 of its thousandths; 2 bytes a second; 3 USD a day."""
    return container("old", **{"cpu": ("1", "0.002", "0.003"), "network": A_DAY, **more})


def busy() -> Told:
    return container("web", cost="0.03")


def test_saving_is_all_that_it_costs_but_its_volumes(find: Find) -> None:
    fake = server(lambda _: [old(volumes={"pvc-1": "7.00"}), busy()])
    (found,) = find(AbandonedWorkloads, fake).findings
    assert found.estimated_monthly_savings == found.current_cost == COST
    assert found.resource_id == "prod/shop/deployment/old"
    assert found.current_configuration == {"pods": "1"}
    assert any("volumes" in step for step in found.steps)


@pytest.mark.parametrize(
    ("bytes_a_second", "verdict"), [(0, "finding"), (499, "finding"), (500, "clean")]
)
def test_traffic_both_ways_is_added(find: Find, bytes_a_second: int, verdict: str) -> None:
    quiet = old(network=bytes_a_second * A_DAY / 2)
    answer = find(AbandonedWorkloads, server(lambda _: [quiet, busy()]))
    assert len(answer.findings) == (verdict == "finding")


@pytest.mark.parametrize(("millicores", "found"), [("9.9", 1), ("10", 0)])
def test_cpu_decides_too(find: Find, millicores: str, found: int) -> None:
    usage = str(Decimal(millicores) / 1000)
    answer = find(AbandonedWorkloads, server(lambda _: [old(cpu=("1", usage, "1")), busy()]))
    assert len(answer.findings) == found


def test_one_day_of_work_makes_it_a_used_one(find: Find) -> None:
    def day(number: int) -> list[Told]:
        return [old(network=1e12) if number == 9 else old(), busy()]

    assert not find(AbandonedWorkloads, server(day)).findings


def test_containers_of_a_pod_share_its_traffic(find: Find) -> None:
    """300 bytes a second each are 600 of the pod."""

    def sidecars() -> list[Told]:
        both = []
        for name in ("app", "proxy"):
            told = old(network=150 * A_DAY)
            told["properties"]["container"] = name
            told["name"] += name
            both.append(told)
        return both

    assert not find(AbandonedWorkloads, server(lambda _: [*sidecars(), busy()])).findings


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ([old(network=0)], "its network traffic is not measured"),
        ([old(network=None), busy()], "its network traffic is not measured"),
        (
            [old(cpu=("1", None, None), memory=("1", None, None)), busy()],
            "its usage is not measured on all days",
        ),
    ],
)
def test_missing_figures_are_not_nothing(find: Find, day: list[Told], reason: str) -> None:
    (unknown,) = find(AbandonedWorkloads, server(lambda _: day)).unknown
    assert (unknown.subject, unknown.reason) == ("prod/shop/deployment/old", reason)


@pytest.mark.parametrize("other", [{"kind": "daemonset"}, {"namespace": "kube-system"}])
def test_what_serves_the_cluster_is_left_alone(find: Find, other: dict[str, str]) -> None:
    answer = find(AbandonedWorkloads, server(lambda _: [old(**other), busy()]))
    assert answer.checked == 1


def advice(**more: Any) -> dict[str, Any]:
    pod = {
        "pod": "old-0",
        "namespace": "shop",
        "node": "node-1",
        "clusterId": "prod",
        "owners": [{"name": "old", "kind": "deployment"}],
        "ingressBytesPerSecond": 0.5,
        "egressBytesPerSecond": 0.25,
        "monthlySavings": 40.5,
        **more,
    }
    return {"abandonedWorkloads": [pod, {**pod, "pod": "old-1", "monthlySavings": 30}]}


def test_kubecosts_pods_are_added_up_by_workload(find: Find) -> None:
    answer = find(AbandonedWorkloads, server(lambda _: [old(), busy()], advice=advice()))
    ours, theirs = answer.findings
    assert theirs.estimated_monthly_savings == Decimal("70.50")
    assert theirs.resource_id == ours.resource_id
    assert theirs.evidence["pods"] == "2"


def test_advice_on_one_workload_counts_once(find: Find) -> None:
    """Scaled to nothing, by us and by Kubecost, and made smaller: only the best counts."""
    fake = server(lambda _: [old(), busy()], advice=advice())
    gone = find(AbandonedWorkloads, fake).findings
    smaller = [
        one
        for one in find(RequestSizing, fake).findings
        if one.resource_id.startswith("prod/shop/deployment/old")
    ]
    assert len(gone) == 2
    assert len(smaller) == 1
    settled = without_double_count([*gone, *smaller], PriorityFormula())
    assert monthly_savings(settled) == {"USD": COST}


def test_advice_on_a_pod_without_owner_is_on_the_pod(find: Find) -> None:
    fake = server(lambda _: [old(), busy()], advice=advice(owners=None, pod="lonely"))
    answer = find(AbandonedWorkloads, fake)
    assert "prod/shop/pod/lonely" in {one.resource_id for one in answer.findings}


@pytest.mark.parametrize(
    "other",
    [{"owners": [{"name": "old", "kind": "DaemonSet"}]}, {"namespace": "kube-system"}],
)
def test_advice_on_what_serves_the_cluster_is_left_out(find: Find, other: dict[str, Any]) -> None:
    answer = find(AbandonedWorkloads, server(lambda _: [busy()], advice=advice(**other)))
    assert answer.findings == ()


costs = st.dictionaries(
    st.text(min_size=1), st.decimals(-50, 500, places=5), min_size=1, max_size=6
)


@given(st.decimals(0, 1000, places=2), costs)
def test_parts_never_exceed_the_saving(saving: Decimal, parts: dict[str, Decimal]) -> None:
    shares = split(saving, parts)
    assert all(share >= 0 for share in shares.values())
    assert sum(shares.values()) <= saving
    if shares:
        assert saving - sum(shares.values()) < Decimal("0.01") * (len(shares) + 1)
