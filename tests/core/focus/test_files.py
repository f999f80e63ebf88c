"""Files as they are delivered: parts, delimiters, compression, and everything that can be wrong."""

from __future__ import annotations

import gzip
import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finops_cost_management.engine import Engine
from finops_cost_management.errors import AccessError, DataError
from finops_cost_management.focus.files import content_digest, open_files, peek
from finops_cost_management.focus.reading import read_files, to_focus

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.invented


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["bill.csv", "bill.csv.gz", "bill.txt"])
def test_delimiters_and_compression(read: Any, write_csv: Any, delimiter: str, name: str) -> None:
    (row,) = read(write_csv({"ResourceName": 'a "b", c; d'}, name=name, delimiter=delimiter))
    assert row["ResourceName"] == 'a "b", c; d'
    assert row["BilledCost"] == Decimal("1.5")


def test_byte_order_mark_line_ends_blank_lines_and_line_breaks_in_cells(
    read: Any, charge: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "windows.csv"
    cells = ",".join(charge.values())
    text = f'{",".join(charge)},ChargeDescription\r\n{cells},"two\r\nlines"\r\n\r\n{cells},x\r\n'
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    rows = read(path)
    assert sorted(row["ChargeDescription"] for row in rows) == ["two\r\nlines", "x"]
    assert {row["BilledCost"] for row in rows} == {Decimal("1.5")}


def test_parts_of_csv_have_a_header_each_and_any_order(read: Any, write_csv: Any) -> None:
    first = write_csv({"BilledCost": "1", "Id": "1"}, name="1.csv")
    second = write_csv({"Tags": '{"a":1}', "BilledCost": "2", "id": "2"}, name="2.csv.gz")
    rows = sorted(read(first, second), key=lambda row: row["x_Id"])
    assert [(row["BilledCost"], row["Tags"]) for row in rows] == [(1, None), (2, '{"a":1}')]


def _parquet(path: Path, charge: dict[str, str], **columns: pa.Array) -> Path:
    pq.write_table(
        pa.table({name: pa.array([value]) for name, value in charge.items()} | columns), path
    )
    return path


def test_parts_of_parquet_may_differ_in_order_null_columns_and_types(
    read: Any, charge: dict[str, str], tmp_path: Path
) -> None:
    backwards = dict(reversed(charge.items()))
    paths = [
        _parquet(tmp_path / "1.parquet", charge, Tags=pa.nulls(1)),
        _parquet(tmp_path / "2.parquet", backwards, Tags=pa.array(['{"a":"1"}'])),
        _parquet(tmp_path / "3.parquet", charge, BilledCost=pa.array([0.1])),
        _parquet(
            tmp_path / "4.parquet",
            charge,
            BilledCost=pa.array([Decimal("123456789012345678.000000000001")]),
            Tags=pa.array([[("a", "1")]], pa.map_(pa.string(), pa.string())),
        ),
    ]
    rows = read(*paths)
    assert sorted(row["BilledCost"] for row in rows) == [
        Decimal("0.1"),
        Decimal("1.5"),
        Decimal("1.5"),
        Decimal("123456789012345678.000000000001"),
    ]
    assert [row["Tags"] for row in rows].count('{"a":"1"}') == 2
    assert all(row["x_RefusedReason"] is None for row in rows)


def test_csv_and_parquet_together(
    read: Any, write_csv: Any, charge: dict[str, str], tmp_path: Path
) -> None:
    typed = _parquet(tmp_path / "1.parquet", charge, BilledCost=pa.array([Decimal("2.25")]))
    assert {row["BilledCost"] for row in read(typed, write_csv())} == {
        Decimal("2.25"),
        Decimal("1.5"),
    }


def test_account_numbers_of_parquet_keep_their_zeros_beside_csv(
    read: Any, write_csv: Any, charge: dict[str, str], tmp_path: Path
) -> None:
    aws = {"ProviderName": "AWS", "SubAccountId": "012345678901"}
    typed = _parquet(
        tmp_path / "1.parquet", charge | aws, SubAccountId=pa.array([12345678901], pa.int64())
    )
    azure = {"ProviderName": "Azure", "SubAccountId": "42"}
    other = _parquet(tmp_path / "2.parquet", charge | azure, SubAccountId=pa.array([42.0]))
    rows = read(typed, other, write_csv(aws))
    assert sorted(row["SubAccountId"] for row in rows) == ["012345678901", "012345678901", "42"]


def test_nested_tags_of_parquet_are_tags_beside_csv(
    read: Any, write_csv: Any, charge: dict[str, str], tmp_path: Path
) -> None:
    pairs = pa.array(
        [[{"key": "a", "value": "1"}]],
        pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())])),
    )
    fields = pa.array([{"a": "1", "b": None}], pa.struct([("a", pa.string()), ("b", pa.string())]))
    rows = read(
        _parquet(tmp_path / "1.parquet", charge, Tags=pairs),
        _parquet(tmp_path / "2.parquet", charge, Tags=fields),
        write_csv({"Tags": '{"a":"1"}'}),
    )
    assert [row["Tags"] for row in rows] == ['{"a":"1"}'] * 3
    assert [row["x_UnreadTags"] for row in rows] == [None] * 3


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
@pytest.mark.parametrize(
    ("name", "decoy"),
    [
        ("costs[1]", "costs1"),
        ("c*", "cat"),
        ("c?", "c1"),
        ("in[1]/costs", "in1/costs"),
        ("in*/costs", "inner/costs"),
        ("it's", "its"),
    ],
)
def test_a_file_name_is_no_pattern(
    read: Any,
    write_csv: Any,
    charge: dict[str, str],
    tmp_path: Path,
    name: str,
    decoy: str,
    suffix: str,
) -> None:
    def write(name: str, cost: str) -> Path:
        if suffix != ".parquet":
            return cast("Path", write_csv({"BilledCost": cost}, name=name + suffix))
        (tmp_path / name).parent.mkdir(exist_ok=True)
        return _parquet(tmp_path / (name + suffix), charge | {"BilledCost": cost})

    write(decoy, "1000")
    (row,) = read(write(name, "1"))
    assert row["BilledCost"] == 1


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_name_of_a_folder_says_nothing_about_the_rows(
    read: Any, write_csv: Any, charge: dict[str, str], suffix: str
) -> None:
    path = write_csv(name="BillingCurrency=EUR/x_Team=blue/bill.csv")
    if suffix == ".parquet":
        path = _parquet(path.with_suffix(suffix), charge)
    (row,) = read(path)
    assert row["BillingCurrency"] == "USD"
    assert "x_Team" not in row


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n"])
def test_a_header_without_rows_is_an_empty_bill(
    read: Any, charge: dict[str, str], tmp_path: Path, line_end: str
) -> None:
    path = tmp_path / "quiet.csv"
    path.write_text(",".join(charge) + line_end, newline="")
    assert read(path) == []


