"""Forecasters that everybody has: what ours are compared with, at their defaults."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from accuracy.judge_forecasts import SEASON, Bands, seasonal_naive

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from finops_cost_management.query.panel import CostPanel

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KnownForecaster:
    """A way to forecast.

    Attributes:
        forecast: Panel, horizon in days, levels → bands.
        needs: The packages that it is from; none for plain arithmetic.
    """

    forecast: Callable[[CostPanel, int, Sequence[float]], Bands]
    needs: tuple[str, ...] = ()


def _seasonal_naive(panel: CostPanel, horizon: int, levels: Sequence[float]) -> Bands:
    return seasonal_naive(panel.values, horizon, levels)


def _auto_ets(panel: CostPanel, horizon: int, levels: Sequence[float]) -> Bands:
    from statsforecast.models import AutoETS

    return _statsforecast(AutoETS(season_length=SEASON), panel, horizon, levels)


def _theta(panel: CostPanel, horizon: int, levels: Sequence[float]) -> Bands:
    from statsforecast.models import DynamicOptimizedTheta

    return _statsforecast(DynamicOptimizedTheta(season_length=SEASON), panel, horizon, levels)


def _statsforecast(model: Any, panel: CostPanel, horizon: int, levels: Sequence[float]) -> Bands:
    percents = {level: round(level * 100) for level in levels}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant series make it divide by 0; the answer is right
        answers = [
            model.forecast(y=series, h=horizon, level=list(percents.values()))
            for series in panel.values
        ]
    return Bands(
        mean=np.array([answer["mean"] for answer in answers]),
        lower={
            of: np.array([each[f"lo-{name}"] for each in answers]) for of, name in percents.items()
        },
        upper={
            of: np.array([each[f"hi-{name}"] for each in answers]) for of, name in percents.items()
        },
    )


def _prophet(panel: CostPanel, horizon: int, levels: Sequence[float]) -> Bands:
    import pandas as pd
    from prophet import Prophet

    for name in ("cmdstanpy", "prophet"):
        logging.getLogger(name).disabled = True
    known = pd.to_datetime(panel.dates)
    ahead = pd.DataFrame({"ds": known[-1] + pd.to_timedelta(np.arange(1, horizon + 1), unit="D")})
    mean: list[Floats] = []
    lower: dict[float, list[Floats]] = {level: [] for level in levels}
    upper: dict[float, list[Floats]] = {level: [] for level in levels}
    for series in np.asarray(panel.values):
        model = Prophet(uncertainty_samples=500)
        model.fit(pd.DataFrame({"ds": known, "y": series}))
        mean.append(model.predict(ahead)["yhat"].to_numpy())
        draws = model.predictive_samples(ahead)["yhat"]
        for level in levels:
            lower[level].append(np.quantile(draws, (1 - level) / 2, axis=1))
            upper[level].append(np.quantile(draws, (1 + level) / 2, axis=1))
    return Bands(
        mean=np.array(mean),
        lower={level: np.array(rows) for level, rows in lower.items()},
        upper={level: np.array(rows) for level, rows in upper.items()},
    )


KNOWN_FORECASTERS = {
    "seasonal naive": KnownForecaster(_seasonal_naive),
    "statsforecast AutoETS": KnownForecaster(_auto_ets, ("statsforecast",)),
    "statsforecast DynamicOptimizedTheta": KnownForecaster(_theta, ("statsforecast",)),
    "Prophet": KnownForecaster(_prophet, ("prophet",)),
}
"""Name in the table → forecaster."""
