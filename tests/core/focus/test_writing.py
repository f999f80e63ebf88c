"""What is written is FOCUS of the version asked for, and reads back the same."""

from __future__ import annotations

import csv
import gzip
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finops_cost_management.errors import AccessError, ConfigurationError, DataError
from finops_cost_management.focus.columns import columns_of
from finops_cost_management.focus.reading import read_files, recognise, to_focus
from finops_cost_management.focus.writing import to_version, write_focus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from finops_cost_management.engine import Engine

VERSIONS = ("1.2", "1.3", "1.4")
FORMATS = (".parquet", ".csv", ".csv.gz")


@pytest.fixture
def rows(engine: Engine, correct_rows: list[dict[str, Any]]) -> ibis.Table:
    """Correct charges, one from a marketplace, with values in the columns of 1.3 and 1.4."""
    correct_rows[0] |= {
        "ServiceProviderName": "Red Hat Inc.",
        "AllocatedTags": '{"pod":"a"}',
        "InvoiceDetailId": "D-1",
        "x_Note": 'a, "quoted"\nnote',
        "BilledCost": Decimal("-0.0000000007"),
    }
    names = dict.fromkeys(name for row in correct_rows for name in row)
    table = pa.table({name: [row.get(name) for row in correct_rows] for name in names})
    return to_focus(engine.table_of(table))


def _sorted(engine: Engine, rows: ibis.Table, columns: list[str]) -> list[dict[str, Any]]:
    table = engine.ibis.to_pyarrow(rows).select(columns)
    return sorted(table.to_pylist(), key=lambda row: str(row["ChargeDescription"]))


@pytest.mark.invented
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_reading_what_was_written_gives_the_same_rows(
    engine: Engine, rows: ibis.Table, tmp_path: Path, version: Any, suffix: str
) -> None:
    path = tmp_path / f"bill{suffix}"
    write_focus(rows, version, path, engine)
    raw = read_files(engine, [path])
    assert recognise(raw.columns) == version
    again = to_focus(raw)
    assert set(again.columns) == set(rows.columns)
    columns = list(rows.columns)
    assert _sorted(engine, again, columns) == _sorted(engine, rows, columns)


@pytest.mark.real_recording
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("suffix", [".parquet", ".csv.gz"])
def test_a_real_bill_survives_the_round_trip(
    engine: Engine,
    shared_data: Callable[..., Path],
    tmp_path: Path,
    version: Any,
    suffix: str,
) -> None:
    sample = to_focus(read_files(engine, [shared_data("focus", "focus_1.0_sample_1000.csv")]))
    path = tmp_path / f"bill{suffix}"
    write_focus(sample, version, path, engine)
    again = engine.ibis.to_pyarrow(to_focus(read_files(engine, [path]))).sort_by("x_Id")
    before = engine.ibis.to_pyarrow(sample).sort_by("x_Id").cast(again.schema)
    assert again.equals(before)


@pytest.mark.invented
@pytest.mark.parametrize("version", VERSIONS)
def test_focus_columns_come_first_and_in_order(rows: ibis.Table, version: Any) -> None:
    standard = [column.name for column in columns_of(version)]
    written = list(to_version(rows, version).columns)
    assert written[: len(standard)] == standard
    assert all(name.startswith("x_") for name in written[len(standard) :])


@pytest.mark.invented
def test_1_2_names_providers_and_issuers_as_it_did(
    engine: Engine, rows: ibis.Table, tmp_path: Path
) -> None:
    path = tmp_path / "bill.parquet"
    write_focus(rows, "1.2", path, engine)
    for row in pq.read_table(path).to_pylist():
        assert row["ProviderName"] in ("AWS", "Microsoft")
        assert row["InvoiceIssuerName"] == row["ProviderName"]
        marketplace = row["x_InvoiceDetailId"] == "D-1"
        assert row["PublisherName"] == ("Red Hat Inc." if marketplace else row["ProviderName"])
        entity = "Amazon Web Services EMEA SARL" if row["ProviderName"] == "AWS" else None
        assert row["x_InvoiceIssuerName"] == entity


