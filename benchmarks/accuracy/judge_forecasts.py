"""Forecasts against what came, next to the seasonal naive rule on the same tasks."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SEASON = 7
_WIDEST = 0.95
_LEAST_ERROR = 0.001
"""Errors below this share of the mean daily cost count as this: a perfect copy is no infinity."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bands:
    """What a model answers.

    Attributes:
        mean: Series × horizon; NaN where there is no forecast.
        lower: Level → series × horizon.
        upper: Level → series × horizon.
    """

    mean: NDArray[np.float64]
    lower: Mapping[float, NDArray[np.float64]]
    upper: Mapping[float, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastScore:
    """How good a model's forecasts are.

    Attributes:
        tasks: Series that have a forecast, and cost anything before: the others are left out.
        mase: Mean over the tasks of the error in units of the seasonal naive one's in the history.
        relative_mase: Geometric mean over the tasks of the error over the seasonal naive one's.
        total_error: Mean over the tasks of the relative error of the sum over the horizon.
        coverage: Level → share of the days inside the band.
        relative_msis: Geometric mean of the interval score at 95 % over the seasonal naive one's.
    """

    tasks: int
    mase: float
    relative_mase: float
    total_error: float
    coverage: Mapping[float, float]
    relative_msis: float


def seasonal_naive(history: NDArray[np.float64], horizon: int, levels: Sequence[float]) -> Bands:
    """The same weekday of the last week, with its usual normal bands.

    The standard deviation is that of the differences to the week before in the history; it grows
    with the root of the number of weeks ahead.

    Args:
        history: Series × days, without gaps, at least eight days.
        horizon: Days ahead.
        levels: Of the bands, in (0, 1).
    """
    ahead = np.arange(horizon)
    mean = history[:, history.shape[1] - SEASON + ahead % SEASON]
    spread = np.sqrt(np.mean(_weekly_change(history) ** 2, axis=1))[:, None]
    spread = spread * np.sqrt(ahead // SEASON + 1)
    width = {level: NormalDist().inv_cdf((1 + level) / 2) * spread for level in levels}
    return Bands(
        mean=mean,
        lower={level: mean - half for level, half in width.items()},
        upper={level: mean + half for level, half in width.items()},
    )


def judge_forecasts(
    history: NDArray[np.float64], actual: NDArray[np.float64], bands: Bands
) -> ForecastScore:
    """Compare with what came.

    Args:
        history: Series × days: what the model knew.
        actual: Series × horizon: what came.
        bands: What the model answered, at 95 % at least.
    """
    judged = np.all(np.isfinite(bands.mean), axis=1) & np.any(history != 0, axis=1)
    history, actual, bands = history[judged], actual[judged], _of(bands, judged)
    naive = seasonal_naive(history, actual.shape[1], [_WIDEST])
    least = _LEAST_ERROR * np.mean(np.abs(history), axis=1)
    error, naive_error = (
        np.maximum(np.mean(np.abs(actual - each.mean), axis=1), least) for each in (bands, naive)
    )
    usual = np.maximum(np.mean(np.abs(_weekly_change(history)), axis=1), least)
    interval, naive_interval = (
        np.maximum(_interval_score(actual, each.lower[_WIDEST], each.upper[_WIDEST]), least)
        for each in (bands, naive)
    )
    total = np.abs(actual.sum(axis=1))
    billed = total > least
    off = np.abs(actual.sum(axis=1) - bands.mean.sum(axis=1))
    return ForecastScore(
        tasks=len(actual),
        mase=float(np.mean(error / usual)),
        relative_mase=_geometric_mean(error / naive_error),
        total_error=float(np.mean(off[billed] / total[billed])),
        coverage={
            level: float(np.mean((actual >= lower) & (actual <= bands.upper[level])))
            for level, lower in bands.lower.items()
        },
        relative_msis=_geometric_mean(interval / naive_interval),
    )


def _of(bands: Bands, series: NDArray[np.bool_]) -> Bands:
    return Bands(
        mean=bands.mean[series],
        lower={level: lower[series] for level, lower in bands.lower.items()},
        upper={level: upper[series] for level, upper in bands.upper.items()},
    )


def _weekly_change(history: NDArray[np.float64]) -> NDArray[np.float64]:
    return history[:, SEASON:] - history[:, :-SEASON]


def _interval_score(
    actual: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Width, and what lies outside weighed by how seldom it should (Gneiting and Raftery, 2007)."""
    outside = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
    score: NDArray[np.float64] = np.mean(upper - lower + 2 / (1 - _WIDEST) * outside, axis=1)
    return score


def _geometric_mean(ratios: NDArray[np.float64]) -> float:
    return float(np.exp(np.mean(np.log(ratios))))
