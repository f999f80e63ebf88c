"""Forecasters side by side: 30 days ahead, on made-up costs and on imitated business series."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from accuracy.business_series import business_series
from accuracy.cost_series import generate
from accuracy.judge_forecasts import Bands, ForecastScore, judge_forecasts
from accuracy.known_forecasters import KNOWN_FORECASTERS
from accuracy.plugins import installed, usable
from standings import Bound, Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from finops_cost_management.answers.forecasts import PanelForecast
    from finops_cost_management.query.panel import CostPanel

    Forecast = Callable[[CostPanel, int, Sequence[float]], Bands | PanelForecast]

OURS = "auto"
DAYS, HORIZON = 400, 30
LEVELS = (0.8, 0.95)
_ANYWHERE = {
    "in 80 %": Bound(at_least=0.78, at_most=0.82),
    "in 95 %": Bound(at_least=0.93, at_most=0.97),
    "relMSIS": Bound(at_most=0.45),
}
COST_PROMISES = {"relMASE": Bound(at_most=0.52), "total off": Bound(at_most=0.07), **_ANYWHERE}
BUSINESS_PROMISES = {"relMASE": Bound(at_most=0.78), "total off": Bound(at_most=0.1), **_ANYWHERE}


def measure_forecasts(benchmark: str, series: int, seeds: Sequence[int]) -> Iterator[Standing]:
    """Judge all installed forecasters and those that everybody has.

    Args:
        benchmark: Name for the tables.
        series: How many of each sort, of all seeds together.
        seeds: One panel for each: each ends on another day of the year.
    """
    each = -(-series // len(seeds))
    costs = [generate(each, DAYS + HORIZON, seed=seed).panel for seed in seeds]
    yield _standing(benchmark, "made-up costs", costs, COST_PROMISES)
    businesses = [business_series(each, DAYS + HORIZON, seed=seed) for seed in seeds]
    yield _standing(benchmark, "imitated business series", businesses, BUSINESS_PROMISES)


def _standing(
    benchmark: str, what: str, panels: Sequence[CostPanel], promises: Mapping[str, Bound]
) -> Standing:
    rows: dict[str, Mapping[str, float]] = {}
    absent: dict[str, str] = {}
    for name, forecaster in usable(installed("forecasters"), absent):
        rows[name] = _row(forecaster().forecast_costs, panels)
    for name, known in usable(KNOWN_FORECASTERS, absent):
        rows[name] = _row(known.forecast, panels)
    return Standing(
        benchmark=benchmark,
        title=f"forecasts of {HORIZON} days after {DAYS}: {what}",
        ours=OURS,
        rows=rows,
        promises=promises,
        absent=absent,
    )


def _row(forecast: Forecast, panels: Sequence[CostPanel]) -> Mapping[str, float]:
    start = time.perf_counter()
    answers = [forecast(panel.until(panel.dates[DAYS].item()), HORIZON, LEVELS) for panel in panels]
    taken = time.perf_counter() - start
    values = np.concatenate([panel.values for panel in panels])
    score = judge_forecasts(values[:, :DAYS], values[:, DAYS:], _together(answers))
    return {**_scores(score), "series/s": len(values) / taken}


def _together(answers: Sequence[Bands | PanelForecast]) -> Bands:
    return Bands(
        mean=np.concatenate([answer.mean for answer in answers]),
        lower={level: np.concatenate([each.lower[level] for each in answers]) for level in LEVELS},
        upper={level: np.concatenate([each.upper[level] for each in answers]) for level in LEVELS},
    )


def _scores(score: ForecastScore) -> dict[str, float]:
    return {
        "series": score.tasks,
        "MASE": score.mase,
        "relMASE": score.relative_mase,
        "total off": score.total_error,
        **{f"in {level * 100:.0f} %": share for level, share in score.coverage.items()},
        "relMSIS": score.relative_msis,
    }
