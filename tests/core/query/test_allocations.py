from __future__ import annotations

import json
import math
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.engine import Engine
from finops_cost_management.errors import ConfigurationError
from finops_cost_management.policies.coverage import allocation
from finops_cost_management.policies.judged_bill import JudgedBill
from finops_cost_management.query.allocations import (
    METHOD,
    UNALLOCATED,
    machine_key,
    unbilled_nodes,
)
from finops_cost_management.query.cost_query import CostMetric, CostQuery
from finops_cost_management.query.lookback import Lookback
from finops_cost_management.query.overlaps import clusters_told_twice
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.store.cost_store import CostStore
from finops_cost_management.store.delivery import Delivery
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.window import DateWindow

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

DAY, NEXT_DAY = date(2026, 10, 1), date(2026, 10, 2)
NODE = "i-0123456789abcdef0"
ARN = f"arn:aws:ec2:eu-west-1:111122223333:instance/{NODE}"
SCALE_SET = (
    "/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachinescalesets/pool"
)
METRICS = tuple(CostMetric)
AMOUNTS = (*(metric.column for metric in METRICS), "ConsumedQuantity", "PricingQuantity")


def charge(cost: Any, resource: str | None = NODE, day: date = DAY, **columns: Any) -> Any:
    """A charge of a bill."""
    return {
        "day": day,
        "cost": cost,
        "ResourceId": resource,
        "HostProviderName": "AWS",
        "x_Source": "bill",
        **columns,
    }


def told(
    namespace: str,
    cost: Any,
    node: str | None = NODE,
    component: str = "cpu",
    day: date = DAY,
    **columns: Any,
) -> Any:
    """What a cluster says that a container cost."""
    pod = columns.get("x_KubernetesPod", f"{namespace}-pod")
    return {
        "day": day,
        "cost": cost,
        "BilledCost": Decimal(0),
        "HostProviderName": "AWS",
        "ResourceId": f"main/{namespace}/{pod}",
        "ResourceName": pod,
        "ConsumedQuantity": Decimal(24),
        "ConsumedUnit": "Core-Hours",
        "ServiceName": "Kubernetes",
        "x_Source": "cluster",
        "x_KubernetesCluster": "main",
        "x_KubernetesNode": "node-1",
        "x_KubernetesNodeId": node,
        "x_KubernetesNamespace": namespace,
        "x_KubernetesPod": pod,
        "x_KubernetesComponent": component,
        **columns,
    }


def by(costs: CostSnapshot, *dimensions: str, **query: Any) -> dict[Any, Decimal]:
    """The values of the dimensions (and nothing else) → cost."""
    asked = CostQuery(group_by=dimensions, **query)
    rows = costs.ask(asked).to_pylist()
    names = [one.name for one in asked.dimensions]
    sums: Counter[Any] = Counter()
    for row in rows:
        key = tuple(row[name] for name in names)
        sums[key[0] if len(key) == 1 else key] += row[asked.cost.column]
    return dict(sums)


