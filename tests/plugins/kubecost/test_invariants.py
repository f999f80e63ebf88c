"""What OpenCost promises of its answers, asked of the rows that are made of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_kubecost.allocation_rows import ROUNDING, allocation_rows
from finops_kubecost.fake_kubecost import FakeKubecost, idle, workload

pytestmark = pytest.mark.model_checked_fake

DAY = date(2026, 11, 1)
WINDOW = "2026-11-01T00:00:00Z,2026-11-02T00:00:00Z"
ZERO = Decimal(0)

Rows = list[dict[str, Any]]


def rows_of(told: Iterable[dict[str, Any]]) -> Rows:
    table = allocation_rows(list(told), cluster="c", currency="USD", provider=None)
    found: Rows = table.to_pylist()
    return found


def answered(fake: FakeKubecost, **parameters: str) -> Rows:
    _, _, body = fake.answer("/model/allocation", {"window": WINDOW, **parameters})
    (told,) = json.loads(body, parse_float=Decimal)["data"]
    return rows_of(told.values())


def total(rows: Rows) -> Decimal:
    return sum((row["EffectiveCost"] for row in rows), ZERO)


def by(rows: Rows, *columns: str) -> dict[tuple[Any, ...], Decimal]:
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        sums[tuple(row[column] for column in columns)] += row["EffectiveCost"]
    return dict(sums)


COST = st.integers(0, 10**9).map(lambda hundred_thousandths: hundred_thousandths / 10**5)
COMPUTE = ("cpuCost", "ramCost", "gpuCost")
PODS = st.lists(
    st.builds(
        workload,
        st.sampled_from(["shop", "web"]),
        st.sampled_from(["pod-1", "pod-2", "pod-3"]),
        st.sampled_from(["main", "sidecar"]),
        node=st.sampled_from(["node-1", "node-2"]),
        **dict.fromkeys([*COMPUTE, "pvCost", "networkCost", "cpuCostAdjustment"], COST),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda told: told["name"],
)
IDLES = st.lists(
    st.builds(
        idle,
        node=st.sampled_from(["node-1", "node-2"]),
        **dict.fromkeys(COMPUTE, COST | COST.map(lambda cost: -cost)),
    ),
    max_size=2,
    unique_by=lambda told: told["name"],
)


@given(PODS, IDLES)
def test_idle_by_node_and_by_cluster_is_the_same_money(pods: Any, idles: Any) -> None:
    fake = FakeKubecost({DAY: [*pods, *idles]})
    apart, together = answered(fake, idleByNode="true"), answered(fake)
    for_each = by(apart, "x_KubernetesNamespace", "SkuMeter")
    for key, cost in by(together, "x_KubernetesNamespace", "SkuMeter").items():
        assert abs(for_each[key] - cost) <= 2 * ROUNDING


@given(PODS, IDLES)
def test_sharing_idle_moves_money_and_makes_none(pods: Any, idles: Any) -> None:
    fake = FakeKubecost({DAY: [*pods, *idles]})
    apart, shared = answered(fake, idleByNode="true"), answered(fake, shareIdle="true")
    assert "__idle__" not in {row["x_KubernetesNamespace"] for row in shared}
    assert abs(total(apart) - total(shared)) <= 8 * ROUNDING
    untouched = ("storage", "network")
    for key, cost in by(shared, "ResourceId", "SkuMeter").items():
        if key[1] in untouched:
            assert by(apart, "ResourceId", "SkuMeter")[key] == cost


@given(PODS, IDLES)
def test_leaving_idle_out_leaves_the_rest(pods: Any, idles: Any) -> None:
    fake = FakeKubecost({DAY: [*pods, *idles]})
    whole, busy = answered(fake, idleByNode="true"), answered(fake, idle="false")
    lost = [row for row in whole if row["x_KubernetesNamespace"] == "__idle__"]
    assert total(whole) - total(lost) == total(busy)


@given(PODS, IDLES, st.sampled_from(["namespace", "node", "pod", "cluster"]))
def test_rows_add_up_to_what_the_server_adds_up(pods: Any, idles: Any, aggregate: str) -> None:
    fake = FakeKubecost({DAY: [*pods, *idles]})
    single = answered(fake, idleByNode="true")
    assert abs(total(single) - total(answered(fake, aggregate=aggregate))) <= 8 * ROUNDING


@pytest.mark.real_recording
class TestRecordings:
    """Containers that OpenCost told, and what it made of the same containers in other questions."""

    def told(self, shared_data: Callable[..., Path], name: str) -> list[dict[str, Any]]:
        path = shared_data("kubernetes", f"allocation_{name}.json")
        sets: list[dict[str, Any]] = json.loads(path.read_text(), parse_float=Decimal)["data"]
        return sets

    def test_rows_by_namespace_are_the_recorded_namespaces(
        self, shared_data: Callable[..., Path]
    ) -> None:
        single = self.told(shared_data, "raw_2d")
        grouped = self.told(shared_data, "namespace_idle_2d")
        assert len(single) == len(grouped) == 2
        for containers, namespaces in zip(single, grouped, strict=True):
            assert by(rows_of(containers.values()), "x_KubernetesNamespace") == {
                (name,): told["totalCost"] for name, told in namespaces.items()
            }

    def test_rows_by_label_are_the_recorded_labels(self, shared_data: Callable[..., Path]) -> None:
        single = self.told(shared_data, "raw_2d")
        grouped = self.told(shared_data, "label_app_unallocated_2d")
        for containers, labels in zip(single, grouped, strict=True):
            sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
            for row in rows_of(containers.values()):
                idle_row = row["x_KubernetesNamespace"] == "__idle__"
                tags = json.loads(row["Tags"] or "{}")
                sums["__idle__" if idle_row else tags.get("app", "__unallocated__")] += row[
                    "EffectiveCost"
                ]
            assert sums == {name: told["totalCost"] for name, told in labels.items()}

    def test_idle_comes_on_top(self, shared_data: Callable[..., Path]) -> None:
        plain, idle_too = (
            self.told(shared_data, name) for name in ("namespace_2d", "namespace_idle_2d")
        )
        for busy, whole in zip(plain, idle_too, strict=True):
            lost = total(rows_of([whole["__idle__"]]))
            assert lost > 0
            assert total(rows_of(whole.values())) == total(rows_of(busy.values())) + lost