def test_a_header_without_rows_still_needs_the_columns_of_a_bill(read: Any, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("BilledCost,Name\n")
    with pytest.raises(DataError, match="not a FOCUS file: it lacks BillingCurrency"):
        read(path)


def test_a_disk_that_fills_while_csv_is_staged_is_not_the_fault_of_the_file(
    engine: Engine, charge: dict[str, str], tmp_path: Path, full_disk: Any
) -> None:
    path = tmp_path / "large.csv"
    lines = (",".join([str(cost), *list(charge.values())[1:]]) for cost in range(20_000))
    path.write_bytes(_bytes(charge, *lines))
    before = set(engine.scratch.iterdir())
    with full_disk(), pytest.raises(AccessError, match="the disk is full") as caught:
        read_files(engine, [path])
    assert "damaged" not in str(caught.value)
    assert set(engine.scratch.iterdir()) == before, "what was staged of it makes room again"


def test_a_disk_too_small_to_spill_to_is_full(tmp_path: Path) -> None:
    with Engine(threads=1, memory_limit="20MB") as small:
        small.sql("SET max_temp_directory_size = '1MB'")
        numbers = ibis.range(1_000_000).unnest().name("number").as_table()
        numbers = numbers.mutate(id=ibis.uuid().cast("string"))
        with pytest.raises(AccessError, match="the disk is full"):
            small.copy_to_parquet(numbers.order_by("id"), tmp_path / "sorted.parquet")


def test_the_digest_is_of_the_content_packed_or_not(write_csv: Any) -> None:
    plain = write_csv({"BilledCost": "1"}, name="a.csv")
    packed = write_csv({"BilledCost": "1"}, name="b.csv.gz")
    other = write_csv({"BilledCost": "2"}, name="c.csv")
    assert content_digest(plain) == content_digest(packed) != content_digest(other)


def test_text_that_an_old_writer_left_as_bytes_is_text(
    read: Any, charge: dict[str, str], tmp_path: Path
) -> None:
    path = _parquet(tmp_path / "old.parquet", charge, ResourceId=pa.array(["é".encode()]))
    assert read(path)[0]["ResourceId"] == "é"


def test_csv_is_staged_once_and_again_when_it_changes(engine: Engine, write_csv: Any) -> None:
    def staged() -> set[Path]:
        return set(engine.scratch.glob("*.parquet"))

    before = staged()
    path = write_csv({"BilledCost": "1"})
    for _ in range(2):
        read_files(engine, [path])
    assert len(staged() - before) == 1
    path = write_csv({"BilledCost": "2.125"})
    rows = engine.ibis.to_pyarrow(to_focus(read_files(engine, [path])))
    assert rows["BilledCost"].to_pylist() == [Decimal("2.125")]
    assert not list(engine.scratch.glob("*.partial"))


def _bytes(charge: dict[str, str], *extra: str) -> bytes:
    lines = [",".join(charge), ",".join(charge.values()), *extra, ",".join(charge.values())]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1,2", "line 3: Expected Number of Columns: 7 Found: 2"),
        ("1,2,3,4,5,6,7,8", "line 3: Expected Number of Columns: 7 Found: 8"),
    ],
    ids=["too few", "too many"],
)
def test_a_line_with_other_fields_than_the_header_refuses_the_file(
    engine: Engine, charge: dict[str, str], tmp_path: Path, line: str, words: str
) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(_bytes(charge, line))
    with pytest.raises(DataError) as caught:
        read_files(engine, [path])
    assert f"{path}, {words}" in str(caught.value)