def rows_of(table: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows


def test_a_node_with_a_bill_counts_once_and_is_split_by_what_its_workloads_cost(bill: Any) -> None:
    costs = bill([charge(10), charge(5, "vol-1"), told("shop", 3), told("__idle__", 1)])
    assert by(costs) == {(): 15}
    assert by(costs, "provider") == {"AWS": 15}
    assert by(costs, "namespace") == {"shop": Decimal("7.5"), "__idle__": Decimal("2.5"), None: 5}


def test_without_a_bill_of_its_provider_a_cluster_counts_at_its_own_cost(bill: Any) -> None:
    own: Any = {"HostProviderName": "Kubernetes"}
    costs = bill([charge(10), told("shop", 3, **own), told("batch", 4, node=None, **own)])
    assert by(costs, "provider") == {"AWS": 10, "Kubernetes": 7}
    assert by(costs, "namespace") == {"shop": 3, "batch": 4, None: 10}
    assert by(costs, "provider", cost=CostMetric.BILLED) == {"AWS": 10, "Kubernetes": 0}


def test_without_allocations_everything_is_as_it_was(bill: Any) -> None:
    costs = bill([charge(10)])
    assert costs.allocations is None
    assert costs.allocated is costs.rows
    with pytest.raises(ConfigurationError, match="knows no Kubernetes cluster") as refusal:
        by(costs, "namespace")
    assert "kubecost.allocation" in str(refusal.value.hint)


def test_parts_say_whose_they_are_in_the_words_of_focus(bill: Any) -> None:
    costs = bill(
        [
            charge(10, ARN, Tags='{"team": "platform"}', PricingQuantity=Decimal(24)),
            told("shop", 1, Tags='{"team": "shop", "app": "web"}'),
            told("shop", 2, component="ram", ConsumedUnit="GiB-Hours", Tags='{"team": "shop"}'),
            told("batch", 1, ConsumedQuantity=None),
        ]
    )
    batch, shop = sorted(rows_of(costs.allocated), key=lambda row: row["x_KubernetesNamespace"])
    assert (batch["EffectiveCost"], shop["EffectiveCost"]) == (Decimal("2.5"), Decimal("7.5"))
    assert shop["PricingQuantity"] == 18
    assert shop["AllocatedMethodId"] == METHOD
    assert (shop["AllocatedResourceId"], shop["AllocatedResourceName"]) == (
        "main/shop/shop-pod",
        "shop-pod",
    )
    assert json.loads(shop["AllocatedMethodDetails"]) == {
        "Elements": [
            {"AllocatedRatio": 0.25, "UsageUnit": "Core-Hours", "UsageQuantity": 24},
            {"AllocatedRatio": 0.5, "UsageUnit": "GiB-Hours", "UsageQuantity": 24},
        ]
    }
    assert json.loads(batch["AllocatedMethodDetails"]) == {"Elements": [{"AllocatedRatio": 0.25}]}
    assert shop["ResourceId"] == ARN
    assert shop["x_KubernetesPod"] == "shop-pod"
    assert by(costs, "tags.team") == {"platform": 10}
    # Nobody said whose the batch is: that its node has a tag says nothing of it.
    assert by(costs, "labels.team") == {"shop": Decimal("7.5"), None: Decimal("2.5")}


def test_idle_below_zero_weighs_nothing(bill: Any) -> None:
    costs = bill([charge(10), told("shop", 3), told("__idle__", -1), told("batch", 1)])
    assert by(costs, "namespace") == {
        "shop": Decimal("7.5"),
        "batch": Decimal("2.5"),
        "__idle__": 0,
    }


@pytest.mark.parametrize("nothing", [0, None, -2])
def test_workloads_that_cost_nothing_leave_a_node_unallocated(bill: Any, nothing: Any) -> None:
    costs = bill([charge(10), told("shop", nothing), told("batch", nothing)])
    assert by(costs, "namespace", "cluster", "pod") == {(UNALLOCATED, "main", UNALLOCATED): 10}
    (part,) = rows_of(costs.allocated)
    assert json.loads(part["AllocatedMethodDetails"]) == {"Elements": [{"AllocatedRatio": 1}]}
    assert part["AllocatedTags"] is None


def test_volumes_and_load_balancers_are_billed_on_their_own(bill: Any) -> None:
    costs = bill(
        [charge(10), told("shop", 3), told("batch", 9, component="storage"), charge(2, "vol-1")]
    )
    assert by(costs, "namespace") == {"shop": 10, None: 2}


def test_hourly_charges_credits_and_corrections_follow_their_node(bill: Any) -> None:
    hours = [
        charge(1, ChargePeriodStart=datetime.combine(DAY, time(hour), UTC)) for hour in range(24)
    ]
    costs = bill(
        [
            *hours,
            charge(-4, ChargeCategory="Credit"),
            charge(-2, ChargeClass="Correction"),
            charge(8, day=NEXT_DAY),
            told("shop", 1),
            told("batch", 2),
        ]
    )
    assert by(costs, "namespace") == {"shop": 6, "batch": 12, None: 8}


def test_what_a_provider_split_itself_is_not_split_again(bill: Any) -> None:
    costs = bill([charge(10, AllocatedMethodId="theirs"), told("shop", 1)])
    assert by(costs, "namespace") == {None: 10}


def test_an_exported_part_is_a_charge_where_it_is_read_again(bill: Any) -> None:
    part = told("shop", 4, AllocatedMethodId=METHOD)
    costs = bill([part, told("batch", 3)])
    assert by(costs, "namespace") == {"shop": 4}


def test_the_same_node_in_two_clusters_is_shared_by_both(bill: Any) -> None:
    costs = bill([charge(10), told("shop", 3), told("shop", 1, x_KubernetesCluster="other")])
    assert by(costs, "cluster") == {"main": Decimal("7.5"), "other": Decimal("2.5")}


def test_the_machines_of_an_azure_scale_set_are_one_resource_of_the_bill(bill: Any) -> None:
    azure: Any = {"HostProviderName": "Microsoft"}
    costs = bill(
        [
            charge(10, SCALE_SET.upper(), **azure),
            told("shop", 3, node=f"{SCALE_SET}/virtualmachines/0", **azure),
            told("batch", 1, node=f"{SCALE_SET}/virtualmachines/1", **azure),
        ]
    )
    assert by(costs, "namespace") == {"shop": Decimal("7.5"), "batch": Decimal("2.5")}


GOOGLE_BILL = "//compute.googleapis.com/projects/441570621172/zones/europe-west4-a"
GOOGLE_NODE = "//compute.googleapis.com/projects/shop-live/zones/europe-west4-a/instances"


@pytest.mark.parametrize("word", ["instance", "instances"])
@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("gke-main-pool-7dff1419-8v1j", f"{GOOGLE_NODE}/gke-main-pool-7dff1419-8v1j"),
        ("gke-main-pool-7dff1419-8v1j", "gke-main-pool-7dff1419-8v1j"),
        ("gk3-main-nap-1x2y3z-7dff1419-8v1j", "gk3-main-nap-1x2y3z-7dff1419-8v1j"),
        ("worker-1", f"{GOOGLE_NODE}/worker-1"),
    ],
)
def test_googles_bill_has_numbers_where_nodes_have_names(
    bill: Any, word: str, name: str, node: str
) -> None:
    google: Any = {"HostProviderName": "Google Cloud", "SubAccountId": "shop-live"}
    machine, disk = f"{GOOGLE_BILL}/{word}/57314476814", f"{GOOGLE_BILL}/disk/57314476814"
    told_of: Any = {"HostProviderName": "Google Cloud", "SubAccountId": "main"}
    costs = bill(
        [
            charge(10, machine, ResourceName=name, **google),
            charge(2, disk, ResourceName=name, **google),
            charge(1, machine, ResourceName="other", **google),
            charge(1, machine, ResourceName=None, **google),
            told("shop", 3, node=node, **told_of),
            told("batch", 1, node=node, **told_of),
        ]
    )
    split = {"shop": Decimal("7.5"), "batch": Decimal("2.5"), None: 4}
    assert by(costs, "namespace") == split
    assert sum(row["EffectiveCost"] for row in rows_of(costs.allocated)) == 14


