"""How many series a second models answer, next to one model fit for each series."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from accuracy.cost_series import generate
from accuracy.known_forecasters import KNOWN_FORECASTERS
from accuracy.online_rules import ONLINE_RULES
from accuracy.plugins import installed, usable
from figures import WrongAnswerError, seconds
from machine import peak_memory
from standings import Bound, Standing

from finops_cost_management.query.panel import CostPanel
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from settings import Settings

NAME = "models"
DETECTOR, FORECASTER = "seasonal", "auto"
"""The defaults: what is promised is promised of them."""

HORIZON = 30
LEVELS = (0.8, 0.95)
SEED = 42
REPLAYED = 1000
"""Series whose whole history is replayed: enough to tell a speed."""

FEW = 20
"""Series that models get which are fit for each series on its own."""

SLOW = 100
"""Series that our other models get: some of them are fit for each series, too."""

HISTORY = 35
"""Days that detectors have seen before the first day that they judge."""

NEWEST, REPLAY, ANSWERED, MEMORY = (
    "newest day, s",
    "replay, series/s",
    "series/s",
    "peak memory, MiB",
)
DETECTOR_PROMISES = {
    NEWEST: Bound(at_most=10),
    REPLAY: Bound(at_least=200),
    MEMORY: Bound(at_most=2048),
}
FORECASTER_PROMISES = {ANSWERED: Bound(at_least=100), MEMORY: Bound(at_most=2048)}


def measure(settings: Settings) -> Iterator[Standing]:
    """Time every model on one panel; what is fit for each series gets a few of them."""
    panel = generate(settings.series, settings.days, seed=SEED).panel
    yield _detectors(panel)
    yield _forecasters(panel)


def _detectors(panel: CostPanel) -> Standing:
    end = panel.dates[-1].item() + timedelta(days=1)
    newest = DateWindow(end - timedelta(days=1), end)
    history = DateWindow.last(max(len(panel.dates) - HISTORY, 1), until=end)
    rows: dict[str, Mapping[str, float]] = {}
    absent: dict[str, str] = {}
    for name, plugin in usable(installed("detectors"), absent):
        whole = panel if name == DETECTOR else first(panel, SLOW)
        some = first(whole, REPLAYED)
        detect = plugin().detect_anomalies
        replay = len(some) / seconds(partial(detect, some, history))
        alone = seconds(partial(detect, whole, newest))
        rows[name] = {"series": len(whole), NEWEST: alone, REPLAY: replay}
    rows[DETECTOR] = {**rows[DETECTOR], MEMORY: _peak("detectors", DETECTOR, panel)}
    for name, rule in usable(ONLINE_RULES, absent):
        few = first(panel, FEW)
        alone = seconds(partial(rule.scores, few.values, len(panel.dates) - 1))
        replay = len(few) / seconds(partial(rule.scores, few.values, HISTORY))
        rows[name] = {"series": len(few), NEWEST: alone, REPLAY: replay}
    return Standing(
        benchmark=NAME,
        title=f"speed of detectors, {len(panel.dates)} days",
        ours=DETECTOR,
        rows=rows,
        promises=DETECTOR_PROMISES,
        absent=absent,
    )


def _forecasters(panel: CostPanel) -> Standing:
    rows: dict[str, Mapping[str, float]] = {}
    absent: dict[str, str] = {}
    for name, plugin in usable(installed("forecasters"), absent):
        some = panel if name == FORECASTER else first(panel, SLOW)
        rows[name] = _answered(plugin().forecast_costs, some)
    rows[FORECASTER] = {**rows[FORECASTER], MEMORY: _peak("forecasters", FORECASTER, panel)}
    for name, known in usable(KNOWN_FORECASTERS, absent):
        rows[name] = _answered(known.forecast, first(panel, FEW))
    return Standing(
        benchmark=NAME,
        title=f"speed of forecasters: {HORIZON} days with {len(LEVELS)} bands "
        f"after {len(panel.dates)} days, back-tests included in ours",
        ours=FORECASTER,
        rows=rows,
        promises=FORECASTER_PROMISES,
        absent=absent,
    )


def _answered(forecast: Any, panel: CostPanel) -> dict[str, float]:
    import numpy as np

    answers: list[Any] = []
    taken = seconds(lambda: answers.append(forecast(panel, HORIZON, LEVELS)))
    if not np.isfinite(answers[0].mean).any():
        raise WrongAnswerError("no series was forecast")
    return {"series": len(panel), ANSWERED: len(panel) / taken}


def first(panel: CostPanel, series: int) -> CostPanel:
    """The first series of a panel."""
    return CostPanel(
        values=panel.values[:series],
        dates=panel.dates,
        keys=panel.keys[:series],
        currencies=panel.currencies[:series],
        cost=panel.cost,
    )


def _peak(kind: str, name: str, panel: CostPanel) -> float:
    """Peak memory of a process that does nothing else, in MiB."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        return process.submit(_peak_here, sys.path, kind, name, panel).result()


def _peak_here(path: list[str], kind: str, name: str, panel: CostPanel) -> float:
    sys.path[:] = path
    component = installed(kind)[name]()
    if kind == "detectors":
        end = panel.dates[-1].item() + timedelta(days=1)
        component.detect_anomalies(panel, DateWindow.last(len(panel.dates), until=end))
    else:
        component.forecast_costs(panel, HORIZON, LEVELS)
    return peak_memory()