def test_a_damaged_line_deep_in_a_large_file_is_found(
    engine: Engine, charge: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "large.csv"
    path.write_bytes(_bytes(charge, *[",".join(charge.values())] * 100_000, "short"))
    with pytest.raises(DataError, match="line 100003: Expected Number of Columns"):
        read_files(engine, [path])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("a.csv", b"\nA,B\n1,2\n", "line 1: column 1 of 1 has no name"),
        ("a.csv", b'A,"B\nC"\n1,2\n', "line 1: the name of column 2 of 2 holds a line break"),
        ("a.csv", b'A,"B\nC"\r\n1,2\r\n', "line 1: the name of column 2 of 2 holds a line break"),
        ("a.csv", b"A,B,a\n1,2,3\n", "line 1: the header names a more than once"),
        ("a.csv", b"A,,C\n1,2,3\n", "line 1: column 2 of 3 has no name"),
        ("a.csv", b"A,B\n1,\xe9\n", "line 2: the text is not UTF-8"),
        ("a.csv", "A,é\n".encode("latin-1"), "line 1, is not UTF-8"),
        ("a.csv", "A,B\n1,2\n".encode("utf-16"), "neither Parquet nor UTF-8 text"),
        ("a.csv", b'A,B\n1,"2\n3,4\n', "a quote is not closed"),
        ("a.csv", b"PK\x03\x04rest", "is a zip archive"),
        ("a.parquet", b"\x00\x01\x02\x03\x04", "is no Parquet file"),
        ("a.parquet", b"PAR1 and then nothing of the kind", "a.parquet"),
        ("a.csv.gz", b"\x1f\x8bnot gzip at all", "a.csv.gz"),
    ],
)
def test_what_is_no_table_is_said_with_the_file_and_the_line(
    engine: Engine, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_files(engine, [path])
    assert words in str(caught.value)
    assert name in str(caught.value)


def test_names_that_differ_in_letter_case_only_may_be_told_apart(
    engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"Team,a,team,TEAM\n1,2,3,4\n")
    (table,) = open_files(engine, [path], alike=True)
    assert table.to_pyarrow().to_pylist() == [{"Team": "1", "a": "2", "team#2": "3", "TEAM#3": "4"}]
    assert peek(engine, path, alike=True).columns == table.columns
    path.write_bytes(b"Team,a,team,team\n1,2,3,4\n")
    with pytest.raises(DataError, match="the header names team more than once"):
        open_files(engine, [path], alike=True)


@pytest.mark.parametrize("kept", [0.5, 0.999])
def test_a_truncated_gzip_is_refused(
    engine: Engine, charge: dict[str, str], tmp_path: Path, kept: float
) -> None:
    chance = random.Random(5)  # noqa: S311 # any bytes that do not compress
    lines = [",".join([str(chance.random()), *list(charge.values())[1:]]) for _ in range(20_000)]
    whole = gzip.compress(_bytes(charge, *lines))
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(DataError, match=r"cut\.csv\.gz"):
        read_files(engine, [path])


def test_a_file_that_is_not_there_is_a_matter_of_access(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(AccessError, match=r"cannot read .*nowhere\.csv: No such file"):
        read_files(engine, [tmp_path / "nowhere.csv"])


def test_a_file_that_may_not_be_read_is_a_matter_of_access(
    engine: Engine, write_csv: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv()

    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    # Root may read everything, so that the file system's own refusal cannot be had everywhere.
    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(AccessError, match=r"cannot read .*bill\.csv: Permission denied"):
        read_files(engine, [path])


def test_no_files_are_an_error(engine: Engine) -> None:
    with pytest.raises(DataError, match="no FOCUS files"):
        read_files(engine, [])
