"""`kubecost.allocation`: from a server that answers to rows in the store."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from finops_cost_management import (
    CostStore,
    DateWindow,
    Delivery,
    Engine,
    RetryLaterError,
)
from finops_cost_management.focus.validation import warnings_of
from finops_cost_management.plugins.component import Component
from finops_cost_management.testing import SourceContract
from finops_kubecost.fake_kubecost import GIB, FakeKubecost, idle, workload
from finops_kubecost.source import KubecostAllocation

pytestmark = pytest.mark.model_checked_fake

FIRST = date(2026, 11, 1)
WINDOW = DateWindow(FIRST, date(2026, 11, 5))
Asking = Callable[..., KubecostAllocation]


def a_day(cores: float = 1) -> list[dict[str, Any]]:
    return [
        workload(
            "shop",
            "cart-1",
            labels={"app.kubernetes.io/name": "cart", "team": "checkout"},
            cpuCost=1.5 * cores,
            cpuCoreHours=24 * cores,
            cpuCoreRequestAverage=cores,
            cpuCoreUsageAverage=0.2,
            ramCost=0.5,
            ramByteHours=96 * GIB,
            pvCost=0.25,
            pvByteHours=240 * GIB,
        ),
        workload("__unmounted__", "__unmounted__", "__unmounted__", pvCost=0.75),
        idle(cpuCost=-0.125, ramCost=2),
    ]


def days(count: int, first: date = FIRST) -> dict[date, list[dict[str, Any]]]:
    return {first + timedelta(days=number): a_day(number + 1) for number in range(count)}


def collected(source: KubecostAllocation, window: DateWindow = WINDOW) -> list[Delivery]:
    return list(source.collect_costs(window))


def costs(delivery: Delivery) -> Decimal:
    table: Any = delivery.read(None)  # type: ignore[arg-type] # it needs no engine
    total: Decimal = sum(table.column("EffectiveCost").to_pylist())
    return total


class TestKubecostAllocation(SourceContract):
    plugin = "kubecost.allocation"
    window: ClassVar[DateWindow] = DateWindow(date(2026, 10, 30), date(2026, 11, 2))

    @pytest.fixture
    def component(self, component_class: type[Component[Any]], asking: Asking) -> Component[Any]:
        source = asking(FakeKubecost(days(10, date(2026, 10, 27))))
        return component_class(source.options, name="tested")


class TestDays:
    @pytest.mark.parametrize("dialect", ["kubecost", "opencost", "opencost-ui"])
    def test_one_delivery_for_each_day(self, asking: Asking, dialect: Any) -> None:
        found = collected(asking(FakeKubecost(days(4), dialect=dialect)))
        assert [one.covers for one in found] == [{f"2026-11-0{day}"} for day in (1, 2, 3, 4)]
        assert {one.grain for one in found} == {"day"}
        assert [costs(one) for one in found] == [
            Decimal("4.875") + Decimal("1.5") * more for more in range(4)
        ]

    def test_days_before_the_install_leave_the_store_as_it_is(
        self, asking: Asking, caplog: pytest.LogCaptureFixture
    ) -> None:
        # A Kubecost that forgets after 15 days must not take them out of the store.
        caplog.set_level(logging.INFO)
        fake = FakeKubecost({date(2026, 11, 3): a_day()})
        assert [one.name for one in collected(asking(fake))] == ["allocations, 2026-11-03"]
        assert "has nothing of 2026-11-01" in caplog.text

    def test_today_is_delivered_and_tomorrow_not_asked_for(
        self, asking: Asking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("finops_kubecost.source.today_utc", lambda: date(2026, 11, 2))
        fake = FakeKubecost(days(4))
        assert len(collected(asking(fake))) == 2
        assert len(fake.asked) == 2

    def test_a_day_that_fails_is_named_after_all_others(self, asking: Asking) -> None:
        fake = FakeKubecost(days(4))
        source = asking(fake)
        deliveries = source.collect_costs(WINDOW)
        found = [next(iter(deliveries))]
        fake.failures += [503] * 4
        with pytest.raises(RetryLaterError, match=r"^2026-11-02: .*answers 503") as caught:
            found.extend(deliveries)
        assert [one.name[-1] for one in found] == ["1", "3", "4"]
        assert "2026-11-03" not in str(caught.value)

    def test_an_oldest_day_that_always_fails_does_not_keep_the_others_out(
        self, asking: Asking
    ) -> None:
        source = asking(FakeKubecost(days(4), failures=[503] * 8))
        found: list[Delivery] = []
        with pytest.raises(RetryLaterError, match=r"^2026-11-01, 2026-11-02: .*in a row; run"):
            found.extend(source.collect_costs(WINDOW))  # extends as far as it goes
        assert [one.name[-1] for one in found] == ["3", "4"]

    def test_a_server_that_only_fails_is_not_asked_for_every_day(self, asking: Asking) -> None:
        fake = FakeKubecost(days(4), failures=[503] * 100)
        with pytest.raises(RetryLaterError, match=r"^2026-11-01, .*later days were not asked for"):
            collected(asking(fake))
        assert len(fake.asked) == 3 * 4

    def test_a_large_cluster_is_asked_day_by_day(self, asking: Asking) -> None:
        # A question for all days would get a 503 here.
        assert len(collected(asking(FakeKubecost(days(4), longest_window=1)))) == 4

    def test_requests_are_counted(self, asking: Asking) -> None:
        source = asking(FakeKubecost(days(4), failures=[503]))
        collected(source)
        assert source.requests == 5


@pytest.mark.real_recording
@pytest.mark.parametrize("dialect", ["kubecost", "opencost", "opencost-ui"])
def test_recorded_days_come_through_every_server(
    asking: Asking, shared_data: Callable[..., Path], dialect: Any
) -> None:
    answer = json.loads(shared_data("kubernetes", "allocation_raw_2d.json").read_text())
    source = asking(FakeKubecost.recorded(answer, dialect=dialect))
    found = collected(source, DateWindow(date(2026, 9, 30), date(2026, 10, 4)))
    assert [(one.name, costs(one)) for one in found] == [
        ("allocations, 2026-10-01", Decimal(112)),
        ("allocations, 2026-10-02", Decimal(112)),
    ]


class TestDigests:
    def digests(self, source: KubecostAllocation) -> list[str]:
        return [one.digest for one in collected(source)]

    def test_they_are_of_the_content(self, asking: Asking) -> None:
        fake = FakeKubecost(days(2))
        source = asking(fake)
        before = self.digests(source)
        assert self.digests(source) == before
        fake.days[FIRST][0]["cpuCost"] += 0.00001
        after = self.digests(source)
        assert after[0] != before[0]
        assert after[1] == before[1]

    def test_the_order_of_an_answer_does_not_matter(self, asking: Asking) -> None:
        turned = {day: told[::-1] for day, told in days(1).items()}
        assert self.digests(asking(FakeKubecost(turned))) == self.digests(
            asking(FakeKubecost(days(1)))
        )

    @pytest.mark.parametrize(
        "options", [{"currency": "EUR"}, {"provider": "gcp"}, {"cluster": "other"}]
    )
    def test_options_that_change_rows_change_them(
        self, asking: Asking, options: dict[str, str]
    ) -> None:
        fake = FakeKubecost(days(1))
        assert self.digests(asking(fake)) != self.digests(asking(fake, **options))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(threads=1, scratch=tmp_path / "scratch") as engine:
        yield engine


class TestStore:
    def ingest(
        self, store: CostStore, name: str, source: KubecostAllocation, engine: Engine
    ) -> None:
        for delivery in source.collect_costs(WINDOW):
            store.ingest(name, delivery, engine)

    def rows(self, store: CostStore, engine: Engine) -> list[dict[str, Any]]:
        table: list[dict[str, Any]] = store.table(engine)[0].to_pyarrow().to_pylist()
        return table

    def test_an_unfinished_day_is_replaced_not_added_to(
        self, asking: Asking, engine: Engine, tmp_path: Path
    ) -> None:
        fake, store = FakeKubecost(days(1)), CostStore(tmp_path / "store")
        source = asking(fake)
        self.ingest(store, "k8s", source, engine)
        fake.days[FIRST] = a_day(4)
        self.ingest(store, "k8s", source, engine)
        assert sum(row["EffectiveCost"] for row in self.rows(store, engine)) == Decimal("9.375")

    def test_several_clusters_are_several_sources(
        self, asking: Asking, engine: Engine, tmp_path: Path
    ) -> None:
        store = CostStore(tmp_path / "store")
        for cluster in ("production", "staging"):
            told = [workload("shop", "cart", cluster=cluster, cpuCost=1)]
            self.ingest(store, cluster, asking(FakeKubecost({FIRST: told})), engine)
        rows = self.rows(store, engine)
        assert sorted(row["SubAccountId"] for row in rows) == ["production", "staging"]

    def test_rows_are_focus(self, asking: Asking, engine: Engine, tmp_path: Path) -> None:
        store = CostStore(tmp_path / "store")
        self.ingest(store, "k8s", asking(FakeKubecost(days(2))), engine)
        counted = warnings_of(store.table(engine)[0]).to_pyarrow().to_pylist()
        # One service, and a category for each of its parts: compute, storage, network.
        broken = {one["rule"] for one in counted if one["count"]}
        assert broken == {"a service has one category"}
        rows = self.rows(store, engine)
        assert {row["BilledCost"] for row in rows} == {Decimal(0)}
        assert {row["ServiceName"] for row in rows} == {"Kubernetes"}
        assert {row["HostProviderName"] for row in rows} == {"AWS"}
        assert {row["x_KubernetesNamespace"] for row in rows} == {
            "shop",
            "__unmounted__",
            "__idle__",
        }
        assert {row["ChargePeriodStart"] for row in rows} == {
            datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2)
        }
