"""Allocation rows as questions see them, whoever brought them."""

from __future__ import annotations

import logging
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from finops_cost_management import DataError, DateWindow, Delivery, Engine
from finops_cost_management.query import kubernetes_delivered
from finops_cost_management.query.kubernetes import Allocations, are_in
from finops_cost_management.query.kubernetes_delivered import delivered_rows
from finops_cost_management.testing.kubernetes import allocation_row, idle_row

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

FIRST, SECOND, THIRD = date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)
WINDOW = DateWindow(FIRST, date(2026, 10, 4))


def delivery(*rows: dict[str, Any]) -> Delivery:
    return Delivery(
        name="a day",
        digest="1",
        read=lambda _: pa.Table.from_pylist(list(rows)),
        grain="day",
    )


def asked(engine: Engine, *rows: dict[str, Any], window: DateWindow = WINDOW) -> Allocations:
    table = delivered_rows([delivery(one) for one in rows], engine)
    return Allocations.of(engine.table_of(table), window)


def test_deliveries_of_different_columns_are_read_together(engine: Engine) -> None:
    short = allocation_row(FIRST, "cpu", 2)
    del short["x_KubernetesPeak"], short["ConsumedQuantity"]
    found = asked(engine, short, allocation_row(SECOND, "ram", 1, quantity="4.5", peak="0.2"))
    rows = {row["component"]: row for row in found.rows.to_pyarrow().to_pylist()}
    assert (rows["cpu"]["quantity"], rows["cpu"]["peak"]) == (None, None)
    assert (rows["ram"]["quantity"], rows["ram"]["peak"]) == (Decimal("4.5"), Decimal("0.2"))


def test_many_deliveries_are_read_a_few_at_a_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_delivered, "_AT_ONCE", 2)
    sizes = []

    def read(held: list[pa.Table], engine: Engine) -> pa.Table:
        sizes.append(len(held))
        return reading(held, engine)

    reading = kubernetes_delivered._read  # what is asked is how much it gets
    monkeypatch.setattr(kubernetes_delivered, "_read", read)
    found = asked(engine, *(allocation_row(FIRST, "cpu", cost) for cost in range(5)))
    assert found.rows.cost.sum().to_pyarrow().as_py() == 10
    assert sizes == [2, 2, 1]


def test_no_delivery_is_an_empty_answer(engine: Engine) -> None:
    found = asked(engine)
    assert (found.clusters(), found.days(), found.currency()) == ([], [], None)
    assert found.days_missing() == [FIRST, SECOND, THIRD]
    assert found.costs_by(cluster=found.dimension("cluster")) == []


