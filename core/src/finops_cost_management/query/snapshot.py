"""What the store believed at one moment: every question of a run is asked of the same one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from finops_cost_management.query.allocations import counted, is_allocation, split_nodes
from finops_cost_management.query.dimensions import (
    CLUSTER,
    PROVIDER,
    Dimension,
    under_own_names,
)
from finops_cost_management.query.panel import FEED, LATE_DAYS, build_panel
from finops_cost_management.window import DateWindow, days_after

if TYPE_CHECKING:
    from datetime import date, datetime

    import ibis
    import ibis.expr.types as ir
    import pyarrow as pa

    from finops_cost_management.engine import Engine
    from finops_cost_management.query.cost_query import CostQuery
    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.store.cost_store import CostStore

_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class CostSnapshot:
    """One version of the store, ready to be asked.

    Attributes:
        rows: All FOCUS rows of the version that count, with ``x_Source`` and ``x_Period``, as an
            Ibis table.
        engine: The engine that answers.
        version: The version of the store's table.
        allocations: What Kubernetes clusters say of their workloads, as it was delivered, whether
            it counts or a bill has the cost; None where the store has none.
    """

    rows: ibis.Table
    engine: Engine
    version: int
    allocations: ibis.Table | None = None

    @classmethod
    def of(
        cls, store: CostStore, engine: Engine, *, as_of: int | datetime | None = None
    ) -> CostSnapshot:
        """The store now, or as of a version or an instant.

        Raises:
            AccessError: The store cannot be read, or has no such version.
        """
        rows, version = store.table(engine, as_of=as_of)
        return cls.of_rows(rows, engine, version)

    @classmethod
    def of_rows(cls, stored: ibis.Table, engine: Engine, version: int) -> CostSnapshot:
        """Everything that a version holds, so that nothing in it counts twice.

        Where a store has the bill of a provider, what a Kubernetes cluster says of its machines
        there does not count: the bill has their cost (`counted`).
        """
        if CLUSTER not in stored.columns:
            return cls(stored, engine, version)
        allocations = stored.filter(is_allocation(stored))
        return cls(engine.view_of(counted(stored)), engine, version, allocations)

    def with_rows(self, rows: ibis.Table) -> CostSnapshot:
        """The same moment, with fewer rows."""
        return replace(self, rows=rows)

    @property
    def allocated(self) -> ibis.Table:
        """`rows`, with the charges of Kubernetes nodes in parts: one for each workload.

        The parts of a charge add up to it exactly (`split_nodes`).
        """
        if self.allocations is None:
            return self.rows
        return split_nodes(self.rows, self.allocations)

    def select(self, query: CostQuery) -> ibis.Table:
        """The rows that a question is about; parts of them, where it asks for workloads."""
        if self.allocations is None or not query.part_columns:
            return query.select(self.rows)
        return query.in_parts(self.rows, self.allocations)

    def ask(self, query: CostQuery) -> pa.Table:
        """Answer a question: one row per period, group and currency (`CostQuery.expression`)."""
        if self.allocations is None or not query.part_columns:
            return query.expression(self.rows).to_pyarrow()
        return query.expression_in_parts(self.rows, self.allocations).to_pyarrow()

    def panel(self, query: CostQuery, *, history: int = 0) -> CostPanel:
        """Daily series of a question, one per group and currency.

        Args:
            query: Needs a window; its grain is ignored: panels are daily.
            history: How many days before the window the panel has as well, for models to learn
                from; fewer where the store has no data of them.

        Raises:
            ValueError: The query has no window.
        """
        if query.window is None:
            raise ValueError("a panel needs a window")
        asked = query.window
        window = DateWindow(days_after(asked.start, -history), asked.end)
        query = replace(query, window=window)
        dimensions = tuple(dimension.name for dimension in query.dimensions)
        costs = self.ask(replace(query, grain="daily"))
        chosen = self.select(query)
        rest = [name for name in ("BillingCurrency", "x_Source") if name not in dimensions]
        keys = [
            *(dimension.of(chosen) for dimension in query.dimensions),
            *(chosen[name] for name in rest),
            *_feed(chosen),
        ]
        columns, names = under_own_names(keys)
        feeds = chosen.select(*columns).distinct().rename(names)
        # Few periods for many rows: their days are worked out once for each.
        periods = self.rows.select(
            "x_Source", *_feed(self.rows), "ChargePeriodStart", "ChargePeriodEnd"
        ).distinct()
        coverage = periods.select(
            *FEED,
            FirstDay=periods.ChargePeriodStart.cast("date"),
            # An hour's charge ends on the day it began on, or at the midnight after.
            EndDay=(periods.ChargePeriodEnd - _MICROSECOND).cast("date") + _DAY,
        ).distinct()
        panel = build_panel(
            costs,
            feeds.to_pyarrow(),
            coverage.to_pyarrow(),
            dimensions=dimensions,
            window=window,
            cost=query.cost,
        )
        if self.allocations is not None and query.part_columns:
            panel = panel.knowing_only(_told_days(self.allocations))
        return panel.known_before(asked.start) if history else panel


def _feed(rows: ibis.Table) -> list[ir.Value]:
    """What tells the feeds of a source apart."""
    _, provider, account = FEED
    return [Dimension(PROVIDER).of(rows).name(provider), rows.BillingAccountId.name(account)]


def _told_days(allocations: ibis.Table) -> set[date]:
    """The days of which all clusters have told, so that what is late is not mistaken for 0.

    A cluster that is behind the newest by more than `LATE_DAYS` has ended.
    """
    days = allocations.select(allocations[CLUSTER], Day=allocations.ChargePeriodStart.date())
    held = days.distinct().to_pyarrow()
    last: dict[str, date] = {}
    for cluster, day in zip(held[CLUSTER].to_pylist(), held["Day"].to_pylist(), strict=True):
        last[cluster] = max(day, last.get(cluster, day))
    if not last:
        return set()
    newest = max(last.values())
    until = min(day for day in last.values() if (newest - day).days <= LATE_DAYS)
    return {day for day in held["Day"].to_pylist() if day <= until}
