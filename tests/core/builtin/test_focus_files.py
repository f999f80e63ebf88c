"""Files of one source: which belong together, what they are called, and what one of them breaks."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finops_cost_management.builtin.focus_files import FocusFiles, FocusFilesOptions
from finops_cost_management.engine import Engine
from finops_cost_management.errors import AccessError, DataError, FinopsError
from finops_cost_management.store.cost_store import CostStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from finops_cost_management.store.delivery import Delivery

    Write = Callable[..., Path]
    Collect = Callable[..., list[Delivery]]

pytestmark = pytest.mark.invented

HEADER = (
    *("BilledCost", "BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd"),
    *("ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory"),
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(threads=1) as engine:
        yield engine


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a CSV file with one charge in each of some months, told by their starts."""

    def csv_file(name: str, *starts: str, cost: str = "1") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(HEADER)
            for start in starts:
                year, month = int(start[:4]), int(start[5:7])
                end = f"{year + month // 12}-{month % 12 + 1:02}-01{start[10:]}"
                writer.writerow(
                    [cost, "USD", start, end, f"{start[:7]}-09", f"{start[:7]}-10", "Usage"]
                )
        return path

    return csv_file


@pytest.fixture
def collect(engine: Engine, tmp_path: Path) -> Collect:
    def deliveries(*patterns: str) -> list[Delivery]:
        paths = tuple(str(tmp_path / pattern) for pattern in patterns or ("",))
        source = FocusFiles(FocusFilesOptions(path=paths), name="bills")
        return list(source.collect_costs(engine))

    return deliveries


def _names(deliveries: list[Delivery]) -> list[str]:
    return sorted(delivery.name for delivery in deliveries)


def _billed(store: CostStore, engine: Engine) -> Any:
    rows, _ = store.table(engine)
    return rows.BilledCost.sum().to_pyarrow().as_py()


def test_months_are_those_of_the_store_whatever_hour_they_begin(
    write: Write, collect: Collect, engine: Engine, tmp_path: Path
) -> None:
    write("in/aws.csv", "2026-05-01T00:00:00Z", cost="100")
    write("in/gcp.csv", "2026-05-01T07:00:00Z", cost="7")
    write("in/early.csv", "2026-05-31T16:00:00Z", cost="1000")
    write("in/june.csv", "2026-06-01T00:00:00Z", cost="20")
    deliveries = collect("in")
    assert _names(deliveries) == ["aws.csv, gcp.csv", "early.csv, june.csv"]
    store = CostStore(tmp_path / "store")
    for delivery in deliveries:
        store.ingest("bills", delivery, engine)
    assert _billed(store, engine) == 1127


def test_files_that_share_a_month_over_a_third_are_one_delivery(
    write: Write, collect: Collect
) -> None:
    write("a.csv", "2026-01-01")
    write("b.csv", "2026-03-01")
    write("c.csv", "2026-01-01", "2026-02-01", "2026-03-01")
    write("d.csv", "2026-04-01")
    assert _names(collect()) == ["a.csv, b.csv, c.csv", "d.csv"]


def test_files_are_told_apart_by_their_folders(write: Write, collect: Collect) -> None:
    for month in ("2025-01", "2025-02"):
        write(f"in/{month}/costs.csv", f"{month}-01")
    for patterns in (("in",), ("in/**/*.csv",), ("in/2025-*/costs.csv",)):
        assert _names(collect(*patterns)) == ["2025-01/costs.csv", "2025-02/costs.csv"]
    assert _names(collect("in/2025-01", "in/2025-02/costs.csv")) == [
        "2025-01/costs.csv",
        "2025-02/costs.csv",
    ]
    assert _names(collect("in/2025-01/costs.csv")) == ["costs.csv"]


def test_a_name_does_not_depend_on_what_else_was_found(write: Write, collect: Collect) -> None:
    write("in/2025-01/costs.csv", "2025-01-01")
    assert _names(collect("in")) == ["2025-01/costs.csv"]


def test_brackets_in_a_pattern_are_no_folder(write: Write, collect: Collect) -> None:
    write("in[1]/a.csv", "2026-01-01")
    write("in1/b.csv", "2026-02-01")
    assert _names(collect("in[1]")) == ["a.csv"]
    assert _names(collect("in[1]/*.csv")) == ["in1/b.csv"]


def test_many_parts_have_a_short_name(write: Write, collect: Collect, engine: Engine) -> None:
    for number in range(60):
        write(f"{number:02}.csv", "2026-05-01", cost=str(number))
    (delivery,) = collect()
    assert delivery.name == "00.csv and 59 more"
    assert delivery.read(engine).count().to_pyarrow().as_py() == 60


def test_telling_the_months_stages_nothing(write: Write, collect: Collect, engine: Engine) -> None:
    before = set(engine.scratch.iterdir())
    for month in (1, 2):
        write(f"{month}.csv", f"2026-0{month}-01")
    deliveries = collect()
    assert set(engine.scratch.iterdir()) == before
    deliveries[0].read(engine)
    assert len(set(engine.scratch.iterdir()) - before) == 1


def _cut(path: Path) -> None:
    path.write_bytes(gzip.compress(os.urandom(1000))[:500])