def test_machines_of_the_same_name_in_two_projects_are_two(bill: Any) -> None:
    google: Any = {"HostProviderName": "Google Cloud", "ResourceName": "worker-1"}
    machine = f"{GOOGLE_BILL}/instances/57314476814"
    costs = bill(
        [
            charge(10, machine, SubAccountId="shop-live", **google),
            charge(5, machine, SubAccountId="shop-test", **google),
            charge(3, machine, SubAccountId=None, **google),
            told("shop", 1, node=f"{GOOGLE_NODE}/worker-1", HostProviderName="Google Cloud"),
        ]
    )
    assert by(costs, "namespace") == {"shop": 10, None: 8}


def test_labels_are_found_as_kubernetes_and_as_prometheus_write_them(bill: Any) -> None:
    costs = bill([charge(10), told("shop", 1, Tags='{"app_kubernetes_io_name": "cart"}')])
    assert by(costs, "labels.app.kubernetes.io/name") == {"cart": 10}
    assert by(costs, where={"labels.app.kubernetes.io/name": "cart"}) == {(): 10}


def test_what_nobody_runs_keeps_its_name_among_workloads(bill: Any) -> None:
    idle: Any = {"x_KubernetesPod": None}
    costs = bill([charge(10), charge(5, "vol-1"), told("shop", 3), told("__idle__", 1, **idle)])
    for dimension in ("pod", "controller", "container"):
        assert by(costs, dimension)["__idle__"] == Decimal("2.5")
    assert by(costs, "pod")[None] == 5


