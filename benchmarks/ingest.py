"""How fast a FOCUS file gets into the store, and in how much memory."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from figures import Figure, Ratio, WrongAnswerError, seconds, side_by_side
from focus_files import totals
from machine import peak_memory

from finops_cost_management.builtin.focus_files import FocusFiles, FocusFilesOptions
from finops_cost_management.query.cost_query import CostMetric, CostQuery
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.store.cost_store import CostStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from focus_files import Totals
    from settings import Settings

    from finops_cost_management.engine import Engine

NAME = "ingest"
HALF_THE_SPEED = 2.0
SAME_MEMORY = 1.25
"""Peak memory for four times the rows, over that for the rows: bounded means no growth."""


def measure(settings: Settings) -> Iterator[Figure]:
    """Time and memory of `CostStore.ingest` against DuckDB copying the same file."""
    one_month = settings.files.parquet(settings.rows)
    promised: dict[str, tuple[Path, float | None]] = {"one month": (one_month, HALF_THE_SPEED)}
    if settings.files.toolkit is None:
        six_months = partial(settings.files.parquet, settings.rows, months=6)
        promised["six months"] = (six_months(), HALF_THE_SPEED)
        # Nobody delivers this; it shows that every month costs one pass over its row groups.
        promised["six months, their rows mixed"] = (six_months(mixed=True), None)
    for name, (file, at_most) in promised.items():
        yield _timed(settings, f"Parquet, {name} / COPY to Parquet", file, at_most=at_most)
    # It is slow on both sides, and nothing is promised of it: once will do.
    text = settings.files.csv(one_month)
    yield _timed(replace(settings, repeats=1), "CSV / COPY to Parquet", text, at_most=None)
    yield from _memory(settings, one_month, settings.files.parquet(settings.many_rows))


def store_of(file: Path, folder: Path, engine: Engine) -> CostStore:
    """Take a file in, the way `use: focus.files` does."""
    store = CostStore(folder)
    for delivery in FocusFiles(FocusFilesOptions(path=str(file))).collect_costs(engine):
        store.ingest("bench", delivery, engine)
    return store


def reconcile(store: CostStore, engine: Engine, expected: Totals) -> str:
    """Compare the store's sums with those that DuckDB alone finds in the file.

    Raises:
        WrongAnswerError: They differ, be it by a cent.
    """
    answer = CostSnapshot.of(store, engine).ask(CostQuery(cost=CostMetric.BILLED)).to_pylist()
    stored = {row["BillingCurrency"]: (row["BilledCost"], row["Rows"]) for row in answer}
    if stored != expected:
        raise WrongAnswerError(f"the store holds {stored}, the file {expected}")
    return ", ".join(
        f"{billed:,.2f} {currency} in {rows:,} rows" for currency, (billed, rows) in stored.items()
    )


def _timed(settings: Settings, measure: str, file: Path, *, at_most: float | None) -> Figure:
    expected = totals(file)
    proofs = set()

    def ours() -> float:
        with settings.engine() as engine, _folder(settings) as folder:
            taken = seconds(lambda: store_of(file, folder / "costs", engine))
            proofs.add(reconcile(CostStore(folder / "costs"), engine, expected))
        return taken

    def baseline() -> float:
        with settings.duckdb() as connection, _folder(settings) as folder:
            return seconds(
                lambda: connection.execute(
                    f"COPY (SELECT * FROM '{file}') TO '{folder}/copy.parquet' (FORMAT parquet)"
                )
            )

    figure = side_by_side(
        NAME, measure, ours=ours, baseline=baseline, repeats=settings.repeats, at_most=at_most
    )
    return replace(figure, proof=proofs.pop())


def _memory(settings: Settings, few: Path, many: Path) -> Iterator[Figure]:
    """Peak memory of processes that do nothing but one ingest, or one copy."""
    ours = [peak_of(_ingest_once, settings, file) for file in (few, many)]
    alone = [peak_of(_copy_once, settings, file) for file in (few, many)]
    for rows, peak, baseline in zip((settings.rows, settings.many_rows), ours, alone, strict=True):
        yield Figure(
            benchmark=NAME,
            measure=f"peak memory, {rows:,} rows / COPY",
            ours=peak,
            baseline=baseline,
            unit="MB",
            ratio=_single(peak / baseline),
            proof=f"limit of the engine {settings.memory_limit}",
        )
    yield Figure(
        benchmark=NAME,
        measure=f"peak memory, {settings.many_rows:,} / {settings.rows:,} rows",
        ours=ours[1],
        baseline=ours[0],
        unit="MB",
        ratio=_single(ours[1] / ours[0]),
        at_most=SAME_MEMORY,
        proof="sums equal",
    )


@contextmanager
def _folder(settings: Settings) -> Iterator[Path]:
    with TemporaryDirectory(dir=settings.scratch) as folder:
        yield Path(folder)


def _single(ratio: float) -> Ratio:
    return Ratio(median=ratio, least=ratio, most=ratio)


def peak_of(action: Callable[[Settings, Path], None], settings: Settings, file: Path) -> float:
    """Peak memory of a process that does nothing else, in MB."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        return process.submit(_peak_here, action, settings, file).result()


def _peak_here(action: Callable[[Settings, Path], None], settings: Settings, file: Path) -> float:
    action(settings, file)
    return peak_memory()


def _ingest_once(settings: Settings, file: Path) -> None:
    with settings.engine() as engine, _folder(settings) as folder:
        reconcile(store_of(file, folder / "costs", engine), engine, totals(file))


def _copy_once(settings: Settings, file: Path) -> None:
    with settings.duckdb() as connection, _folder(settings) as folder:
        connection.execute(
            f"COPY (SELECT * FROM '{file}') TO '{folder}/copy.parquet' (FORMAT parquet)"
        )
