"""What the store knew at the end of each day of the past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from finops_cost_management.errors import AccessError
from finops_cost_management.query.panel import CostPanel
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.window import DateWindow, days_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from finops_cost_management.engine import Engine
    from finops_cost_management.store.cost_store import CostStore
    from finops_cost_management.store.ingest import StoreVersion


SeriesOf = Callable[[CostSnapshot, DateWindow], CostPanel]
"""Asks a snapshot for the series of a step, on the days of a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Runs in a row that saw the same version of the store.

    Attributes:
        ends: The ends of their windows: each run knows the days before its own. One for each
            run, in steps of a day.
        version: The version that they saw; None for runs of a time that the store does not
            remember, which are replayed on today's figures.
    """

    ends: DateWindow
    version: int | None


def stretches(
    history: Iterable[StoreVersion], ends: DateWindow, *, lag: int = 0, step: int = 1
) -> list[Stretch]:
    """Which version each run saw: the newest that was committed before the end of its day.

    Args:
        history: What was committed, in any order.
        ends: The ends of the windows of the first and of all further runs.
        lag: How many days a window ends before the day of its run.
        step: How many days lie between two runs.

    Returns:
        In order of time. ``ends`` of each covers its runs, which lie ``step`` days apart.
    """
    commits = sorted(history, key=lambda one: one.version)
    # What was committed before the first ingest is an empty table: nothing to remember.
    first = next((place for place, one in enumerate(commits) if one.ingest), len(commits))

    def version_at(end: date) -> int | None:
        day = days_after(end, lag)
        seen = [one.version for one in commits[first:] if one.committed.date() <= day]
        return seen[-1] if seen else None

    runs = list(ends.dates())[::step]
    return [
        Stretch(ends=DateWindow(same[0], days_after(same[-1], 1)), version=version)
        for version, group in groupby(runs, key=version_at)
        for same in [list(group)]
    ]


class StoreMemory:
    """The store, as it was and as it is.

    Attributes:
        today: What the store says now.
        runs: How many runs were replayed.
        forgotten: How many of them on today's figures, because the store does not remember what
            it held then.

    Raises:
        AccessError: The store cannot be read.
    """

    def __init__(self, store: CostStore, engine: Engine) -> None:
        self._store = store
        self._engine = engine
        self.today = CostSnapshot.of(store, engine)
        self.runs = 0
        self.forgotten = 0

    def recall(
        self, ends: DateWindow, *, lag: int, step: int = 1
    ) -> Iterator[tuple[Stretch, CostSnapshot]]:
        """Each stretch of runs, and what its runs saw of the store.

        Days that a run of the stretch could not know yet are in the snapshot where it is today's:
        ask for days before the end of the run only.

        Args:
            ends: The ends of the windows of the first and of all further runs.
            lag: How many days a window ends before the day of its run.
            step: How many days lie between two runs.
        """
        for stretch in stretches(self._store.history(), ends, lag=lag, step=step):
            costs, known = self.today, stretch
            if stretch.version is not None:
                try:
                    costs = CostSnapshot.of(self._store, self._engine, as_of=stretch.version)
                except AccessError:
                    # The version was vacuumed; that the store can be read at all is known.
                    known = replace(stretch, version=None)
            runs = len(range(0, stretch.ends.days, step))
            self.runs += runs
            self.forgotten += runs if known.version is None else 0
            yield known, costs


def panel_before(costs: CostSnapshot, series: SeriesOf, end: date, *, days: int) -> CostPanel:
    """Series on the days before ``end``.

    Args:
        costs: Whom to ask.
        series: What to ask.
        end: The first day outside.
        days: How many days.
    """
    return series(costs, DateWindow.last(days, until=end))
