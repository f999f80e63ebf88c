"""What workloads cost, split in every way: the parts are the whole."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management import ConfigurationError, DataError, DateWindow, Engine
from finops_cost_management.answers.kubernetes import (
    ALLOCATION_TYPES,
    ClusterCost,
    ControllerCost,
    NamespaceCost,
    NodeCost,
    allocate,
    costs_of,
    label_costs,
    pod_costs,
)
from finops_cost_management.answers.kubernetes_usage import cluster_efficiency, idle_resources
from finops_cost_management.query.kubernetes import PART_OF, Allocations
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.testing.kubernetes import allocation_row, idle_row

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
WINDOW = DateWindow(FIRST, date(2026, 10, 3))
_NUMBERS = ("EffectiveCost", "BilledCost", "ListCost", "ContractedCost", "ConsumedQuantity")


def asked(engine: Engine, *rows: dict[str, Any]) -> Allocations:
    """As a store holds them."""

    def typed(name: str, value: str | None) -> Any:
        if value is not None and name in _NUMBERS:
            return Decimal(value)
        return datetime.fromisoformat(str(value)) if name.endswith(("Start", "End")) else value

    charges = [{name: typed(name, row[name]) for name in row} for row in rows]
    return Allocations.of(bill_snapshot(engine, charges).rows, WINDOW)


MONEY = st.decimals(-10, 1000, places=5)
HOURS = st.decimals(0, 24, places=3)
ROWS = st.builds(
    allocation_row,
    st.sampled_from([FIRST, SECOND]),
    st.sampled_from([*PART_OF]),
    MONEY,
    cluster=st.sampled_from(["east", "west"]),
    node=st.sampled_from(["node-1", "node-2", None]),
    namespace=st.sampled_from(["shop", "batch", "__idle__", "__unmounted__", None]),
    controller=st.sampled_from(["cart", None]),
    pod=st.sampled_from(["cart-1", "cart-2", None]),
    quantity=st.none() | HOURS,
    requested=st.none() | HOURS,
    used=st.none() | HOURS,
    minutes=st.sampled_from([0, 60, 1440, None]),
    labels=st.sampled_from([{}, {"team": "a"}, {"team": "b", "app": "x"}]),
)
QUICK = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def cost_of(rows: list[dict[str, Any]]) -> Decimal:
    return sum((Decimal(row["EffectiveCost"]) for row in rows), Decimal(0))


@QUICK
@given(rows=st.lists(ROWS, min_size=1, max_size=30))
def test_every_split_adds_up_to_the_whole(engine: Engine, rows: list[dict[str, Any]]) -> None:
    found, whole = asked(engine, *rows), cost_of(rows)
    for kind in (NamespaceCost, ControllerCost, NodeCost, ClusterCost):
        assert sum(one.total_cost for one in costs_of(kind, found)) == whole
    assert sum(one.total_cost for one in pod_costs(found)) == whole
    assert sum(one.total_cost for one in label_costs(found, "team")) == whole
    parts: dict[str, Decimal] = defaultdict(Decimal)
    for one in costs_of(NamespaceCost, found):
        for part in PART_OF.values():
            parts[part] += getattr(one, part)
    for component, part in PART_OF.items():
        mine = [row for row in rows if row["x_KubernetesComponent"] == component]
        assert parts[part] == cost_of(mine)


@QUICK
@given(rows=st.lists(ROWS, min_size=1, max_size=30), kind=st.sampled_from(ALLOCATION_TYPES))
def test_allocated_and_unallocated_are_the_whole(
    engine: Engine, rows: list[dict[str, Any]], kind: str
) -> None:
    answer = allocate(asked(engine, *rows), kind, "team")
    assert answer.total_cost == cost_of(rows)
    assert sum(answer.allocations.values()) + answer.unallocated_cost == answer.total_cost
    assert sum(answer.unallocated.values()) == answer.unallocated_cost
    assert not any(name.startswith("__") for name in answer.allocations)
    idle = [row for row in rows if row["x_KubernetesNamespace"] == "__idle__"]
    assert answer.unallocated.get("__idle__", Decimal(0)) == cost_of(idle)


def _of(rows: list[dict[str, Any]], component: str) -> list[dict[str, Any]]:
    special = ("__idle__", "__unmounted__")
    return [
        row
        for row in rows
        if row["x_KubernetesComponent"] == component and row["x_KubernetesNamespace"] not in special
    ]


def _ratio(rows: list[dict[str, Any]], column: str) -> float | None:
    """Used of a column, in sums, where both are known and there is some of it."""
    known = [
        (Decimal(row["x_KubernetesUsed"]), Decimal(row[column]))
        for row in rows
        if row["x_KubernetesUsed"] is not None and row[column] and Decimal(row[column]) > 0
    ]
    whole = sum((of for _, of in known), Decimal(0))
    return float(sum((used for used, _ in known), Decimal(0)) / whole) if whole else None


@QUICK
@given(rows=st.lists(ROWS, min_size=1, max_size=30))
def test_efficiency_is_that_of_the_sums(engine: Engine, rows: list[dict[str, Any]]) -> None:
    answer = cluster_efficiency(asked(engine, *rows))
    assert answer is not None
    cpu, memory = _of(rows, "cpu"), _of(rows, "ram")
    assert answer.avg_cpu_utilization == _ratio(cpu, "ConsumedQuantity")
    assert answer.avg_memory_utilization == _ratio(memory, "ConsumedQuantity")
    assert answer.cpu_efficiency == _ratio(cpu, "x_KubernetesRequested")
    assert answer.memory_efficiency == _ratio(memory, "x_KubernetesRequested")
    assert answer.total_cost == cost_of(rows)
    assert Decimal(0) <= answer.potential_savings <= answer.estimated_waste
    assert answer.efficiency_score is None or 0 <= answer.efficiency_score <= 1
    both = (answer.cpu_efficiency, answer.memory_efficiency)
    known = [share for share in both if share is not None]
    if answer.efficiency is not None:
        assert min(known) - 1e-9 <= answer.efficiency <= max(known) + 1e-9


@QUICK
@given(
    rows=st.lists(ROWS, min_size=1, max_size=30),
    thresholds=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
)
def test_a_higher_threshold_finds_no_less(
    engine: Engine, rows: list[dict[str, Any]], thresholds: list[float]
) -> None:
    found = asked(engine, *rows)
    low, high = (
        {(one.cluster, one.namespace, one.pod, one.resource_type) for one in told}
        for told in (idle_resources(found, thresholds[0]), idle_resources(found, thresholds[1]))
    )
    assert low <= high
    for one in idle_resources(found, thresholds[1]):
        assert one.utilization < thresholds[1] * 100 + 1e-9
        assert 0 <= one.waste_cost <= max(one.cost, Decimal(0))


def test_cores_and_memory_are_averages_of_the_time_it_ran(engine: Engine) -> None:
    rows = [
        allocation_row(FIRST, "cpu", 1, quantity=4, minutes=120),
        allocation_row(SECOND, "cpu", 1, quantity=24, minutes=1440),
        allocation_row(FIRST, "ram", 1, quantity=2, minutes=120),
        allocation_row(SECOND, "ram", 1, quantity=24, minutes=1440),
    ]
    (pod,) = pod_costs(asked(engine, *rows))
    assert f"{pod.cpu_cores:.4f}" == f"{28 / 26:.4f}"
    assert pod.memory_gb == 1
    assert pod.hours == 26
    assert pod.cpu_cost == 2
    assert pod.memory_cost == 2
    assert pod.total_cost == 4


def test_cores_that_are_not_told_are_unknown_and_none_are_none(engine: Engine) -> None:
    (pod,) = pod_costs(asked(engine, allocation_row(FIRST, "cpu", 1, quantity=None)))
    assert pod.cpu_cores is None
    assert pod.memory_gb == 0


def test_one_pod_name_in_two_clusters_is_two_pods(engine: Engine) -> None:
    rows = [allocation_row(FIRST, "cpu", 1, cluster=name) for name in ("east", "west")]
    assert [one.cluster for one in pod_costs(asked(engine, *rows))] == ["east", "west"]


def test_what_has_no_such_label_is_unallocated(engine: Engine) -> None:
    rows = [
        allocation_row(FIRST, "cpu", "10", labels={"team": "a"}),
        allocation_row(FIRST, "ram", "5", labels={"team": "b"}),
        allocation_row(FIRST, "ram", "3", labels={}),
        idle_row(FIRST, "cpu", "2"),
    ]
    answer = allocate(asked(engine, *rows), "label", "team")
    assert answer.dimension == "team"
    assert answer.currency == "USD"
    assert answer.allocations == {"a": 10, "b": 5}
    assert answer.unallocated_cost == 5
    assert answer.total_cost == 20
    assert answer.unallocated == {"__unallocated__": 3, "__idle__": 2}


def test_idle_of_a_known_node_is_nobodys(engine: Engine) -> None:
    rows = [allocation_row(FIRST, "cpu", 3), idle_row(FIRST, "cpu", 2, node="node-1")]
    found = asked(engine, *rows)
    assert allocate(found, "node").allocations == {"node-1": 3}
    (node,) = costs_of(NodeCost, found)
    assert node.node == "node-1"
    assert node.total_cost == 5


def test_negative_idle_is_kept(engine: Engine) -> None:
    found = asked(engine, allocation_row(FIRST, "cpu", 3), idle_row(FIRST, "cpu", "-0.25"))
    answer = allocate(found, "namespace")
    assert answer.total_cost == Decimal("2.75")
    assert answer.unallocated_cost == Decimal("-0.25")
    efficiency = cluster_efficiency(found)
    assert efficiency is not None
    assert efficiency.idle_cost == Decimal("-0.25")
    assert efficiency.estimated_waste == 0  # nothing is known of usage, and idle wastes nothing


def test_several_currencies_are_no_allocation(engine: Engine) -> None:
    rows = [allocation_row(FIRST, "cpu", 1), allocation_row(FIRST, "cpu", 1, currency="EUR")]
    with pytest.raises(DataError, match="one cluster"):
        allocate(asked(engine, *rows), "namespace")


@pytest.mark.parametrize(
    ("kind", "key", "words"),
    [("label", "", "no label"), ("namespaces", "", "did you mean 'namespace'")],
)
def test_allocations_by_nothing(engine: Engine, kind: str, key: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        allocate(asked(engine, allocation_row(FIRST, "cpu", 1)), kind, key)


BUSY: dict[str, Any] = {"quantity": 24, "requested": 24}


def test_an_idle_resource_says_what_it_wastes(engine: Engine) -> None:
    rows = [
        allocation_row(FIRST, "cpu", 10, used="2.4", **BUSY),
        allocation_row(FIRST, "ram", 6, quantity=48, requested=48, used=40, peak="1.9"),
        allocation_row(FIRST, "storage", 99),
        allocation_row(FIRST, "cpu", 5, pod="web-1", used=20, **BUSY),
    ]
    (one,) = idle_resources(asked(engine, *rows))
    assert (one.namespace, one.pod, one.resource_type) == ("shop", "cart-1", "cpu")
    assert one.allocated == 1
    assert one.used == Decimal("0.1")
    assert one.utilization == 10.0
    assert one.cost == 10
    assert one.waste_cost == 9
    assert one.recommendation.startswith("Lower the CPU request from 1.00 to 0.13 cores")


def test_a_pod_is_judged_with_all_its_containers(engine: Engine) -> None:
    rows = [
        allocation_row(FIRST, "cpu", 10, used=0, **BUSY),
        allocation_row(FIRST, "cpu", 10, container="sidecar", used=20, **BUSY),
    ]
    assert idle_resources(asked(engine, *rows)) == []
    (one,) = idle_resources(asked(engine, *rows), 0.5)
    assert one.allocated == 2
    assert f"{one.used:.4f}" == f"{20 / 24:.4f}"


def test_what_uses_are_unknown_is_never_idle(engine: Engine) -> None:
    rows = [
        allocation_row(FIRST, "cpu", 10, used=None, **BUSY),
        allocation_row(FIRST, "cpu", 10, pod="web-1", used=0, quantity=None),
    ]
    assert idle_resources(asked(engine, *rows), 1) == []


@pytest.mark.parametrize(
    ("component", "used", "peak", "words"),
    [
        ("cpu", "0.02", None, "Remove the pod if nobody needs it; else lower its CPU request"),
        ("ram", "2.4", "0.5", "from 1.00 to 0.63 GiB: it uses 0.10"),  # 25 % above the peak
        ("ram", "2.4", None, "not below its peak, which is unknown"),
        ("ram", "2.4", "0.95", "Keep the memory request: it peaks at 0.95 GiB"),
    ],
)
def test_memory_is_never_advised_below_its_peak(
    engine: Engine, component: str, used: str, peak: str | None, words: str
) -> None:
    row = allocation_row(FIRST, component, 10, used=used, peak=peak, **BUSY)
    (one,) = idle_resources(asked(engine, row))
    assert words in one.recommendation


@pytest.mark.parametrize("threshold", [-0.1, 1.1, 20, float("nan")])
def test_a_threshold_is_a_share(engine: Engine, threshold: float) -> None:
    with pytest.raises(ConfigurationError, match=r"0\.2 is 20 %"):
        idle_resources(asked(engine, allocation_row(FIRST, "cpu", 1)), threshold)


def test_efficiency_is_not_a_mean_of_efficiencies(engine: Engine) -> None:
    rows = [
        allocation_row(FIRST, "cpu", 90, pod="large", quantity=90, requested=90, used=9),
        allocation_row(FIRST, "cpu", 10, pod="small", quantity=10, requested=10, used=10),
        allocation_row(FIRST, "ram", 100, pod="large", quantity=100, requested=100, used=50),
        idle_row(FIRST, "cpu", 50),
    ]
    answer = cluster_efficiency(asked(engine, *rows))
    assert answer is not None
    assert answer.cpu_efficiency == 0.19
    assert answer.memory_efficiency == 0.5
    assert answer.efficiency == pytest.approx((100 * 0.19 + 100 * 0.5) / 200)
    # Unused: 0.9 of 90, 0.5 of 100, and idle.
    assert answer.estimated_waste == 181
    assert answer.idle_cost == 50
    assert answer.potential_savings == 81 + 50
    assert answer.efficiency_score == pytest.approx(1 - 181 / 250)
    assert answer.idle_resource_count == 1
    assert answer.unknown_cost == 0
    assert answer.start_date == FIRST
    assert answer.end_date == SECOND


def test_without_a_request_efficiency_is_unknown_not_perfect(engine: Engine) -> None:
    rows = [
        allocation_row(FIRST, "cpu", 7, quantity=12, requested=0, used=12),
        allocation_row(FIRST, "ram", 3, quantity=12, requested=None, used=12),
    ]
    answer = cluster_efficiency(asked(engine, *rows))
    assert answer is not None
    assert answer.cpu_efficiency is None
    assert answer.memory_efficiency is None
    assert answer.efficiency is None
    assert answer.unknown_cost == 10
    assert answer.avg_cpu_utilization == 1.0


def test_more_use_than_request_is_legal_and_wastes_nothing(engine: Engine) -> None:
    row = allocation_row(FIRST, "cpu", 10, quantity=15, requested=2, used=15)
    answer = cluster_efficiency(asked(engine, row))
    assert answer is not None
    assert answer.cpu_efficiency == 7.5
    assert answer.estimated_waste == 0
    assert answer.efficiency_score == 1.0


def test_without_usage_there_is_no_score(engine: Engine) -> None:
    answer = cluster_efficiency(asked(engine, allocation_row(FIRST, "cpu", 10, **BUSY)))
    assert answer is not None
    assert answer.avg_cpu_utilization is None
    assert answer.efficiency_score is None


def test_several_clusters_are_one_answer(engine: Engine) -> None:
    rows = [allocation_row(FIRST, "cpu", 1, cluster=name) for name in ("east", "west")]
    found = asked(engine, *rows)
    both, east = cluster_efficiency(found), cluster_efficiency(found.of_cluster("east"))
    assert both is not None
    assert east is not None
    assert both.cluster == "east, west"
    assert both.total_cost == 2
    assert east.cluster == "east"
    assert east.total_cost == 1


def test_no_rows_are_no_answer(engine: Engine) -> None:
    row = allocation_row(FIRST - timedelta(days=9), "cpu", 1)
    assert cluster_efficiency(asked(engine, row)) is None
    assert allocate(asked(engine, row), "namespace").currency is None


def test_without_minutes_averages_are_of_whole_days(engine: Engine) -> None:
    rows = [
        allocation_row(day, "cpu", 1, minutes=None, used=1, quantity=24) for day in (FIRST, SECOND)
    ]
    found = asked(engine, *rows)
    (one,) = idle_resources(found)
    assert one.allocated == 1
    (pod,) = pod_costs(found)
    assert pod.cpu_cores is None
    assert pod.hours is None


def test_waste_has_no_more_places_than_the_store(engine: Engine) -> None:
    row = allocation_row(FIRST, "cpu", 1, quantity=3, used="0.1")
    (one,) = idle_resources(asked(engine, row))
    assert one.waste_cost == Decimal("0.966666666667")


def test_what_has_no_currency_is_an_amount_of_its_own(engine: Engine) -> None:
    row: dict[str, Any] = allocation_row(FIRST, "cpu", 1) | {"BillingCurrency": None}
    found = asked(engine, row, allocation_row(FIRST, "cpu", 2))
    assert {one.currency: one.total_cost for one in costs_of(ClusterCost, found)} == {
        "USD": 2,
        "XXX": 1,
    }
