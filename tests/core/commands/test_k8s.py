"""`finops k8s` on what the store holds, and its options."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from finops_cost_management import CostStore, Delivery, Engine
from finops_cost_management.commands.k8s import PERIOD_DAYS, _window
from finops_cost_management.finops_cli import main
from finops_cost_management.testing.kubernetes import allocation_row, idle_row

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

TODAY = date(2026, 10, 31)
YESTERDAY = date(2026, 10, 30)
K8s = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two clusters, of the last two days."""
    folder = tmp_path_factory.mktemp("home")
    rows = []
    for day in (YESTERDAY, TODAY):
        rows += [
            allocation_row(
                day, "cpu", 4, labels={"team": "a"}, quantity=24, requested=24, used="2.4"
            ),
            allocation_row(day, "ram", 1, labels={"team": "a"}, quantity=48, used=40),
            allocation_row(day, "network", "0.001", namespace="web", pod="web-1"),
            idle_row(day, "cpu", 2),
            allocation_row(day, "gpu", 8, cluster="staging", namespace="ml", pod="train-1"),
        ]
    delivery = Delivery(
        name="days", digest="1", read=lambda _: pa.Table.from_pylist(rows), grain="day"
    )
    with Engine(threads=1) as engine:
        CostStore(folder / ".finops" / "costs").ingest("clusters", delivery, engine)
    return folder


@pytest.fixture
def k8s(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> K8s:
    monkeypatch.chdir(home)
    monkeypatch.delenv("KUBECOST_URL", raising=False)
    monkeypatch.setattr("finops_cost_management.window.today_utc", lambda: TODAY)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["k8s", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def rows_of(printed: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(printed)))


def test_namespaces_by_default(k8s: K8s) -> None:
    code, table, said = k8s()
    assert code == 0
    assert "costs by namespace, 2026-10-01..2026-10-30" in table
    lines = [line.split() for line in table.splitlines()[2:] if line.strip()]
    heading = "Cluster Namespace CPU Memory Storage Network GPU Total"
    assert lines[0] == heading.split()
    assert ["production", "shop", "4.00", "1.00", "0.00", "0.00", "0.00", "5.00", "USD"] in lines
    assert ["production", "web", "0.00", "0.00", "0.00", "<0.01", "0.00", "<0.01", "USD"] in lines
    assert "total 15.00 USD" in said
    assert "the store has nothing of 29 of the 30 days" in said


def test_one_cluster_needs_no_column_of_clusters(k8s: K8s) -> None:
    _, table, said = k8s("--cluster", "production")
    assert "Cluster" not in table
    assert "GPU" not in table
    assert "total 7.00 USD" in said


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["--group-by", "namespace"], ["cluster", "namespace"]),
        (["--group-by", "pod"], ["cluster", "namespace", "pod", "container"]),
        (["--group-by", "label", "--label-key", "team"], ["value"]),
        (
            ["--group-by", "controller"],
            ["cluster", "namespace", "controller_kind", "controller"],
        ),
        (["--group-by", "node"], ["cluster", "node"]),
        (["--group-by", "cluster"], ["cluster"]),
    ],
)
def test_every_group_adds_up_to_the_same(k8s: K8s, arguments: list[str], keys: list[str]) -> None:
    code, printed, _ = k8s(*arguments, "--format", "csv")
    assert code == 0
    rows = rows_of(printed)
    assert list(rows[0])[: len(keys)] == keys
    assert sum(Decimal(row["total_cost"]) for row in rows) == Decimal("15.001")
    for row in rows:
        parts = [Decimal(row[name]) for name in row if name.endswith("_cost")]
        assert sum(parts) == 2 * Decimal(row["total_cost"])  # the parts, and their total


def test_a_table_heads_a_label_by_its_key(k8s: K8s) -> None:
    _, table, _ = k8s("--group-by", "label", "--label-key", "team")
    assert "costs by label team" in table
    assert table.splitlines()[2].split()[0] == "team"
    assert "__unallocated__" in table


