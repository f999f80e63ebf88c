"""Allocations as rows of FOCUS: every cent, and nothing that was not told."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management import DataError
from finops_kubecost.allocation_rows import COMPONENTS, ROUNDING, allocation_rows
from finops_kubecost.fake_kubecost import GIB, FakeKubecost, idle, workload
from finops_kubecost.nodes import Machine

pytestmark = pytest.mark.invented

WINDOW = {"start": "2026-11-01T00:00:00Z", "end": "2026-11-02T00:00:00Z"}
Row = dict[str, Any]


def rows(*allocations: dict[str, Any], provider: str | None = None) -> list[Row]:
    """Their rows, by way of the JSON that the API would send."""
    sent = json.dumps([{**told, "window": WINDOW} for told in allocations])
    table = allocation_rows(
        json.loads(sent, parse_float=Decimal, parse_constant=lambda _: None),
        cluster="fallback",
        currency="EUR",
        provider=provider,
    )
    found: list[Row] = table.to_pylist()
    return found


def by_component(*allocations: dict[str, Any]) -> dict[str, Row]:
    return {row["SkuMeter"]: row for row in rows(*allocations)}


WHOLE = workload(
    "shop",
    "cart-1",
    cpuCost=1.5,
    cpuCostAdjustment=-0.25,
    cpuCoreHours=24,
    cpuCoreRequestAverage=2,
    cpuCoreUsageAverage=0.1,
    peak_cores=1.75,
    ramCost=0.75,
    ramByteHours=48 * GIB,
    ramByteRequestAverage=2 * GIB,
    ramByteUsageAverage=GIB,
    peak_bytes=1.5 * GIB,
    gpuCost=12,
    gpuHours=24,
    pvCost=0.5,
    pvByteHours=240 * GIB,
    networkCost=0.125,
    networkTransferBytes=GIB,
    networkReceiveBytes=2 * GIB,
    loadBalancerCost=0.6,
    sharedCost=0.2,
    externalCost=0.1,
)


class TestRows:
    def test_one_for_each_component(self) -> None:
        found = by_component(WHOLE)
        assert {name: row["EffectiveCost"] for name, row in found.items()} == {
            "cpu": Decimal("1.25"),
            "ram": Decimal("0.75"),
            "gpu": Decimal(12),
            "storage": Decimal("0.5"),
            "network": Decimal("0.125"),
            "load_balancer": Decimal("0.6"),
            "shared": Decimal("0.2"),
            "external": Decimal("0.1"),
        }
        assert {
            name: (row["ConsumedQuantity"], row["ConsumedUnit"]) for name, row in found.items()
        } == {
            "cpu": (Decimal(24), "Core-Hours"),
            "ram": (Decimal(48), "GiB-Hours"),
            "gpu": (Decimal(24), "GPU-Hours"),
            "storage": (Decimal(240), "GiB-Hours"),
            "network": (Decimal(3), "GiB"),
            "load_balancer": (None, None),
            "shared": (None, None),
            "external": (None, None),
        }
        assert {name: row["ServiceCategory"] for name, row in found.items()} == {
            "cpu": "Compute",
            "ram": "Compute",
            "gpu": "Compute",
            "storage": "Storage",
            "network": "Networking",
            "load_balancer": "Networking",
            "shared": "Other",
            "external": "Other",
        }

    def test_request_usage_and_peak_have_the_unit_of_the_quantity(self) -> None:
        found = by_component(WHOLE)
        told = ("x_KubernetesRequested", "x_KubernetesUsed", "x_KubernetesPeak")
        assert [found["cpu"][name] for name in told] == ["48", "2.4", "1.75"]
        assert [found["ram"][name] for name in told] == ["48", "24", "1.5"]
        assert [found["storage"][name] for name in told] == [None, None, None]

    def test_what_newer_builds_tell_of_a_gpu(self) -> None:
        told = workload("ml", "train", gpuCost=12, gpuHours=24)
        del told["gpuRequestAverage"], told["gpuUsageAverage"]
        told["gpuAllocation"] = {"gpuRequestAverage": 1, "gpuUsageAverage": 0.5}
        (row,) = rows(told)
        assert (row["x_KubernetesRequested"], row["x_KubernetesUsed"]) == ("24", "12")

    def test_averages_are_over_the_time_that_it_ran(self) -> None:
        pod = workload("shop", "job", minutes=90, cpuCoreRequestAverage=2, cpuCost=1)
        (row,) = rows(pod)
        assert row["x_KubernetesMinutes"] == "90"
        assert row["x_KubernetesRequested"] == "3"
        assert row["ChargePeriodStart"] == datetime(2026, 11, 1, tzinfo=UTC)
        assert row["ChargePeriodEnd"] == datetime(2026, 11, 2, tzinfo=UTC)

    def test_the_bill_is_the_clouds(self) -> None:
        found = rows(WHOLE)
        assert {row["BilledCost"] for row in found} == {Decimal(0)}
        assert all(
            row["ListCost"] == row["ContractedCost"] == row["EffectiveCost"] for row in found
        )

    def test_where_it_ran(self) -> None:
        row = by_component(WHOLE)["cpu"]
        assert {name: value for name, value in row.items() if name.startswith("x_")} == {
            "x_KubernetesCluster": "production",
            "x_KubernetesComponent": "cpu",
            "x_KubernetesContainer": "main",
            "x_KubernetesController": "cart-1",
            "x_KubernetesControllerKind": "deployment",
            "x_KubernetesMinutes": "1440",
            "x_KubernetesNamespace": "shop",
            "x_KubernetesNode": "node-1",
            "x_KubernetesNodeId": "i-0a1b2c3d4e5f60001",
            "x_KubernetesPeak": "1.75",
            "x_KubernetesPod": "cart-1",
            "x_KubernetesRequested": "48",
            "x_KubernetesUsed": "2.4",
        }
        assert row["ResourceId"] == "production/shop/cart-1/main"
        assert (row["ResourceName"], row["ResourceType"]) == ("main", "Kubernetes container")
        assert row["SubAccountId"] == row["BillingAccountId"] == "production"
        assert row["BillingCurrency"] == "EUR"
        assert (row["BillingPeriodStart"].day, row["BillingPeriodEnd"].month) == (1, 12)

    def test_labels_of_the_pod_win_over_those_of_the_namespace(self) -> None:
        pod = workload(
            "shop",
            "cart",
            cpuCost=1,
            labels={"app": "cart", "team": "checkout"},
            namespace_labels={"team": "shop", "env": "live"},
        )
        (row,) = rows(pod)
        assert json.loads(row["Tags"]) == {"app": "cart", "env": "live", "team": "checkout"}

    def test_labels_that_are_not_told_are_not_none(self) -> None:
        assert rows(workload("shop", "a", cpuCost=1))[0]["Tags"] is None
        assert rows(workload("shop", "a", cpuCost=1, labels={}))[0]["Tags"] == "{}"

    def test_a_cluster_that_is_not_named_takes_the_options_name(self) -> None:
        told = workload("shop", "a", cpuCost=1)
        del told["properties"]["cluster"]
        assert rows(told)[0]["SubAccountId"] == "fallback"


class TestUnknown:
    @pytest.mark.parametrize("absent", [None, float("nan"), float("inf"), "NaN"])
    def test_what_is_no_number_is_null_not_zero(self, absent: Any) -> None:
        pod = workload(
            "shop", "a", cpuCost=1, cpuCoreRequestAverage=absent, totalCost=1, cpuCoreHours=absent
        )
        (row,) = rows(pod)
        assert row["x_KubernetesRequested"] is None
        assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == (None, None)

    @pytest.mark.parametrize(
        ("cores", "memory", "told"),
        [(0, 0, [None, None]), (None, 0, [None, None]), (0, GIB, ["0", "24"])],
    )
    def test_what_runs_uses_memory_so_no_usage_at_all_is_not_measured(
        self, cores: float | None, memory: float, told: list[str | None]
    ) -> None:
        usage: Any = {"cpuCoreUsageAverage": cores, "ramByteUsageAverage": memory}
        found = rows(workload("shop", "a", cpuCost=1, ramCost=1, **usage))
        assert [row["x_KubernetesUsed"] for row in found] == told

    def test_a_peak_of_zero_is_not_measured(self) -> None:
        (row,) = rows(workload("shop", "a", ramCost=1, ramByteUsageAverage=GIB, peak_bytes=0))
        assert (row["x_KubernetesUsed"], row["x_KubernetesPeak"]) == ("24", None)

    def test_a_request_of_zero_is_told(self) -> None:
        (row,) = rows(workload("shop", "a", cpuCost=1, cpuCoreUsageAverage=1))
        assert row["x_KubernetesRequested"] == "0"

    def test_a_cost_that_is_not_told_is_null(self) -> None:
        (row,) = rows(workload("shop", "a", cpuCost=None, cpuCoreHours=24, totalCost=None))
        assert row["EffectiveCost"] is None
        assert row["ConsumedQuantity"] == 24

    def test_what_the_total_has_beyond_its_parts_is_not_lost(self) -> None:
        found = by_component(workload("shop", "a", cpuCost=1, totalCost=3.5))
        assert found["other"]["EffectiveCost"] == Decimal("2.5")

    def test_rounding_makes_no_row(self) -> None:
        assert len(rows(workload("shop", "a", cpuCost=1, ramCost=1, totalCost=2.00003))) == 2

    def test_an_absurd_quantity_is_named(self) -> None:
        with pytest.raises(DataError, match=r"a/main.*cpuCoreHours of 1\.000e\+40 is no amount"):
            rows(workload("shop", "a", cpuCost=1, cpuCoreHours=10**40))

    def test_an_absurd_cost_is_named(self) -> None:
        with pytest.raises(DataError, match=r"production/node-1/shop/a/main.*cpu.*1\.000e\+19"):
            rows(workload("shop", "a", cpuCost=1e19))

    def test_time_is_told_by_its_ends_where_minutes_are_missing(self) -> None:
        told = workload("shop", "a", cpuCost=1, cpuCoreRequestAverage=2)
        told |= {"minutes": None, "start": "2026-11-01T01:00:00Z", "end": "2026-11-01T04:00:00Z"}
        (row,) = rows(told)
        assert (row["x_KubernetesMinutes"], row["x_KubernetesRequested"]) == ("180", "6")


class TestSpecialNames:
    @pytest.mark.parametrize(
        "name", ["__idle__", "production/__idle__", "node-1/__idle__", "production/node-1/__idle__"]
    )
    def test_idle_keeps_its_name(self, name: str) -> None:
        told = idle(cpuCost=-0.5, ramCost=2) | {"name": name}
        found = [row for row in rows(WHOLE, told) if row["x_KubernetesNamespace"] == "__idle__"]
        assert [row["EffectiveCost"] for row in found] == [Decimal("-0.5"), Decimal(2)]
        assert {row["ResourceType"] for row in found} == {"Kubernetes idle"}
        assert {row["ResourceId"] for row in found} == {"production/__idle__/node-1"}
        assert {row["x_KubernetesNodeId"] for row in found} == {"i-0a1b2c3d4e5f60001"}

    def test_idle_of_a_cluster_is_of_its_cloud(self) -> None:
        told = idle(cpuCost=1) | {"name": "production/__idle__"}
        told["properties"] = {"cluster": "production"}
        found = rows(WHOLE, told)[-1]
        assert found["ResourceId"] == "production/__idle__"
        assert (found["x_KubernetesNode"], found["x_KubernetesNodeId"]) == (None, None)
        assert found["HostProviderName"] == "AWS"

    def test_idle_of_a_node_that_is_only_in_its_name(self) -> None:
        told = idle(cpuCost=1)
        told["properties"] = {"cluster": "production"}
        assert rows(WHOLE, told)[-1]["x_KubernetesNode"] == "node-1"

    def test_volumes_that_nobody_mounts(self) -> None:
        told = workload("__unmounted__", "__unmounted__", "__unmounted__", pvCost=3)
        (row,) = rows(told)
        assert row["x_KubernetesNamespace"] == "__unmounted__"
        assert row["ResourceType"] == "Kubernetes volume"

    @pytest.mark.parametrize("name", ["__unallocated__", "__shared__"])
    def test_names_without_properties(self, name: str) -> None:
        told = workload("x", "y", sharedCost=3) | {"name": name, "properties": {}}
        (row,) = rows(told)
        assert row["x_KubernetesNamespace"] == name
        assert row["ResourceId"] == f"fallback/{name}"


class TestMachines:
    @pytest.mark.parametrize(
        ("told", "provider", "bill_id"),
        [
            ("aws:///us-east-1a/i-0abc123", "AWS", "i-0abc123"),
            ("i-0abc123", "AWS", "i-0abc123"),
            (
                "azure:///subscriptions/1A/resourceGroups/RG/virtualMachineScaleSets/Pool/VMs/0",
                "Microsoft",
                "/subscriptions/1a/resourcegroups/rg/virtualmachinescalesets/pool/vms/0",
            ),
            (
                "gce://shop/europe-west1-b/gke-a-1",
                "Google Cloud",
                "//compute.googleapis.com/projects/shop/zones/europe-west1-b/instances/gke-a-1",
            ),
            ("gke-a-1", "Google Cloud", "gke-a-1"),
            ("gk3-a-1", "Google Cloud", "gk3-a-1"),
            ("digitalocean://123", "Kubernetes", "digitalocean://123"),
            ("aws:///us-east-1b/1a2b-3c/fargate-ip-10-0-0-1", "AWS", None),
            ("node-1", "Kubernetes", None),
            ("", "Kubernetes", None),
            (None, "Kubernetes", None),
        ],
    )
    def test_ids(self, told: str | None, provider: str, bill_id: str | None) -> None:
        assert Machine.of(told, "node-1") == Machine(provider, bill_id)

    def test_fargate_is_told_by_its_nodes_name(self) -> None:
        machine = Machine.of("1a2b3c4d5e-6f70", "fargate-ip-10-0-0-1.ec2.internal")
        assert machine == Machine("AWS", None)

    def test_idle_of_a_node_is_of_the_machine_that_its_workloads_name(self) -> None:
        whole = "gce://shop/europe-west1-b/gke-a-1"
        busy = workload("a", "b", node="gke-a-1", provider_id=whole, cpuCost=1)
        found = rows(idle(node="gke-a-1", cpuCost=1), busy)
        assert len({row["x_KubernetesNodeId"] for row in found}) == 1

    def test_an_odd_node_is_of_the_cloud_of_its_cluster(self) -> None:
        odd = workload("a", "b", node="n", provider_id="fargate-ip-10-0-0-1", cpuCost=1)
        assert {row["HostProviderName"] for row in rows(WHOLE, odd)} == {"AWS"}

    def test_the_option_wins(self) -> None:
        row = rows(WHOLE, provider="Hetzner")[0]
        names = ("HostProviderName", "ServiceProviderName", "InvoiceIssuerName")
        assert {row[name] for name in names} == {"Hetzner"}
        assert row["x_KubernetesNodeId"] == "i-0a1b2c3d4e5f60001"

    def test_a_cluster_on_two_clouds_has_idle_on_neither(self) -> None:
        here = workload("a", "b", cpuCost=1)
        there = workload("a", "c", node="node-2", provider_id="gce://p/z/n", cpuCost=1)
        lost = idle(cpuCost=1) | {"name": "__idle__", "properties": {"cluster": "production"}}
        assert rows(here, there, lost)[-1]["HostProviderName"] == "Kubernetes"


FIVE_PLACES = st.decimals(-100_000, 100_000, places=5)
NUMBER = st.none() | FIVE_PLACES
COSTS = [component.cost for component in COMPONENTS]
FIELDS = [*COSTS, *(f"{cost}Adjustment" for cost in COSTS[:-2])]  # the last two have none
ALLOCATIONS = st.lists(
    st.fixed_dictionaries(
        {
            name: NUMBER
            for name in FIELDS
            if name not in {"sharedCostAdjustment", "externalCostAdjustment"}
        }
        | {"name": st.sampled_from(["a/b", "c/__idle__", "__unmounted__"]), "minutes": NUMBER}
        | {"drift": st.decimals("-0.00005", "0.00005", places=5)}
    ),
    max_size=6,
)


@given(ALLOCATIONS)
def test_rows_add_up_to_the_totals(drawn: list[dict[str, Any]]) -> None:
    allocations = []
    for told in drawn:
        parts = [told[name] for name in told if "Cost" in name and told[name] is not None]
        total = sum(parts, Decimal(0)) + told["drift"]
        allocations.append({**told, "window": WINDOW, "totalCost": total})
    table = allocation_rows(allocations, cluster="c", currency="USD", provider=None)
    costs = [cost or Decimal(0) for cost in table.column("EffectiveCost").to_pylist()]
    expected = sum((told["totalCost"] for told in allocations), Decimal(0))
    assert abs(sum(costs, Decimal(0)) - expected) <= ROUNDING * max(len(allocations), 1)


@given(ALLOCATIONS, st.decimals(-1000, 1000, places=5))
def test_a_total_is_kept_whatever_its_parts_say(
    drawn: list[dict[str, Any]], total: Decimal
) -> None:
    allocations = [{**told, "window": WINDOW, "totalCost": total} for told in drawn]
    table = allocation_rows(allocations, cluster="c", currency="USD", provider=None)
    costs = [cost or Decimal(0) for cost in table.column("EffectiveCost").to_pylist()]
    assert abs(sum(costs, Decimal(0)) - total * len(drawn)) <= ROUNDING * max(len(drawn), 1)


ANYTHING = (
    st.none()
    | st.booleans()
    | st.text(max_size=3)
    | st.integers()
    | st.decimals()
    | st.sampled_from([Decimal(told) for told in ("1e24", "-1e40", "1e-40", "1e9999")])
)
AMOUNTS = (*FIELDS, "totalCost", "minutes", "cpuCoreHours", "cpuCoreUsageAverage")


@given(st.lists(st.dictionaries(st.sampled_from(AMOUNTS), ANYTHING), max_size=3))
def test_whatever_is_told_it_is_rows_or_a_clear_error(drawn: list[dict[str, Any]]) -> None:
    told = [{**one, "properties": None, "window": WINDOW} for one in drawn]
    with suppress(DataError):
        table = allocation_rows(told, cluster="c", currency="USD", provider=None)
        assert table.schema.field("EffectiveCost").type.precision == 38


@pytest.mark.real_recording
@pytest.mark.parametrize(
    "file", ["allocation_raw_2d", "allocation_namespace_idle_2d", "allocation_namespace_2d"]
)
def test_recorded_answers_add_up(shared_data: Callable[..., Path], file: str) -> None:
    answer = json.loads(shared_data("kubernetes", f"{file}.json").read_text(), parse_float=Decimal)
    for told in answer["data"]:
        table = allocation_rows(list(told.values()), cluster="c", currency="USD", provider=None)
        total = sum(one["totalCost"] for one in told.values())
        assert sum(table.column("EffectiveCost").to_pylist()) == total
        assert "other" not in table.column("SkuMeter").to_pylist()


@pytest.mark.real_recording
def test_a_recorded_week_of_a_real_cluster_adds_up(shared_data: Callable[..., Path]) -> None:
    path = shared_data("kubernetes", "allocation-example-output.json")
    (told,) = json.loads(path.read_text(), parse_float=Decimal)["data"]
    table = allocation_rows(list(told.values()), cluster="c", currency="USD", provider=None)
    total = sum(one["totalCost"] for one in told.values())
    assert abs(sum(table.column("EffectiveCost").to_pylist()) - total) <= ROUNDING * len(told)
    assert set(table.column("HostProviderName").to_pylist()) == {"AWS"}


@pytest.mark.real_recording
def test_the_fake_tells_nothing_that_the_api_does_not(shared_data: Callable[..., Path]) -> None:
    recorded = json.loads(shared_data("kubernetes", "allocation_raw_2d.json").read_text())
    real = [one for told in recorded["data"] for one in told.values()]
    known = {key for one in real for key in one}
    # Labels are in other recordings; the rest of the properties is here.
    properties = {key for one in real for key in one["properties"]} | {"labels", "namespaceLabels"}
    fake = FakeKubecost({date(2026, 11, 1): [WHOLE, idle(cpuCost=1)]})
    window = {"window": "2026-11-01T00:00:00Z,2026-11-02T00:00:00Z"}
    (told,) = json.loads(fake.answer("/model/allocation", window)[2])["data"]
    for one in told.values():
        assert one.keys() <= known
        assert one["properties"].keys() <= properties
