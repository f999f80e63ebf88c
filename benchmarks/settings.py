"""What all benchmarks are told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from finops_cost_management.engine import Engine

if TYPE_CHECKING:
    import duckdb
    from focus_files import FileMaker

SEEDS = {"tuning": tuple(range(10)), "reporting": tuple(range(100, 110))}
"""Whoever chooses a model's constants looks at the first; what is told comes from the second."""
ROOT = Path(__file__).resolve().parent.parent
_QUIET = "SET enable_progress_bar = false"  # it would be drawn into the report


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Sizes and limits of one run.

    Attributes:
        files: Makes the FOCUS files.
        scratch: A folder on the disk that is measured.
        rows: Rows of the file that is timed.
        many_rows: Rows of the file that shows how memory grows.
        series: Series of the panel.
        days: Days of the panel.
        judged_series: Made-up series on which detectors and forecasters are judged, of all seeds.
        seeds: What the made-up series start from.
        repeats: How many pairs are timed.
        threads: Threads of the engine, and of DuckDB alone.
        memory_limit: What the engine, and DuckDB alone, may use.
    """

    files: FileMaker
    scratch: Path
    rows: int
    many_rows: int
    series: int
    days: int
    judged_series: int
    seeds: tuple[int, ...]
    repeats: int
    threads: int
    memory_limit: str

    def engine(self) -> Engine:
        """Our engine."""
        engine = Engine(memory_limit=self.memory_limit, threads=self.threads, scratch=self.scratch)
        engine.sql(_QUIET)
        return engine

    def duckdb(self) -> duckdb.DuckDBPyConnection:
        """DuckDB alone, with the settings of our engine."""
        import duckdb

        connection = duckdb.connect(
            config={
                "threads": self.threads,
                "memory_limit": self.memory_limit,
                "preserve_insertion_order": False,
            }
        )
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_QUIET)
        return connection
