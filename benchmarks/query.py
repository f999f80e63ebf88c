"""How much longer a cost question takes than the SQL that one would have written for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from figures import Figure, WrongAnswerError, seconds, side_by_side
from focus_files import FIRST_DAY, totals
from ingest import reconcile, store_of

from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import pyarrow as pa
    from settings import Settings

NAME = "query"
AT_MOST = 1.5

_SUMS = """sum(EffectiveCost) AS EffectiveCost, count(*) AS "Rows",
    count(*) FILTER (EffectiveCost IS NULL) AS UnknownRows"""


def measure(settings: Settings) -> Iterator[Figure]:
    """Whole answers as Arrow: ours compiles its expression anew each time, and that counts."""
    file = settings.files.parquet(settings.rows)
    with (
        TemporaryDirectory(dir=settings.scratch) as folder,
        settings.engine() as engine,
        settings.duckdb() as connection,
    ):
        costs_folder = Path(folder) / "costs"
        store = store_of(file, costs_folder, engine)
        proof = reconcile(store, engine, totals(file))
        costs = CostSnapshot.of(store, engine)
        files = sorted(str(path) for path in costs_folder.glob("charges/x_Source=*/**/*.parquet"))
        for name, (question, sql) in _questions(connection, files).items():
            yield replace(_asked(settings, name, costs, question, connection, sql), proof=proof)
        question, _ = _questions(connection, files)["by service"]
        compiling = seconds(lambda: engine.ibis.compile(question.expression(costs.rows)))
        yield Figure(
            benchmark=NAME,
            measure="by service: building and compiling the expression alone",
            ours=compiling,
            unit="s",
        )


def _questions(
    connection: duckdb.DuckDBPyConnection, files: list[str]
) -> dict[str, tuple[CostQuery, str]]:
    """Name → the question, and the SQL of somebody who knows DuckDB."""
    rows = f"read_parquet({files})"
    tag = _commonest_tag(connection, rows)
    window = DateWindow(FIRST_DAY, FIRST_DAY + timedelta(days=14))
    return {
        "by service": (
            CostQuery(group_by=("service",)),
            f"SELECT ServiceName, BillingCurrency, {_SUMS} FROM {rows} GROUP BY ALL ORDER BY 1, 2",
        ),
        f"by tag {tag}": (
            CostQuery(group_by=(f"tags.{tag}",)),
            f"""SELECT Tags ->> '$."{tag}"' AS "tags.{tag}", BillingCurrency, {_SUMS}
            FROM {rows} GROUP BY ALL ORDER BY 1, 2""",
        ),
        "by day and provider, two weeks of compute": (
            CostQuery(
                window=window,
                group_by=("provider",),
                grain="daily",
                where={"category": "Compute"},
            ),
            f"""SELECT CAST(ChargePeriodStart AS DATE) AS Period,
                coalesce(HostProviderName, ServiceProviderName) AS Provider,
                BillingCurrency, {_SUMS}
            FROM {rows}
            WHERE ChargePeriodStart >= TIMESTAMPTZ '{window.start}T00:00:00Z'
                AND ChargePeriodStart < TIMESTAMPTZ '{window.end}T00:00:00Z'
                AND ServiceCategory = 'Compute'
            GROUP BY ALL ORDER BY 1, 2, 3""",
        ),
    }


def _commonest_tag(connection: duckdb.DuckDBPyConnection, rows: str) -> str:
    found = connection.execute(
        f"""SELECT unnest(json_keys(Tags)) AS key FROM (SELECT Tags FROM {rows} LIMIT 100000)
        GROUP BY key ORDER BY count(*) DESC, key LIMIT 1"""
    ).fetchall()
    if not found:
        raise WrongAnswerError("the file has no tags to group by")
    return str(found[0][0])


def _asked(
    settings: Settings,
    measure: str,
    costs: CostSnapshot,
    question: CostQuery,
    connection: duckdb.DuckDBPyConnection,
    sql: str,
) -> Figure:
    found, expected = costs.ask(question).to_pylist(), _rows(connection, sql).to_pylist()
    if found != expected or not found:
        raise WrongAnswerError(f"{measure}: {found[:3]} … is not {expected[:3]} …")
    return side_by_side(
        NAME,
        f"{measure} / SQL",
        ours=lambda: seconds(lambda: costs.ask(question)),
        baseline=lambda: seconds(lambda: _rows(connection, sql)),
        repeats=3 * settings.repeats,
        at_most=AT_MOST,
    )


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    return connection.sql(sql).to_arrow_table()
