"""How long panels take to build."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from figures import Figure, WrongAnswerError, seconds, side_by_side

from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis
    from settings import Settings

    from finops_cost_management.engine import Engine
    from finops_cost_management.query.panel import CostPanel

NAME = "panel"
FIRST_DAY = date(2025, 5, 1)


def measure(settings: Settings) -> Iterator[Figure]:
    """Build a panel of many series."""
    window = DateWindow.after(FIRST_DAY, settings.days)
    with settings.engine() as engine:
        costs = CostSnapshot(_charges(engine, settings.series, window), engine, version=0)
        question = CostQuery(window=window, group_by=("resource",))
        panel = costs.panel(question)
        sums = (
            "SELECT CAST(ChargePeriodStart AS DATE), ResourceId, BillingCurrency,"
            " sum(EffectiveCost) FROM charges GROUP BY ALL"
        )
        figure = side_by_side(
            NAME,
            f"build {_size(panel)} / SQL sums to Arrow",
            ours=lambda: seconds(lambda: costs.panel(question)),
            baseline=lambda: seconds(lambda: engine.ibis.con.sql(sums).to_arrow_table()),
            repeats=1,
        )
        yield replace(figure, proof=_reconciled(panel, engine))


def _charges(engine: Engine, series: int, window: DateWindow) -> ibis.Table:
    """One charge a day of every series: level, growth, weekday and noise."""
    engine.sql(
        f"""CREATE TEMP TABLE charges AS
        SELECT
            TIMESTAMPTZ '{window.start}T00:00:00Z' + to_days(CAST(day AS INTEGER))
                AS ChargePeriodStart,
            ChargePeriodStart + INTERVAL 1 DAY AS ChargePeriodEnd,
            'resource-' || series AS ResourceId, 'USD' AS BillingCurrency, 'bench' AS x_Source,
            'account' AS BillingAccountId, 'AWS' AS HostProviderName, 'AWS' AS ServiceProviderName,
            CAST(
                (50 + hash(series) % 5000) * (1 + 0.001 * day) * (1 + 0.2 * sin(2 * pi() * day / 7))
                * (0.97 + 0.06 * (hash(series, day) % 1000) / 1000)
            AS DECIMAL(38, 12)) AS EffectiveCost
        FROM range({series}) AS all_series(series), range({window.days}) AS all_days(day)"""
    )
    return engine.ibis.table("charges")


def _reconciled(panel: CostPanel, engine: Engine) -> str:
    import math

    ((billed,),) = engine.sql("SELECT sum(EffectiveCost) FROM charges")
    found = math.fsum(panel.values.ravel())
    if not math.isclose(found, billed, rel_tol=1e-12):
        raise WrongAnswerError(f"the panel sums to {found}, its charges to {billed}")
    return f"{billed:,.2f} USD"


def _size(panel: CostPanel) -> str:
    return f"{len(panel):,} series × {len(panel.dates)} days"
