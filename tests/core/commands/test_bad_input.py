"""What people see when their data or their folders are not as they should be."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from finops_cost_management.finops_cli import main

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

HEADER = (
    "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,"
    "ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,ProviderName"
)
PERIODS = "2026-05-01T00:00:00Z,2026-06-01T00:00:00Z,2026-05-01T00:00:00Z,2026-05-02T00:00:00Z"
ROW = f"1.25,1.25,USD,{PERIODS},Usage,Storage,AWS"
EURO = f"2,2,EUR,{PERIODS},Usage,Storage,AWS"

Run = Callable[[str], tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a pipeline on the files of a path; gives the exit code and all that was printed."""
    monkeypatch.chdir(tmp_path)

    def go(path: str) -> tuple[int, str]:
        Path("finops.yaml").write_text(f"sources: {{bill: {{use: focus.files, path: '{path}'}}}}\n")
        code = main(["run", "--until", "2026-06-01"])
        printed = "".join(capsys.readouterr())
        assert "Traceback" not in printed
        return code, printed

    return go


def stored(capsys: pytest.CaptureFixture[str]) -> list[str]:
    main(["cost", "--start-date", "2026-05-01", "--end-date", "2026-05-31", "--format", "csv"])
    return capsys.readouterr().out.splitlines()


def test_a_folder_without_a_file(run: Run) -> None:
    Path("bills").mkdir()
    code, printed = run("bills")
    assert code == 1
    assert "no FOCUS file at " in printed
    assert "bills; check the path" in printed


def test_a_truncated_gzip_changes_nothing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bill.csv").write_text(f"{HEADER}\n{ROW}\n")
    assert run("bill.csv")[0] == 0
    rows = "\n".join(ROW.replace("1.25", str(number)) for number in range(5000))
    whole = gzip.compress(f"{HEADER}\n{rows}\n".encode())
    Path("bill.csv.gz").write_bytes(whole[: len(whole) // 2])
    code, printed = run("bill.csv.gz")

    assert code == 1
    assert "bill.csv.gz" in printed
    assert stored(capsys)[1].startswith("USD,1.25,")


def test_a_missing_column_is_named_with_what_is_there(run: Run) -> None:
    Path("bill.csv").write_text(f"{HEADER}\n{ROW}\n".replace("BilledCost", "BiledCost"))
    code, printed = run("bill.csv")
    assert code == 1
    assert "BilledCost" in printed
    assert "BiledCost" in printed


def test_two_currencies_get_two_answers(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bill.csv").write_text(f"{HEADER}\n{ROW}\n{EURO}\n")
    assert run("bill.csv")[0] == 0
    assert stored(capsys)[1:] == ["EUR,2,1,0", "USD,1.25,1,0"]


def test_a_parquet_of_wrong_types_is_read_or_refused_row_by_row(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    lines = [ROW.split(","), ["not a number", *ROW.split(",")[1:]]]
    columns = zip(HEADER.split(","), zip(*lines, strict=True), strict=True)
    table = pa.table({name: list(values) for name, values in columns})
    pq.write_table(table, "bill.parquet")
    code, printed = run("bill.parquet")

    assert code == 0
    assert "'refused': 1" in printed or '"refused": 1' in printed
    assert stored(capsys)[1] == "USD,1.25,1,0"
    main(["store", "refused", "--format", "csv"])
    assert "not a number" in capsys.readouterr().out


def test_something_that_is_no_parquet(run: Run) -> None:
    Path("bill.parquet").write_bytes(b"PAR1 but not really")
    code, printed = run("bill.parquet")
    assert code == 1
    assert "bill.parquet" in printed


def test_a_file_without_permission(
    run: Run, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    Path("bill.csv").write_text(f"{HEADER}\n{ROW}\n")
    assert run("bill.csv")[0] == 0  # everything is imported while we may
    Path("bill.csv").chmod(0o000)
    with unprivileged():
        code, printed = run("bill.csv")
    assert code == 1
    assert "bill.csv" in printed
    assert "permission" in printed.lower()


def test_no_configuration_names_the_ways_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run"]) == 2
    printed = capsys.readouterr().err
    assert "demo" in printed
    assert "finops.yaml" in printed


def test_an_empty_store_says_what_fills_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["cost"]) == 0
    assert "finops run" in capsys.readouterr().err
    assert main(["store", "show"]) == 0
    assert "finops run" in capsys.readouterr().err
    assert main(["export", "--output", "x.parquet"]) == 1
    assert not Path("x.parquet").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--days", "3"], "has charges from 2026-05-01 to 2026-05-01"),
        (["--start-date", "2026-05-01", "--where", "service=storage"], "meets all conditions"),
    ],
)
def test_an_empty_answer_says_what_the_store_has(
    run: Run, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    Path("bill.csv").write_text(f"{HEADER}\n{ROW}\n")
    assert run("bill.csv")[0] == 0
    assert main(["cost", *asked]) == 0
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--where", "provider=AWS", "--where", "provider!=AWS"], "both with = and with !="),
        (["--days", "3", "--start-date", "2026-05-01"], "both say where to begin"),
        (
            ["--start-date", "2026-05-03", "--end-date", "2026-05-01"],
            "--start-date 2026-05-03 is later than --end-date 2026-05-01",
        ),
        (["--as-of", "99"], "has no version 99; it has 0 to "),
    ],
)
def test_a_contradiction_is_said(
    run: Run, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    Path("bill.csv").write_text(f"{HEADER}\n{ROW}\n")
    assert run("bill.csv")[0] == 0
    assert main(["cost", *asked]) in (1, 2)
    assert said in capsys.readouterr().err


def test_two_words_for_one_dimension_ask_for_either(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bill.csv").write_text(f"{HEADER}\n{ROW}\n{EURO.replace('Storage', 'Compute')}\n")
    assert run("bill.csv")[0] == 0
    capsys.readouterr()
    main(
        ["cost", "--start-date", "2026-05-01", "--where", "service=Storage",
         "--where", "ServiceName=Compute", "--format", "csv"]
    )  # fmt: skip # one command
    assert len(capsys.readouterr().out.splitlines()) == 3