def test_nodes_that_are_on_no_bill_are_told(bill: Any) -> None:
    costs = bill(
        [
            charge(10),
            told("shop", 3),
            told("shop", 4, node="i-0aaaaaaaaaaaaaaaa"),
            told("shop", 2, node="i-0bbbbbbbbbbbbbbbb"),
            told("shop", 7, node="i-0cccccccccccccccc", HostProviderName="Microsoft"),
        ]
    )
    (warning,) = unbilled_nodes(costs.rows, costs.allocations)
    assert warning.startswith("2 nodes of the cluster main are on no bill of AWS")
    assert "6.00 USD" in warning
    billed = costs.allocations.filter(costs.allocations.BilledCost > 0)
    assert not unbilled_nodes(costs.rows, billed)


def test_one_cluster_from_two_sources_is_told(bill: Any) -> None:
    costs = bill(
        [
            told("shop", 3),
            told("shop", 3, x_Source="again"),
            told("shop", 1, x_KubernetesCluster="other"),
        ]
    )
    (warning,) = clusters_told_twice(costs.allocations)
    assert warning.startswith("again and cluster both tell of the cluster main")


def test_a_node_of_another_provider_is_another_node(bill: Any) -> None:
    costs = bill([charge(10), told("shop", 3, HostProviderName="Google Cloud")])
    assert by(costs, "namespace") == {None: 10, "shop": 3}


def test_currencies_of_bill_and_cluster_may_differ(bill: Any) -> None:
    costs = bill(
        [charge(10), charge(20, BillingCurrency="EUR"), told("shop", 3, BillingCurrency="GBP")]
    )
    answer = rows_of(costs.allocated)
    assert {(row["BillingCurrency"], row["EffectiveCost"]) for row in answer} == {
        ("USD", 10),
        ("EUR", 20),
    }
    assert [row["BillingCurrency"] for row in costs.ask(CostQuery()).to_pylist()] == ["EUR", "USD"]


def test_conditions_on_workloads_and_on_charges_both_hold(bill: Any) -> None:
    costs = bill(
        [
            charge(10, ServiceName="EC2"),
            charge(2, ServiceName="Network"),
            told("shop", 3, Tags='{"app": "web"}'),
            told("batch", 1),
        ]
    )
    shop = {"namespace": "shop", "service": "EC2"}
    assert by(costs, where=shop) == {(): Decimal("7.5")}
    assert by(costs, "pod", where=shop, grain="daily") == {"shop-pod": Decimal("7.5")}
    assert by(costs, where={"labels.app": "web"}) == {(): 9}
    assert by(costs, "service", where={"namespace": {"not": "shop"}}) == {
        "EC2": Decimal("2.5"),
        "Network": Decimal("0.5"),
    }
    assert costs.select(CostQuery(where=shop)).EffectiveCost.sum().to_pyarrow().as_py() == 7.5


def test_rows_are_charges_and_what_is_unknown_stays_unknown(bill: Any) -> None:
    costs = bill([charge(10), charge(None), told("shop", 3), told("batch", 1)])
    rows = costs.ask(CostQuery(group_by=("namespace",))).to_pylist()
    assert [(row["x_KubernetesNamespace"], row["Rows"], row["UnknownRows"]) for row in rows] == [
        ("batch", 2, 1),
        ("shop", 2, 1),
    ]


def test_a_panel_by_namespace_misses_the_days_that_a_cluster_has_not_told(bill: Any) -> None:
    days = [DAY + timedelta(days=number) for number in range(4)]
    late = days[:3]
    costs = bill(
        [
            *(charge(10, day=day) for day in days),
            *(told("shop", 1, day=day) for day in days),
            *(told("lab", 1, day=day, x_KubernetesCluster="other") for day in late),
        ]
    )
    window = DateWindow(days[0], days[-1] + timedelta(days=1))
    panel = costs.panel(CostQuery(window=window, group_by=("namespace",)))
    series = {
        key["x_KubernetesNamespace"]: list(row)
        for key, row in zip(panel.keys, panel.values, strict=True)
    }
    assert series["lab"][:3] == series["shop"][:3] == [5, 5, 5]
    assert all(math.isnan(row[3]) for row in series.values())
    whole = costs.panel(CostQuery(window=window, group_by=("provider",)))
    assert whole.values.tolist() == [[10, 10, 10, 10]]


