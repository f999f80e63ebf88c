"""A real bill, from its file to the command line's answers."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from finops_cost_management.finops_cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.real_recording

SEPTEMBER = ["--start-date", "2024-09-01", "--end-date", "2024-10-31"]


@pytest.fixture
def sample(
    shared_data: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The official sample of FOCUS 1.0, in a store of its own in the working folder."""
    path = shared_data("focus", "focus_1.0_sample_1000.csv")
    monkeypatch.chdir(tmp_path)
    Path("finops.yaml").write_text(
        f"name: real\nsources: {{sample: {{use: focus.files, path: {path}}}}}\n"
    )
    assert main(["run", "--until", "2024-10-01"]) == 0
    return path


def independent_sums(path: Path, column: str, cost: str) -> dict[str | None, Decimal]:
    """The same sums by the standard library alone; rows that do not say the cost left out."""
    sums: dict[str | None, Decimal] = defaultdict(Decimal)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = row[column]
            if row[cost] != "NULL":
                sums[None if name in ("NULL", "") else name] += Decimal(row[cost])
    return dict(sums)


UNKNOWN_ROWS = {"contracted": 7}
"""Cost → how many rows of the sample do not say it."""


@pytest.mark.parametrize("cost", ["billed", "effective", "list", "contracted"])
@pytest.mark.parametrize(
    ("dimension", "column", "answer"),
    [
        ("provider", "ProviderName", "Provider"),
        ("category", "ServiceCategory", "ServiceCategory"),
        ("service", "ServiceName", "ServiceName"),
        ("ChargeCategory", "ChargeCategory", "ChargeCategory"),
        ("account", "SubAccountId", "SubAccountId"),
    ],
)
def test_totals_equal_the_sums_taken_straight_from_the_file(
    sample: Path,
    capsys: pytest.CaptureFixture[str],
    cost: str,
    dimension: str,
    column: str,
    answer: str,
) -> None:
    capsys.readouterr()
    code = main(["cost", *SEPTEMBER, "--cost", cost, "--group-by", dimension, "--format", "json"])
    rows = json.loads(capsys.readouterr().out)
    name = f"{cost.capitalize()}Cost"

    assert code == 0
    assert {row["BillingCurrency"] for row in rows} == {"USD"}
    assert sum(row["UnknownRows"] for row in rows) == UNKNOWN_ROWS.get(cost, 0)
    found = {row[answer]: Decimal(row[name]) for row in rows if row[name] is not None}
    assert found == independent_sums(sample, column, name)


def test_account_ids_keep_their_text(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    main(["cost", *SEPTEMBER, "--group-by", "BillingAccountId", "--format", "csv"])
    found = {line.split(",")[0] for line in capsys.readouterr().out.splitlines()[1:]}
    assert found == set(map(str, independent_sums(sample, "BillingAccountId", "BilledCost")))


@pytest.mark.parametrize(("version", "suffix"), [("1.2", "parquet"), ("1.4", "csv.gz")])
def test_an_export_says_the_same(
    sample: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, version: str, suffix: str
) -> None:
    file = tmp_path / f"costs.{suffix}"
    again = tmp_path / "again.yaml"
    again.write_text(
        f"sources: {{again: {{use: focus.files, path: {file}}}}}\n"
        f"store: {{path: {tmp_path / 'other'}}}\n"
    )
    assert (
        main(
            ["export", "--format", f"focus-{version}", "--output", str(file),
             "--days", "61", "--until", "2024-10-31"]
        )
        == 0
    )  # fmt: skip # one command
    assert main(["run", str(again), "--until", "2024-10-01"]) == 0
    capsys.readouterr()
    main(
        ["cost", *SEPTEMBER, "--config", str(again), "--cost", "billed",
         "--group-by", "service", "--format", "json"]
    )  # fmt: skip # one command
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    found = {row["ServiceName"]: Decimal(row["BilledCost"]) for row in rows}
    assert found == independent_sums(sample, "ServiceName", "BilledCost")