def test_rows_that_the_store_would_refuse_are_said(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    bad = allocation_row(FIRST, "cpu", 2) | {"ChargePeriodStart": "the first"}
    with caplog.at_level(logging.WARNING):
        found = asked(engine, bad, allocation_row(FIRST, "cpu", 1))
    assert [row["cost"] for row in found.rows.to_pyarrow().to_pylist()] == [1]
    assert "1 of 2 allocation rows" in caplog.text


def test_days_outside_the_window_are_not_in_it(engine: Engine) -> None:
    rows = [allocation_row(date(2026, 9, 30), "cpu", 7), allocation_row(SECOND, "cpu", 1)]
    found = asked(engine, *rows, allocation_row(date(2026, 10, 4), "cpu", 7))
    assert (found.days(), found.days_missing()) == ([SECOND], [FIRST, THIRD])


def test_what_is_no_number_is_unknown_and_zero_is_zero(engine: Engine) -> None:
    row = allocation_row(FIRST, "cpu", 1, quantity=1, requested=0)
    row["x_KubernetesUsed"] = "n/a"
    (found,) = asked(engine, row).rows.to_pyarrow().to_pylist()
    assert (found["used"], found["requested"]) == (None, 0)


@pytest.mark.parametrize("written", ["app.kubernetes.io/name", "app_kubernetes_io_name"])
def test_a_label_is_found_as_kubernetes_and_as_prometheus_write_it(
    engine: Engine, written: str
) -> None:
    found = asked(engine, allocation_row(FIRST, "cpu", 1, labels={written: "cart"}))
    (row,) = found.costs_by(value=found.label("app.kubernetes.io/name"))
    assert row["value"] == "cart"


def test_what_has_no_value_is_called_by_its_special_namespace(engine: Engine) -> None:
    rows = [
        allocation_row(FIRST, "cpu", 1, pod=None, container=None),
        idle_row(FIRST, "cpu", 2),
        allocation_row(FIRST, "storage", 4, namespace="__unmounted__", pod=None),
        allocation_row(FIRST, "cpu", 8, namespace=None, pod=None),
    ]
    found = asked(engine, *rows)
    costs = {row["pod"]: row for row in found.costs_by(pod=found.dimension("pod"))}
    assert costs["__unallocated__"]["cpu_cost"] == 9
    assert costs["__idle__"]["cpu_cost"] == 2
    assert costs["__unmounted__"]["storage_cost"] == 4


def test_a_component_that_nobody_knows_is_counted_all_the_same(engine: Engine) -> None:
    found = asked(engine, allocation_row(FIRST, "quantum", "1.5"))
    (row,) = found.costs_by()
    assert row["other_cost"] == Decimal("1.5")


def test_unknown_costs_are_told(engine: Engine) -> None:
    found = asked(engine, allocation_row(FIRST, "cpu", None), allocation_row(FIRST, "ram", 1))
    assert found.unknown_costs() == 1


def test_currencies_are_not_added(engine: Engine) -> None:
    rows = [allocation_row(FIRST, "cpu", 1), allocation_row(FIRST, "cpu", 1, currency="EUR")]
    found = asked(engine, *rows)
    with pytest.raises(DataError, match="EUR, USD"):
        found.currency()
    assert [row["currency"] for row in found.costs_by()] == ["EUR", "USD"]


def test_idle_is_in_no_measure_of_use(engine: Engine) -> None:
    # Kubecost tells an idle row of a usage as large as its request.
    rows = [
        idle_row(FIRST, "cpu", 5, quantity=2, requested=1, used=1),
        allocation_row(FIRST, "cpu", 1, quantity=24, requested=24, used=6),
        allocation_row(FIRST, "gpu", 1, quantity=24, requested=24, used=6),
    ]
    (row,) = asked(engine, *rows).measured()
    assert (row["component"], row["allocated"], row["used"]) == ("cpu", 24, 6)


def test_what_is_not_known_is_in_no_sum_of_what_is(engine: Engine) -> None:
    rows = [
        allocation_row(FIRST, "cpu", 1, quantity=24, requested=24, used=6),
        allocation_row(SECOND, "cpu", 2, quantity=24, requested=24, used=None),
        allocation_row(THIRD, "cpu", 4, quantity=24, requested=0, used=12),
    ]
    (row,) = asked(engine, *rows).measured()
    assert (row["cost"], row["judged_cost"], row["requested_cost"]) == (7, 5, 1)
    assert (row["allocated"], row["used"], row["minutes"]) == (48, 18, 2880)
    assert (row["requested"], row["used_of_requested"]) == (24, 6)


def test_a_peak_that_one_day_does_not_tell_is_unknown(engine: Engine) -> None:
    whole: Any = {"quantity": 24, "used": 6}
    first, second = (allocation_row(day, "ram", 1, peak=9, **whole) for day in (FIRST, SECOND))
    untold = allocation_row(THIRD, "ram", 1, **whole)
    unused = allocation_row(THIRD, "ram", 1, quantity=24)
    peaks = [asked(engine, first, second, one).measured()[0]["peak"] for one in (untold, unused)]
    assert peaks == [None, 9]


def test_a_bill_without_kubernetes_has_no_allocations(engine: Engine) -> None:
    assert not are_in(engine.table_of(pa.table({"BilledCost": ["1"]})))