def test_a_late_bill_is_late_although_its_cluster_is_not(bill: Any) -> None:
    costs = bill([charge(10), told("shop", 1), told("shop", 1, day=NEXT_DAY)])
    lookback = Lookback.of(costs, NEXT_DAY + timedelta(days=1), 7)
    assert lookback.windows["AWS"].end == NEXT_DAY
    assert {one["ChargePeriodStart"].date() for one in rows_of(costs.rows)} == {DAY}


def test_a_policy_asks_whose_part_of_a_node_it_is(bill: Any) -> None:
    costs = bill([charge(10), charge(5, "vol-1"), told("shop", 3)])
    asked = JudgedBill.of(costs, NEXT_DAY, days=7, where={}, by=["namespace"])
    assert not allocation(asked, ["namespace"], Decimal("0.6")).findings
    assert allocation(asked, ["namespace"], Decimal("0.7")).findings


def test_allocations_are_there_as_they_were_delivered(bill: Any) -> None:
    costs = bill([charge(10), told("shop", 3)])
    fewer = costs.with_rows(costs.rows.filter(costs.rows.EffectiveCost > 100))
    (row,) = rows_of(fewer.allocations)
    assert (row["x_KubernetesNamespace"], row["EffectiveCost"]) == ("shop", 3)


def test_machines_are_told_apart_as_bills_do(engine: Engine) -> None:
    import pyarrow as pa

    spelt = [ARN, NODE.upper(), f"{SCALE_SET}/virtualMachines/12", SCALE_SET, None]
    table = engine.table_of(pa.table({"Id": pa.array(spelt, pa.string())}))
    keys = table.select(Key=machine_key(table.Id)).to_pyarrow()["Key"].to_pylist()
    assert keys == [NODE, NODE, SCALE_SET, SCALE_SET, None]


money = st.one_of(
    st.none(),
    st.decimals(-(10**6), 10**6, places=12),
    st.decimals(-(10**19), 10**19, places=12),
    st.sampled_from([Decimal(0), Decimal("1E-12"), Decimal("-1E-12"), Decimal("0.01")]),
)
weight = st.one_of(st.none(), st.decimals(-5, 1000, places=5), st.just(Decimal(0)))
nodes = st.sampled_from([NODE, "i-0fedcba9876543210", None])
days = st.sampled_from([DAY, NEXT_DAY])
providers = st.sampled_from(["AWS", "Microsoft", "Kubernetes"])
currencies = st.sampled_from(["USD", "EUR"])


@st.composite
def charges(draw: st.DrawFn) -> Any:
    start = datetime.combine(draw(days), time(draw(st.integers(0, 23))), UTC)
    return charge(
        None,
        draw(st.sampled_from([NODE, ARN, "vol-1", None])),
        ChargePeriodStart=start,
        HostProviderName=draw(providers),
        BillingCurrency=draw(currencies),
        ChargeCategory=draw(st.sampled_from(["Usage", "Credit", "Tax"])),
    ) | {name: draw(money) for name in AMOUNTS}


@st.composite
def allocations(draw: st.DrawFn) -> Any:
    return told(
        draw(st.sampled_from(["shop", "batch", "__idle__"])),
        draw(weight),
        draw(nodes),
        draw(st.sampled_from(["cpu", "ram", "gpu", "storage", "external"])),
        draw(days),
        HostProviderName=draw(providers),
        BillingCurrency=draw(currencies),
        x_KubernetesCluster=draw(st.sampled_from(["main", "other"])),
        x_KubernetesPod=draw(st.sampled_from(["a", "b", None])),
        Tags=draw(st.sampled_from([None, '{"app": "web"}'])),
    )


def sums(table: Any, *keys: str) -> dict[tuple[Any, ...], Any]:
    """Every amount, summed up exactly, with null where no row says it."""
    answer: dict[tuple[Any, ...], Any] = {}
    for row in rows_of(table):
        mine = answer.setdefault(tuple(row[key] for key in keys), [None] * len(AMOUNTS))
        for place, name in enumerate(AMOUNTS):
            if row[name] is not None:
                mine[place] = row[name] + (mine[place] or 0)
    return answer


