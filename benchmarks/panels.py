"""How long panels take: to build, to judge, to forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from figures import Figure, WrongAnswerError, seconds, side_by_side

from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.query.panel import CostPanel
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import ibis
    from settings import Settings

    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.answers.forecasts import PanelForecast
    from finops_cost_management.engine import Engine
    from finops_cost_management.plugins.component import Forecaster

NAME = "panel"
FIRST_DAY = date(2025, 5, 1)
SPIKE_EVERY = 100
"""Each such series costs three times as much on its newest day."""
SOME = 1000
"""Series that are enough to tell a speed."""
REPLAYED_DAYS = 365
HORIZON = 30
LEVELS = (0.8, 0.95)


def measure(settings: Settings) -> Iterator[Figure]:
    """Build a panel of many series, judge its newest day and its history, and forecast it."""
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
    yield from _detector(panel, window)
    for name in ("auto", "seasonal_linear"):
        for entry in entry_points(group="finops.forecasters", name=name):
            yield _forecaster(entry.load(), name, _first(panel, SOME))


def _charges(engine: Engine, series: int, window: DateWindow) -> ibis.Table:
    """One charge a day of every series: level, growth, weekday, noise, and spikes at the end."""
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
                * if(series % {SPIKE_EVERY} = 0 AND day = {window.days - 1}, 3, 1)
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


def _detector(panel: CostPanel, window: DateWindow) -> Iterator[Figure]:
    from finops_models.seasonal import Seasonal

    newest = DateWindow(window.end - timedelta(days=1), window.end)
    found: list[Sequence[Anomaly]] = []
    detector = Seasonal()
    taken = seconds(lambda: found.append(detector.detect_anomalies(panel, newest)))
    told = {anomaly.dimensions["ResourceId"] for anomaly in found[0]}
    planted = {f"resource-{series}" for series in range(0, len(panel), SPIKE_EVERY)}
    if planted - told:
        raise WrongAnswerError(
            f"the detector misses {len(planted - told)} of {len(planted)} spikes"
        )
    yield Figure(
        benchmark=NAME,
        measure=f"seasonal: newest day of {_size(panel)}",
        ours=taken,
        unit="s",
        proof=f"all {len(planted)} planted days found, {len(told - planted)} others",
    )
    some = _first(panel, SOME)
    history = DateWindow.last(min(REPLAYED_DAYS, window.days - 1), until=window.end)
    taken = seconds(lambda: detector.detect_anomalies(some, history))
    yield Figure(
        benchmark=NAME,
        measure=f"seasonal: replay {history.days} days of {_size(some)}, series",
        ours=len(some) / taken,
        unit="/s",
    )


def _forecaster(forecaster: type[Forecaster[Any]], name: str, panel: CostPanel) -> Figure:
    import numpy as np

    forecasts: list[PanelForecast] = []
    forecast = forecaster().forecast_costs  # type: ignore[attr-defined] # hooks go by their names
    taken = seconds(lambda: forecasts.append(forecast(panel, HORIZON, LEVELS)))
    means = forecasts[0].mean
    near = means.mean(axis=1) / panel.values[:, -HORIZON:-1].mean(axis=1)
    if not np.all((near > 0.5) & (near < 2)):  # noqa: PLR2004 # a steady series stays near itself
        raise WrongAnswerError(
            f"{name} forecasts {near.min():.2f} to {near.max():.2f} times the past"
        )
    return Figure(
        benchmark=NAME,
        measure=f"{name}: {HORIZON} days with {len(LEVELS)} bands of {_size(panel)}, series",
        ours=len(panel) / taken,
        unit="/s",
        proof=f"{near.min():.2f} to {near.max():.2f} times the last days",
    )


def _first(panel: CostPanel, series: int) -> CostPanel:
    return CostPanel(
        values=panel.values[:series],
        dates=panel.dates,
        keys=panel.keys[:series],
        currencies=panel.currencies[:series],
        cost=panel.cost,
    )


def _size(panel: CostPanel) -> str:
    return f"{len(panel):,} series × {len(panel.dates)} days"