def _no_parquet(path: Path) -> None:
    path.write_bytes(b"PAR1 and nothing of the kind")


def _no_bill(path: Path) -> None:
    path.write_text("Name,Age\nx,1\n")


def _dangling(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("name", "spoil", "words"),
    [
        ("2.csv.gz", _cut, "is damaged"),
        ("2.parquet", _no_parquet, "2.parquet"),
        ("2.csv", _no_bill, "it lacks BilledCost"),
        ("2.csv", _dangling, "is empty"),
    ],
)
def test_one_bad_file_leaves_the_months_of_the_others_alone(
    write: Write,
    collect: Collect,
    engine: Engine,
    tmp_path: Path,
    name: str,
    spoil: Callable[[Path], None],
    words: str,
) -> None:
    write("1.csv", "2026-01-01")
    write("3.csv", "2026-03-01")
    spoil(tmp_path / name)
    deliveries = {delivery.name: delivery for delivery in collect()}
    assert set(deliveries) == {"1.csv", name, "3.csv"}
    with pytest.raises(DataError, match=words):
        deliveries[name].read(engine)
    for good in ("1.csv", "3.csv"):
        assert deliveries[good].read(engine).count().to_pyarrow().as_py() == 1


def test_a_file_that_may_not_be_read_leaves_the_others_alone(
    write: Write, collect: Collect, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("1.csv", "2026-01-01")
    closed = write("2.csv", "2026-02-01")
    open_file = Path.open

    def refuse(self: Path, *args: Any, **options: Any) -> Any:
        if self == closed:
            raise PermissionError(13, "Permission denied", str(self))
        return open_file(self, *args, **options)

    # Root may read everything, so that the file system's own refusal cannot be had everywhere.
    monkeypatch.setattr(Path, "open", refuse)
    deliveries = {delivery.name: delivery for delivery in collect()}
    assert deliveries["1.csv"].read(engine).count().to_pyarrow().as_py() == 1
    with pytest.raises(AccessError, match=r"2\.csv: Permission denied"):
        deliveries["2.csv"].read(engine)


def test_a_damaged_line_keeps_its_file_with_the_others_of_the_month(
    write: Write, collect: Collect, engine: Engine
) -> None:
    write("1.csv", "2026-01-01")
    broken = write("2.csv", "2026-01-01", cost="2")
    broken.write_text(broken.read_text() + "short\n")
    write("3.csv", "2026-03-01")
    deliveries = {delivery.name: delivery for delivery in collect()}
    assert set(deliveries) == {"1.csv, 2.csv", "3.csv"}
    with pytest.raises(DataError, match=r"2\.csv, line 3: Expected Number of Columns"):
        deliveries["1.csv, 2.csv"].read(engine)


def test_times_beyond_belief_are_no_months(write: Write, collect: Collect, tmp_path: Path) -> None:
    write("a.csv", "2026-01-01", "0001-01-01")
    write("b.csv", "2026-02-01", "0001-01-01", "2026-13-01")
    table = pa.table(
        {name: ["x"] for name in HEADER}
        | {"BillingPeriodStart": pa.array([2**63 - 2], pa.timestamp("us", "UTC"))}
    )
    pq.write_table(table, tmp_path / "c.parquet")
    assert _names(collect()) == ["a.csv", "b.csv", "c.parquet"]


def test_the_same_content_twice_is_refused_by_name(
    write: Write, collect: Collect, engine: Engine, tmp_path: Path
) -> None:
    original = write("a.csv", "2026-01-01")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(original.read_bytes()))
    (tmp_path / "copy.csv").write_bytes(original.read_bytes())
    write("other.csv", "2026-01-01", cost="2")
    write("february.csv", "2026-02-01")
    deliveries = {delivery.name: delivery for delivery in collect()}
    assert set(deliveries) == {"a.csv and 3 more", "february.csv"}
    with pytest.raises(DataError) as caught:
        deliveries["a.csv and 3 more"].read(engine)
    assert "a.csv, a.csv.gz, copy.csv have the same content" in str(caught.value)
    assert "other.csv" not in str(caught.value)
    deliveries["february.csv"].read(engine)


def test_months_without_rows_are_deliveries_without_rows(
    write: Write, collect: Collect, engine: Engine
) -> None:
    write("1.csv", "2026-01-01")
    write("2.csv")
    write("3.csv")
    deliveries = {delivery.name: delivery for delivery in collect()}
    assert set(deliveries) == {"1.csv", "2.csv", "3.csv"}
    assert deliveries["2.csv"].read(engine).count().to_pyarrow().as_py() == 0


def test_the_digest_is_of_the_content_alone(write: Write, collect: Collect, tmp_path: Path) -> None:
    path = write("a.csv", "2026-01-01")
    (first,) = collect()
    packed = tmp_path / "moved.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    (second,) = collect()
    assert first.digest == second.digest
    write("b.csv", "2026-01-01", cost="2")
    (third,) = collect()
    assert third.digest != first.digest


def test_no_file_at_all_is_an_error(collect: Collect) -> None:
    with pytest.raises(FinopsError, match="no FOCUS file at"):
        collect("nowhere")
