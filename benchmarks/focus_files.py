"""FOCUS 1.2 files of any size, made once into the scratch folder."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import duckdb

from finops_cost_management.builtin.demo import Demo, DemoOptions
from finops_cost_management.engine import Engine
from finops_cost_management.focus.columns import COST_AND_USAGE
from finops_cost_management.focus.writing import write_focus
from finops_cost_management.store.cost_store import CostStore
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

FIRST_DAY = date(2026, 5, 1)
_DEMO_ROWS_PER_UNIT = 4000
_DEMO_ROWS = 100_000
_TOOLKIT_PROVIDERS = ("aws", "azure", "gcp")

Totals = dict[str, tuple["Decimal", int]]
"""Currency → billed cost and rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMaker:
    """Makes files whose rows all differ, from the demo or from a generator of FOCUS data.

    Attributes:
        scratch: Where the files lie; one that is there already is taken as it is.
        toolkit: The ``focus-toolkit`` program of ``focus-data-toolkit``; None for the demo.
        toolkit_rows: How many rows it is asked for, of each provider.
    """

    scratch: Path
    toolkit: Path | None = None
    toolkit_rows: int = 400_000

    def parquet(self, rows: int, *, months: int = 1, mixed: bool = False) -> Path:
        """A typed Parquet file (amounts as DECIMAL(38, 12)).

        Args:
            rows: How many rows it has.
            months: How many billing months they spread over, evenly; only the first with a toolkit.
            mixed: Whether rows of all months lie mixed, and not month by month as bills do.
        """
        origin = "demo" if self.toolkit is None else "toolkit"
        order = "-mixed" if mixed else ""
        target = self.scratch / f"{origin}-{rows}-rows-{months}-months{order}.parquet"
        if not target.exists():
            base = self._demo_base(months, rows) if self.toolkit is None else self._toolkit_base()
            _multiply(base, rows, target, mixed=mixed)
        return target

    def csv(self, parquet: Path) -> Path:
        """The same rows as CSV."""
        target = parquet.with_suffix(".csv")
        if not target.exists():
            partial = target.with_suffix(".partial")
            with duckdb.connect() as connection:
                connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
                connection.execute(
                    f"COPY (SELECT * REPLACE ({_instants_as_text()}) FROM '{parquet}')"
                    f" TO '{partial}' (FORMAT csv, HEADER)"
                )
            partial.rename(target)
        return target

    def _demo_base(self, months: int, rows: int) -> Path:
        wanted = min(rows, _DEMO_ROWS)
        target = self.scratch / f"base-demo-{wanted}-rows-{months}-months.parquet"
        if target.exists():
            return target
        # One day past the start of the last month is enough to be asked for all of it.
        end = FIRST_DAY
        for _ in range(months):
            end = (end + timedelta(days=32)).replace(day=1)
        scale = max(1, -(-wanted // (_DEMO_ROWS_PER_UNIT * months)))
        demo = Demo(DemoOptions(scale=scale))
        with Engine(scratch=self.scratch) as engine:
            store = CostStore(engine.scratch / "costs")
            for delivery in demo.collect_costs(DateWindow(FIRST_DAY, end)):
                store.ingest("demo", delivery, engine)
            costs, _ = store.table(engine)
            write_focus(costs, "1.2", target, engine)
        return target

    def _toolkit_base(self) -> Path:
        each = self.toolkit_rows
        target = self.scratch / f"base-toolkit-{each}-rows-each.parquet"
        if target.exists():
            return target
        folder = self.scratch / f"toolkit-{each}-rows"
        for provider in _TOOLKIT_PROVIDERS:
            if list((folder / provider).glob("*.csv")):
                continue
            options = {
                "--provider": provider,
                "--focus-version": "1.2",
                "--rows": str(each),
                "--out": str(folder / provider),
            }
            subprocess.run(
                [
                    str(self.toolkit),
                    "generate",
                    *(word for pair in options.items() for word in pair),
                ],
                check=True,
            )
        partial = target.with_suffix(".partial")
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            text = f"read_csv('{folder}/*/*.csv', all_varchar = true, union_by_name = true)"
            names = [name for name, *_ in connection.execute(f"DESCRIBE FROM {text}").fetchall()]
            columns = ", ".join(f'CAST("{name}" AS {_type_of(name)}) AS "{name}"' for name in names)
            connection.execute(
                f"COPY (SELECT {columns} FROM {text}) TO '{partial}' (FORMAT parquet)"
            )
        partial.rename(target)
        return target


def totals(file: Path) -> Totals:
    """Billed cost and rows per currency, summed by DuckDB alone."""
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT BillingCurrency, sum(CAST(BilledCost AS DECIMAL(38, 12))), count(*)"
            f" FROM '{file}' GROUP BY BillingCurrency"
        ).fetchall()
    return {currency: (billed, rows) for currency, billed, rows in found}


def _multiply(base: Path, rows: int, target: Path, *, mixed: bool) -> None:
    """Repeat rows until there are enough, with ids and amounts of their own."""
    partial = target.with_suffix(".partial")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        (count,) = connection.execute(f"SELECT count(*) FROM '{base}'").fetchone() or (0,)
        copies = -(-rows // count)
        connection.execute(
            f"""COPY (
                FROM (SELECT base.* REPLACE (
                    ResourceId || mark AS ResourceId,
                    ResourceName || mark AS ResourceName,
                    CAST(BilledCost + copy * 0.000001 AS DECIMAL(38, 12)) AS BilledCost,
                    CAST(EffectiveCost + copy * 0.000001 AS DECIMAL(38, 12)) AS EffectiveCost
                )
                FROM (FROM '{base}' USING SAMPLE reservoir({rows} ROWS) REPEATABLE (1)) AS base,
                    (SELECT range AS copy, if(copy = 0, '', '-' || copy) AS mark
                     FROM range({copies}))
                LIMIT {rows}) {"" if mixed else "ORDER BY BillingPeriodStart"}
            ) TO '{partial}' (FORMAT parquet)"""
        )
    partial.rename(target)


def _type_of(name: str) -> str:
    column = COST_AND_USAGE.get(name)
    types = {"Decimal": "DECIMAL(38, 12)", "Date/Time": "TIMESTAMPTZ"}
    return types.get(column.type, "VARCHAR") if column is not None else "VARCHAR"


def _instants_as_text() -> str:
    instants = [name for name, column in COST_AND_USAGE.items() if column.type == "Date/Time"]
    return ", ".join(
        f"""strftime("{name}", '%Y-%m-%dT%H:%M:%SZ') AS "{name}\"""" for name in instants
    )