def test_idle(k8s: K8s) -> None:
    code, table, said = k8s("--idle", "--threshold", "0.2")
    assert code == 0
    assert "shop/cart-1" in table
    assert "10.0 %" in table
    assert "waste 3.60 USD" in said
    _, nothing, said = k8s("--idle", "--threshold", "0.05")
    assert nothing == ""
    assert "No CPU and no memory of which usage is known is used below 5 %" in said


def test_efficiency_is_told_by_cluster(k8s: K8s) -> None:
    _, printed, _ = k8s("--efficiency", "--format", "json")
    first, second = json.loads(printed)
    assert (first["cluster"], first["total_cost"], first["cpu_efficiency"]) == (
        "production",
        "7.001",
        0.1,
    )
    assert (second["cluster"], second["efficiency_score"]) == ("staging", None)
    _, table, _ = k8s("--efficiency")
    assert "unknown" in table


def test_today_is_not_over(k8s: K8s) -> None:
    _, table, said = k8s("--period", "today")
    assert "2026-10-31..2026-10-31" in table
    assert "2026-10-31 is not over" in said


@pytest.mark.parametrize("period", PERIOD_DAYS)
def test_periods_are_whole_days_until_yesterday(
    monkeypatch: pytest.MonkeyPatch, period: str
) -> None:
    monkeypatch.setattr("finops_cost_management.window.today_utc", lambda: TODAY)
    window = _window(period, None, None)
    assert (window.end, window.days) == (TODAY, PERIOD_DAYS[period])


def test_days_of_ones_own(k8s: K8s) -> None:
    days = ["--start-date", "2026-10-30", "--end-date", "2026-10-31"]
    assert k8s("--period", "custom", *days) == k8s(*days)
    _, _, said = k8s(*days)
    assert "total 30.00 USD" in said


def test_a_file(k8s: K8s, tmp_path: Path) -> None:
    target = tmp_path / "namespaces.json"
    code, printed, said = k8s("--format", "json", "--output", str(target))
    assert (code, printed) == (0, "")
    assert f"wrote {target}" in said
    assert {row["namespace"] for row in json.loads(target.read_text())} == {
        "shop",
        "web",
        "ml",
        "__idle__",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--group-by", "label"], "--group-by label and --label-key go together"),
        (["--label-key", "team"], "--group-by label and --label-key go together"),
        (["--threshold", "0.3"], "--threshold says what is idle"),
        (["--idle", "--threshold", "20"], "is not in the range"),
        (["--idle", "--efficiency"], "different questions"),
        (["--idle", "--group-by", "pod"], "different questions"),
        (["--period", "custom"], "has no first day"),
        (["--end-date", "2026-10-01"], "has no first day"),
        (["--period", "week", "--start-date", "2026-10-01"], "both say which days"),
        (["--start-date", "2026-10-31", "--end-date", "2026-10-30"], "both are inside"),
        (["--group-by", "team"], "'team' is not one of"),
        (["--cluster", "east"], "it knows production, staging"),
        (["--kubecost-url", "localhost:9090"], "--kubecost-url: "),
        (["--kubecost-url", "http://u:p@localhost"], "a key belongs to api_key"),
    ],
)
def test_what_makes_no_sense_is_said(k8s: K8s, arguments: list[str], words: str) -> None:
    code, printed, said = k8s(*arguments)
    assert (code, printed) == (2, "")
    assert words in said
    assert "u:p" not in said


def test_an_empty_answer_says_why(k8s: K8s) -> None:
    code, printed, said = k8s("--start-date", "2026-01-01", "--end-date", "2026-01-31")
    assert (code, printed) == (0, "")
    assert "The store has no allocations from 2026-01-01..2026-01-31" in said
    _, printed, said = k8s("--namespace", "nobody", "--format", "json")
    assert json.loads(printed) == []
    assert "No such namespace" in said


def test_a_store_without_kubernetes_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked: list[str] = []

    def no_registry(_: object, kind: str, name: str) -> None:
        asked.append(f"{kind}/{name}")
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KUBECOST_URL", raising=False)
    monkeypatch.setattr("finops_cost_management.plugins.registry.Registry.find", no_registry)
    assert main(["k8s", "--start-date", str(TODAY - timedelta(days=1))]) == 130
    assert asked == ["sources/kubecost.allocation"]
    capsys.readouterr()
