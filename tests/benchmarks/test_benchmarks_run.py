"""The benchmarks run, report every figure, and tell a wrong answer. No time is asserted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real_component

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
ROWS, MANY_ROWS, SERIES, DAYS = 300, 900, 40, 70
TINY = ["--rows", str(ROWS), str(MANY_ROWS), "--panel", str(SERIES), str(DAYS), "--repeats", "1"]
TINY += ["--judged-series", "3"]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("benchmarks")
    run = _run([*TINY, "--scratch", str(folder), "--json", str(folder / "report.json")])
    assert run.returncode == 0, run.stdout + run.stderr
    answer: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return answer


def test_every_benchmark_reports_its_figures(report: dict[str, Any]) -> None:
    measured = {(figure["benchmark"], figure["measure"]) for figure in report["figures"]}

    for benchmark, words in {
        "start-up": ["finops --help", "finops validate"],
        "ingest": ["Parquet, one month", "Parquet, six months", "mixed", "CSV", "peak memory"],
        "query": ["by service /", "by tag", "by day and provider", "compiling"],
        "panel": ["build"],
    }.items():
        for word in words:
            assert any(own == benchmark and word in measure for own, measure in measured), word
    assert all(figure["ours"] > 0 for figure in report["figures"])


def test_models_are_told_side_by_side_with_those_that_lose(report: dict[str, Any]) -> None:
    detecting, forecasting, anomalies, kinds, costs, businesses = report["standings"]

    assert detecting["rows"]["seasonal"]["series"] == SERIES
    assert {"newest day, s", "replay, series/s", "peak memory, MiB"} <= set(detecting["kept"])
    assert {"isolation_forest", "z-score, 30 days"} <= set(detecting["rows"])
    assert {"series/s", "peak memory, MiB"} <= set(forecasting["kept"])
    assert {"linear", "seasonal naive"} <= set(forecasting["rows"])

    assert {"seasonal", "z-score, 30 days"} <= set(anomalies["rows"])
    rule = anomalies["rows"]["z-score, 30 days"]
    assert rule["F1"] <= rule["best F1"]
    assert anomalies["rows"]["seasonal"]["series"] == 3
    assert anomalies["rows"]["seasonal"]["hindsight"] == 0
    assert set(anomalies["kept"]) <= set(anomalies["promises"])
    assert {"seasonal", "z-score, all days"} <= set(kinds["rows"])
    for forecasts in (costs, businesses):
        assert {"auto", "seasonal naive"} <= set(forecasts["rows"])
        assert forecasts["rows"]["seasonal naive"]["relMASE"] == pytest.approx(1)


def test_every_promise_is_judged(report: dict[str, Any]) -> None:
    promised = [figure for figure in report["figures"] if figure["at_most"] is not None]

    assert {figure["benchmark"] for figure in promised} == {
        "start-up",
        "ingest",
        "cost-and-usage",
        "query",
    }
    assert all(
        figure["kept"] is (figure["ratio"]["median"] <= figure["at_most"]) for figure in promised
    )


def test_sums_are_those_of_the_file(report: dict[str, Any]) -> None:
    assert report["wrong"] == []
    proofs = [figure["proof"] for figure in report["figures"] if " / COPY to " in figure["measure"]]

    assert len(proofs) == 4
    assert all(f"in {ROWS:,} rows" in proof for proof in proofs)


def test_the_machine_and_the_versions_are_told(report: dict[str, Any]) -> None:
    assert {"processor", "cores", "memory", "Python", "duckdb"} <= report["machine"].keys()


def test_a_wrong_sum_fails_the_run(tmp_path: Path) -> None:
    """Half of the rows are lost on the way: the run must say so, however fast it was."""
    lossy = (
        "import sys, focus_files, ingest, run\n"
        "half = lambda file: {currency: (billed / 2, rows // 2)"
        " for currency, (billed, rows) in focus_files.totals(file).items()}\n"
        "ingest.totals = half\n"
        "sys.exit(run.main(sys.argv[1:]))\n"
    )
    run = _run([*TINY, "--only", "ingest", "--scratch", str(tmp_path)], program=["-c", lossy])

    assert run.returncode == 1
    assert "wrong" in run.stdout
    assert "the store holds" in run.stdout


def _run(
    arguments: list[str], *, program: list[str] | None = None
) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(BENCHMARKS), *filter(None, sys.path)])
    return subprocess.run(
        [sys.executable, *(program or [str(BENCHMARKS / "run.py")]), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