CHARGE = (
    "BillingCurrency",
    "HostProviderName",
    "ChargePeriodStart",
    "ResourceId",
    "ChargeCategory",
)
PROPERTY = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@PROPERTY
@given(st.lists(charges(), max_size=5), st.lists(allocations(), max_size=6))
def test_the_parts_of_a_charge_add_up_to_it_whatever_is_told(
    bill: Any, billed: Any, cluster: Any
) -> None:
    costs = bill([*billed, *cluster])
    assert sums(costs.allocated, *CHARGE) == sums(costs.rows, *CHARGE)
    billing = {one["HostProviderName"] for one in billed}
    counted = [one for one in cluster if one["HostProviderName"] not in billing]
    assert costs.rows.count().to_pyarrow().as_py() == len(billed) + len(counted)


@PROPERTY
@given(
    st.lists(charges(), max_size=5),
    st.lists(allocations(), min_size=1, max_size=6),
    st.sampled_from(METRICS),
    st.sampled_from(["namespace", "pod", "labels.app", "node"]),
)
def test_an_answer_in_parts_adds_up_to_the_plain_answer(
    bill: Any, billed: Any, cluster: Any, metric: CostMetric, dimension: str
) -> None:
    costs = bill([*billed, *cluster])
    whole, parts = (
        _by_provider(costs, CostQuery(cost=metric, group_by=("HostProviderName", *some)))
        for some in ((), (dimension,))
    )
    assert parts == whole


def _by_provider(costs: CostSnapshot, query: CostQuery) -> dict[Any, Decimal | None]:
    """Currency and provider → cost; None where no row says it."""
    answer: dict[Any, Decimal | None] = {}
    for row in costs.ask(query).to_pylist():
        key, cost = (row["BillingCurrency"], row["HostProviderName"]), row[query.cost.column]
        before = answer.get(key)
        answer[key] = before if cost is None else cost + (before or 0)
    return answer


@PROPERTY
@given(st.lists(charges(), min_size=1, max_size=4), st.lists(weight, min_size=1, max_size=6))
def test_each_part_has_its_share_of_the_charge(bill: Any, billed: Any, weights: Any) -> None:
    for one in billed:
        one |= {"HostProviderName": "AWS", "ResourceId": NODE, "EffectiveCost": Decimal(100)}
    workloads = [
        told(f"n{place}", cost, day=day)
        for place, cost in enumerate(weights)
        for day in (DAY, NEXT_DAY)
    ]
    costs = bill([*billed, *workloads])
    positive = {f"n{place}": max(cost or 0, 0) for place, cost in enumerate(weights)}
    total = sum(positive.values())
    for row in rows_of(costs.allocated):
        share = 100 * positive[row["x_KubernetesNamespace"]] / total if total else 100
        assert abs(row["EffectiveCost"] - share) < Decimal("1e-9")
        assert row["EffectiveCost"] >= 0


def test_a_store_is_asked_as_of_when_its_cluster_was_not_there_yet(
    tmp_path: Any, engine: Engine
) -> None:
    store = CostStore(tmp_path / "costs")
    month = {
        "BillingPeriodStart": datetime(2026, 10, 1, tzinfo=UTC),
        "BillingPeriodEnd": datetime(2026, 11, 1, tzinfo=UTC),
    }

    def ingest(source: str, rows: list[dict[str, Any]], **more: Any) -> None:
        table = bill_snapshot(engine, [_focus(row) | month for row in rows])
        rows_told: Any = table.allocations if more else table.rows
        raw = rows_told.drop("x_Source").to_pyarrow()
        store.ingest(
            source, Delivery(name=source, digest=source, read=lambda _: raw, **more), engine
        )

    ingest("bill", [charge(10)])
    before = CostSnapshot.of(store, engine)
    ingest(
        "cluster",
        [told("shop", 3), told("batch", 1)],
        grain="day",
        covers=frozenset({"2026-10-01"}),
    )
    now = CostSnapshot.of(store, engine)
    assert by(now) == by(before) == {(): 10}
    assert by(now, "namespace") == {"shop": Decimal("7.5"), "batch": Decimal("2.5")}
    then = CostSnapshot.of(store, engine, as_of=before.version)
    assert by(then) == {(): 10}


def _focus(row: dict[str, Any]) -> dict[str, Any]:
    start = datetime.combine(row["day"], time(), UTC)
    cost = Decimal(row["cost"])
    costs = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost)
    rest = {name: value for name, value in row.items() if name not in ("day", "cost")}
    return {
        "ChargePeriodStart": start,
        "ChargePeriodEnd": start + timedelta(days=1),
        "BillingCurrency": "USD",
        "ChargeCategory": "Usage",
        **costs,
        **rest,
    }
