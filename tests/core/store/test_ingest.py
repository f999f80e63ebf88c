from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
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


def test_vacuum_removes_what_no_version_of_the_last_days_needs(
    store: CostStore,
    engine: Engine,
    deliver: Any,
    total: Total,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10")], digest="a"), engine)
    with monkeypatch.context() as two_days_ago:
        now = time.time_ns() - 2 * 86_400 * 10**9
        two_days_ago.setattr(time, "time_ns", lambda: now)
        store.ingest("aws", deliver([(MAY_1, "11")], digest="b"), engine)
    store.ingest("aws", deliver([(MAY_1, "12")], digest="c"), engine)

    assert store.vacuum(timedelta(days=3)) == []
    (would_go,) = store.vacuum(timedelta(days=1), dry_run=True)
    assert store.vacuum(timedelta(days=1)) == [would_go]
    assert total(store) == 12
    assert len(list(Path(store.location).rglob("*.parquet"))) == 2
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
            ended.append(number)

    ended: list[int] = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ended) == [0, 1, 2, 3]
    assert total(store) == 10
    assert len(store.units()) == 1


class StoppedError(Exception):
    """Stands for a process that is stopped."""


@pytest.mark.parametrize("stop_at", ["the commit", "tidying up"])
def test_no_refused_row_is_lost_or_stale_wherever_an_ingest_stops(
    store: CostStore,
    engine: Engine,
    deliver: Any,
    total: Total,
    monkeypatch: pytest.MonkeyPatch,
    stop_at: str,
) -> None:
    def mixed(digest: str, cost: str, kind: str) -> Delivery:
        parts = [
            deliver([(MAY_1, cost)], digest="").read(engine),
            deliver([(MAY_1, cost)], digest="", ChargeCategory=kind).read(engine),
        ]
        return Delivery(name="may", digest=digest, read=partial(_same, pa.concat_tables(parts)))

    def reasons() -> set[str]:
        return {row for row in store.refused(engine).Reason.to_pyarrow().to_pylist() if row}

    store.ingest("aws", mixed("old", "10", "Gift"), engine)
    with monkeypatch.context() as stopped:

        def stop(*_: object, **__: object) -> None:
            raise StoppedError

        if stop_at == "the commit":
            stopped.setattr(store, "_swap", stop)
        else:
            stopped.setattr(store._refused, "forget", stop)
        with pytest.raises(StoppedError):
            store.ingest("aws", mixed("new", "12", "Loan"), engine)

    assert total(store) == (10 if stop_at == "the commit" else 12)
    assert any("Gift" in reason for reason in reasons())

    store.tidy("aws")
    store.ingest("aws", mixed("new", "12", "Loan"), engine)
    assert total(store) == 12
    assert len(reasons()) == 1
    assert "Loan" in reasons().pop()


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


def test_a_delivery_of_two_months_is_held_only_while_both_are_its_own(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    both = deliver([(MAY_1, "10"), (JUNE_1, "20")], digest="both")
    store.ingest("aws", both, engine)
    store.ingest("aws", deliver([(JUNE_1, "999")], digest="june"), engine)

    assert not store.ingest("aws", both, engine).skipped
    assert total(store) == 30


def test_a_month_replaces_the_days_that_were_delivered_before(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    store.ingest("ce", deliver([(MAY_1, "1"), (MAY_2, "2")], digest="a", grain="day"), engine)
    store.ingest("ce", deliver([(MAY_1, "10")], digest="b"), engine)

    assert total(store) == 10
    with pytest.raises(ConfigurationError, match="holds as a whole month"):
        store.ingest("ce", deliver([(MAY_2, "2")], digest="c", grain="day"), engine)
    assert total(store) == 10


def test_many_mixed_months_come_out_right(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    days = [date(2025 + number % 2, 1 + number % 12, 1 + number % 28) for number in range(500)]
    result = store.ingest("aws", deliver([(day, "0.01") for day in days], digest="a"), engine)

    assert total(store) == 5
    assert sorted(result.units) == sorted({f"{day:%Y-%m}" for day in days})


def test_a_source_or_a_month_of_it_can_be_forgotten(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    store.ingest("old", deliver([(MAY_1, "10"), (JUNE_1, "20")], digest="a"), engine)
    store.ingest("new", deliver([(MAY_1, "1")], digest="a"), engine)

    assert store.remove("old", frozenset({"2026-06"})) == 1
    assert total(store) == 11
    assert store.remove("old") == 1
    assert total(store) == 1
    assert store.table(engine, as_of=store.history()[-1].version)[0].count().to_pyarrow()
    with pytest.raises(ConfigurationError, match="holds no such rows"):
        store.remove("old")


def test_what_failed_before_is_forgotten_and_refused_again(
    store: CostStore, engine: Engine, deliver: Any
) -> None:
    bad = deliver([(MAY_1, "9")], digest="bad", name="may-v1.csv", ChargeCategory="Gift")
    with pytest.raises(DataError):
        store.ingest("aws", bad, engine)
    with pytest.raises(DataError):
        store.ingest("aws", bad, engine)
    assert store.refused(engine).count().to_pyarrow().as_py() == 1, "once, not twice"

    store.tidy("aws")
    store.ingest("aws", deliver([(MAY_1, "9")], digest="good", name="may-v2.csv"), engine)
    assert store.refused(engine).count().to_pyarrow().as_py() == 0


def _same(rows: pa.Table, _engine: Engine) -> pa.Table:
    return rows


def test_refused_rows_of_two_deliveries_of_one_name_are_both_kept(
    store: CostStore, engine: Engine, deliver: Any
) -> None:
    for number, day in enumerate((MAY_1, JUNE_1)):
        mixed = pa.concat_tables(
            [
                deliver([(day, "1")], digest="").read(engine),
                deliver([(day, "1")], digest="", ChargeCategory="Gift").read(engine),
            ]
        )
        one = Delivery(name="costs.csv", digest=str(number), read=partial(_same, mixed))
        store.ingest("aws", one, engine)
    assert store.refused(engine).count().to_pyarrow().as_py() == 2


@pytest.mark.parametrize("name", ["in[1]", "x_Source=other", "quo'te", "c*", "ü"])
def test_a_store_may_lie_in_a_folder_of_any_name(
    tmp_path: Path, engine: Engine, deliver: Any, total: Total, name: str
) -> None:
    decoy = CostStore(tmp_path / name.translate({ord("["): None, ord("]"): None, ord("*"): "x"}))
    decoy.ingest("decoy", deliver([(MAY_1, "500")], digest="d"), engine)
    store = CostStore(tmp_path / "below" / name)
    store.ingest("aws", deliver([(MAY_1, "1")], digest="a"), engine)
    rows, _ = store.table(engine)

    assert total(store) == 1
    assert rows.x_Source.to_pyarrow().to_pylist() == ["aws"]


def test_other_engines_read_the_same_rows(store: CostStore, engine: Engine, deliver: Any) -> None:
    from deltalake import DeltaTable

    store.ingest("aws", deliver([(MAY_1, "1.5")], digest="a"), engine)
    table = pa.table(DeltaTable(store.location / "charges").to_pyarrow_dataset().to_table())  # type: ignore[operator] # a folder here

    (row,) = table.to_pylist()
    assert (row["x_Source"], row["x_Period"], row["BilledCost"]) == (
        "aws", "2026-05", Decimal("1.5"),
    )  # fmt: skip # one tuple


def test_a_path_that_delta_would_misread_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="encoded character"):
        CostStore(tmp_path / "a%20b")
