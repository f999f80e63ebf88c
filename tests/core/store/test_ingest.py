from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.engine import Engine
from finops_cost_management.errors import ConfigurationError, DataError
from finops_cost_management.store.cost_store import CostStore
from finops_cost_management.store.delivery import Delivery

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

MAY_1, MAY_2, JUNE_1 = date(2026, 5, 1), date(2026, 5, 2), date(2026, 6, 1)
Total = Callable[[CostStore], Decimal]


def test_a_month_is_replaced_and_not_added_to(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10"), (JUNE_1, "5")], digest="first"), engine)
    store.ingest("aws", deliver([(MAY_1, "10"), (MAY_2, "0.000000000001")], digest="next"), engine)

    assert total(store) == Decimal("15.000000000001")
    assert [(unit.unit, unit.rows) for unit in store.units()] == [("2026-05", 2), ("2026-06", 1)]


def test_sources_do_not_replace_each_other(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10")], digest="a"), engine)
    store.ingest("azure", deliver([(MAY_1, "7")], digest="a"), engine)

    assert total(store) == 17


def test_an_unchanged_delivery_is_skipped_without_being_read(
    store: CostStore, engine: Engine, deliver: Any
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10")], digest="same"), engine)

    def never(_engine: Engine) -> Any:
        pytest.fail("an unchanged delivery was read")

    again = store.ingest("aws", Delivery(name="bill", digest="same", read=never), engine)

    assert again.skipped
    assert len([one for one in store.history() if one.ingest]) == 1


def test_what_was_replaced_comes_back_when_it_is_delivered_again(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    for digest, cost in (("first", "10"), ("correction", "8"), ("first", "10")):
        assert not store.ingest("aws", deliver([(MAY_1, cost)], digest=digest), engine).skipped
    assert total(store) == 10


def test_days_are_the_unit_where_a_source_delivers_days(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    store.ingest("ce", deliver([(MAY_1, "1"), (MAY_2, "2")], digest="a", grain="day"), engine)
    store.ingest("ce", deliver([(MAY_2, "3")], digest="b", grain="day"), engine)

    assert total(store) == 4
    assert [unit.unit for unit in store.units()] == ["2026-05-01", "2026-05-02"]


def test_a_covered_month_without_rows_becomes_empty(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10"), (JUNE_1, "5")], digest="a"), engine)
    store.ingest("aws", deliver([], digest="b", covers=frozenset({"2026-05"})), engine)

    assert total(store) == 5


def test_a_billing_month_that_begins_in_pacific_time_is_that_month(
    store: CostStore, engine: Engine, deliver: Any
) -> None:
    table = deliver([(MAY_1, "10")], digest="gcp").read(engine)
    for name, hours in (("BillingPeriodStart", 7), ("BillingPeriodEnd", 7)):
        index = table.column_names.index(name)
        moved = [value.as_py() + timedelta(hours=hours) for value in table[name]]
        table = table.set_column(index, name, [moved])
    store.ingest("gcp", Delivery(name="may", digest="gcp", read=lambda _: table), engine)

    assert [unit.unit for unit in store.units()] == ["2026-05"]


def test_refused_rows_are_kept_aside_with_their_reason_and_go_when_they_are_mended(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    good = deliver([(MAY_1, "10")], digest="x").read(engine)
    bad = deliver([(MAY_2, "4")], digest="x", ChargeCategory="Gift").read(engine)
    import pyarrow as pa

    both = pa.concat_tables([good, bad])
    result = store.ingest("aws", Delivery(name="may", digest="1", read=lambda _: both), engine)
    refused = store.refused(engine).to_pyarrow().to_pylist()

    assert (result.rows, result.refused) == (1, 1)
    assert total(store) == 10
    assert "Gift" in refused[0]["Reason"]
    assert '"BilledCost"' in refused[0]["Row"]

    store.ingest("aws", Delivery(name="may", digest="2", read=lambda _: good), engine)
    assert store.refused(engine).count().to_pyarrow().as_py() == 0


def test_refused_rows_go_with_the_delivery_that_is_replaced_under_another_name(
    store: CostStore, engine: Engine, deliver: Any
) -> None:
    import pyarrow as pa

    good = deliver([(MAY_1, "10")], digest="x").read(engine)
    bad = deliver([(MAY_2, "4")], digest="x", ChargeCategory="Gift").read(engine)
    both = pa.concat_tables([good, bad])
    store.ingest("aws", Delivery(name="old.csv", digest="1", read=lambda _: both), engine)
    store.ingest("aws", Delivery(name="new.csv", digest="2", read=lambda _: good), engine)

    assert store.refused(engine).count().to_pyarrow().as_py() == 0


def test_a_delivery_without_one_acceptable_row_changes_nothing(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10")], digest="good"), engine)
    with pytest.raises(DataError, match="none of the 1 rows is acceptable"):
        store.ingest("aws", deliver([(MAY_1, "9")], digest="bad", ChargeCategory="Gift"), engine)

    assert total(store) == 10
    assert store.refused(engine).count().to_pyarrow().as_py() == 1


def test_extra_columns_of_any_case_are_one_column(
    store: CostStore, engine: Engine, deliver: Any
) -> None:
    store.ingest("aws", deliver([(MAY_1, "1")], digest="a", x_CostCenter="one"), engine)
    store.ingest("azure", deliver([(MAY_1, "1")], digest="b", x_costcenter="two"), engine)
    rows, _ = store.table(engine)

    assert sorted(rows.x_CostCenter.to_pyarrow().to_pylist()) == ["one", "two"]


def test_time_travel_answers_what_was_believed_then(
    store: CostStore, engine: Engine, deliver: Any
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10")], digest="a"), engine)
    then = datetime.now(UTC)
    believed = store.history()[0].version
    store.ingest("aws", deliver([(MAY_1, "11")], digest="b"), engine)

    for moment in (then, believed):
        rows, version = store.table(engine, as_of=moment)
        assert version == believed
        assert rows.BilledCost.to_pyarrow().to_pylist() == [Decimal(10)]


def test_vacuum_keeps_what_the_last_days_need(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10")], digest="a"), engine)
    store.ingest("aws", deliver([(MAY_1, "11")], digest="b"), engine)

    assert store.vacuum(timedelta(days=1)) == []
    assert total(store) == 11
    with pytest.raises(ConfigurationError, match="at least one day"):
        store.vacuum(timedelta(hours=1))


def test_a_source_name_that_is_no_path_part_is_refused(
    store: CostStore, engine: Engine, deliver: Any
) -> None:
    with pytest.raises(ConfigurationError, match="cannot name a source"):
        store.ingest("../aws", deliver([(MAY_1, "1")], digest="a"), engine)


def test_two_ingests_of_one_month_at_once_never_count_twice(
    store: CostStore, deliver: Any, total: Total
) -> None:
    barrier = threading.Barrier(4)

    def work(number: int) -> None:
        with Engine(threads=1) as own:
            barrier.wait()
            store.ingest("aws", deliver([(MAY_1, "10")], digest=f"d{number}"), own)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert total(store) == 10
    assert len(store.units()) == 1


days = st.dates(date(2026, 1, 1), date(2026, 4, 30))
amounts = st.decimals(-10_000, 10_000, places=12).map(str)
bills = st.lists(st.tuples(days, amounts), min_size=1, max_size=12)


@given(st.lists(st.tuples(st.sampled_from(["aws", "azure"]), bills), min_size=1, max_size=5))
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_store_equals_the_last_delivery_of_every_month(
    engine: Engine, deliver: Any, total: Total, deliveries: list[tuple[str, list[tuple[date, str]]]]
) -> None:
    expected: dict[tuple[str, int], Decimal] = {}
    with TemporaryDirectory() as folder:
        store = CostStore(Path(folder))
        for number, (source, rows) in enumerate(deliveries):
            for key in {(source, day.month) for day, _ in rows}:
                expected[key] = sum(
                    (Decimal(cost) for day, cost in rows if day.month == key[1]), Decimal(0)
                )
            store.ingest(source, deliver(rows, digest=str(number)), engine)

        assert total(store) == sum(expected.values())
        assert {(unit.source, int(unit.unit[5:])) for unit in store.units()} == set(expected)