@pytest.mark.invented
def test_an_issuer_that_is_not_the_provider_stays(
    engine: Engine, read: Any, write_csv: Any, tmp_path: Path
) -> None:
    reseller = {"ProviderName": "AWS", "PublisherName": "AWS", "InvoiceIssuerName": "Reseller"}
    rows = to_focus(read_files(engine, [write_csv(reseller)]))
    path = tmp_path / "out.parquet"
    write_focus(rows, "1.2", path, engine)
    assert pq.read_table(path)["InvoiceIssuerName"].to_pylist() == ["Reseller"]
    assert read(path)[0]["InvoiceIssuerName"] == "Reseller"


@pytest.mark.invented
def test_csv_is_written_in_the_formats_of_focus(
    engine: Engine, rows: ibis.Table, tmp_path: Path
) -> None:
    path = tmp_path / "bill.csv.gz"
    write_focus(rows, "1.4", path, engine)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        table = {row["ChargeDescription"]: row for row in csv.DictReader(stream)}
    row = table["On-demand hour"]
    assert row["BilledCost"] == "-0.0000000007"
    assert row["PricingQuantity"] == "1"
    assert row["ChargePeriodStart"] == "2026-05-09T12:00:00Z"
    assert row["ChargeClass"] == ""
    assert table["Reservation hour"]["EffectiveCost"] == "0"


@pytest.mark.invented
def test_parquet_has_the_types_of_the_model_and_is_compressed(
    engine: Engine, rows: ibis.Table, tmp_path: Path
) -> None:
    path = tmp_path / "bill.parquet"
    write_focus(rows, "1.3", path, engine)
    schema = pq.read_schema(path)
    assert schema.field("BilledCost").type == pa.decimal128(38, 12)
    assert schema.field("BillingPeriodEnd").type == pa.timestamp("us", tz="UTC")
    assert schema.field("Tags").type == pa.string()
    assert pq.read_metadata(path).row_group(0).column(0).compression == "ZSTD"


@pytest.mark.invented
def test_internal_and_empty_extra_columns_and_refused_rows_are_left_out(
    engine: Engine, write_csv: Any, tmp_path: Path
) -> None:
    path = write_csv({"Empty": "", "Kept": "1"}, {"BilledCost": "?", "Kept": "2"})
    rows = to_focus(read_files(engine, [path])).mutate(
        x_Source=ibis.literal("bills"), x_Period=ibis.literal("2026-05")
    )
    target = tmp_path / "out.csv"
    write_focus(rows, "1.4", target, engine)
    with target.open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert [name for name in row if name.startswith("x_")] == ["x_Kept"]
    assert row["x_Kept"] == "1"


@pytest.mark.invented
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_is_replaced_whole_or_not_at_all(
    engine: Engine, rows: ibis.Table, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"bill{suffix}"
    path.write_text("what was there before")
    # 'x' becomes a number only while rows stream: the file has been begun by then.
    failing = rows.mutate(x_Broken=ibis.ifelse(rows.BilledCost < 0, "x", "1").cast("int64"))
    with pytest.raises(DataError, match="cannot write"):
        write_focus(failing, "1.4", path, engine)
    assert path.read_text() == "what was there before"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.invented
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_full_disk_is_said(
    engine: Engine, rows: ibis.Table, tmp_path: Path, full_disk: Any, suffix: str
) -> None:
    numbers = ibis.range(20_000).unnest().name("x_Number").as_table()
    many = rows.limit(1).cross_join(numbers.mutate(x_Id=ibis.uuid().cast("string")))
    with full_disk(), pytest.raises(AccessError, match="the disk is full: cannot write"):
        write_focus(many, "1.4", tmp_path / f"large{suffix}", engine)
    assert not list(tmp_path.iterdir())


@pytest.mark.invented
def test_what_cannot_be_written_is_said(engine: Engine, rows: ibis.Table, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AccessError, match="cannot write"):
        write_focus(rows, "1.4", tmp_path / "file" / "bill.parquet", engine)
    with pytest.raises(ConfigurationError, match=r"must end in \.parquet"):
        write_focus(rows, "1.4", tmp_path / "bill.xlsx", engine)
    with pytest.raises(ConfigurationError, match=r"FOCUS 1\.1 is not written"):
        to_version(rows, "1.1")  # type: ignore[arg-type] # what the type forbids
