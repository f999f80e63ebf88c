from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finops_cost_management.backtest.memory import StoreMemory, Stretch, panel_before, stretches
from finops_cost_management.engine import Engine
from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.query.panel import CostPanel
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.store.cost_store import CostStore
from finops_cost_management.store.ingest import IngestResult, StoreVersion
from finops_cost_management.window import DateWindow

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

INGEST = IngestResult(source="bill", delivery="bill", digest="1")


def commit(version: int, day: int, hour: int = 6, ingest: IngestResult | None = INGEST) -> Any:
    committed = datetime(2026, 11, day, hour, tzinfo=UTC)
    return StoreVersion(version=version, committed=committed, ingest=ingest)


def days(first: int, last: int) -> DateWindow:
    return DateWindow(date(2026, 11, first), date(2026, 11, last) + timedelta(days=1))


def test_runs_that_saw_the_same_version_are_one_stretch() -> None:
    history = [commit(2, 12), commit(0, 10, ingest=None), commit(1, 10), commit(3, 12, 23)]

    assert stretches(history, days(8, 14)) == [
        Stretch(ends=days(8, 9), version=None),
        Stretch(ends=days(10, 11), version=1),
        Stretch(ends=days(12, 14), version=3),
    ]


def test_a_run_with_a_lag_happens_later() -> None:
    assert stretches([commit(1, 10)], days(7, 9), lag=2) == [
        Stretch(ends=days(7, 7), version=None),
        Stretch(ends=days(8, 9), version=1),
    ]


def test_runs_may_lie_some_days_apart() -> None:
    history = [commit(1, 10), commit(2, 16)]
    found = stretches(history, days(1, 20), step=7)

    assert found == [
        Stretch(ends=days(1, 8), version=None),
        Stretch(ends=days(15, 15), version=1),
    ]


def test_a_store_that_was_only_created_remembers_nothing() -> None:
    assert stretches([commit(0, 1, ingest=None)], days(2, 3)) == [
        Stretch(ends=days(2, 3), version=None)
    ]


@pytest.fixture
def corrected(past_store: Callable[..., CostStore], tmp_path: Path) -> CostStore:
    """On 5 November the cost of the 3rd is 10; on the 8th it is said to have been 99."""
    first = {date(2026, 11, day): 10.0 for day in (1, 2, 3, 4)}
    then = {**first, date(2026, 11, 3): 99.0, date(2026, 11, 7): 10.0}
    return past_store(
        tmp_path / "costs",
        {
            date(2026, 11, 5): {"Compute": first},
            date(2026, 11, 8): {"Compute": then},
        },
    )


def series(costs: CostSnapshot, window: DateWindow) -> CostPanel:
    return costs.panel(CostQuery(window=window, group_by=("service",)))


def believed(memory: StoreMemory, ends: DateWindow) -> list[tuple[int | None, float]]:
    third = np.datetime64("2026-11-03")
    seen = []
    for stretch, costs in memory.recall(ends, lag=0):
        panel = panel_before(costs, series, ends.end, days=20)
        seen.append((stretch.version, float(panel.values[0, panel.dates == third][0])))
    return seen


def test_each_run_sees_what_was_believed_then(corrected: CostStore) -> None:
    with Engine(threads=1) as engine:
        memory = StoreMemory(corrected, engine)
        seen = believed(memory, days(4, 9))

    assert [cost for _, cost in seen] == [99.0, 10.0, 99.0]
    assert seen[0][0] is None
    assert (memory.runs, memory.forgotten) == (6, 1)


def test_a_version_whose_files_are_gone_is_replayed_on_todays_figures(
    corrected: CostStore, tmp_path: Path
) -> None:
    (old,) = (
        path
        for path in (tmp_path / "costs" / "charges").rglob("*.parquet")
        if path.name.startswith(corrected_digest(corrected))
    )
    shutil.move(old, tmp_path / "gone")
    with Engine(threads=1) as engine:
        memory = StoreMemory(corrected, engine)
        assert believed(memory, days(4, 9)) == [
            (None, 99.0),
            (None, 99.0),
            (memory.today.version, 99.0),
        ]
        assert (memory.runs, memory.forgotten) == (6, 4)


def corrected_digest(store: CostStore) -> str:
    """The digest of the delivery that was replaced: the oldest ingest's."""
    oldest = [one.ingest for one in store.history() if one.ingest][-1]
    return oldest.digest
