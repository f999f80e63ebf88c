"""Detectors that everybody has: what ours are compared with.

Each gives a score to every day that knows only the days before; its threshold is what its makers
or its users choose by default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MONTH = 30
_REFIT = 7
"""Days after which a forest grows anew: every day would take seven times as long."""
_LEAST_SPREAD = 1e-9
_TINY = 1e-6
"""Spreads below this share of the level are this: a constant is no reason to divide by 0."""


@dataclass(frozen=True, slots=True)
class OnlineRule:
    """A way to score days.

    Attributes:
        scores: Costs (series × days) and the first day to judge → scores, series × days; 0 before.
        threshold: A day with a higher score is told.
        at_most: Series that it is asked for: more would take too long.
        needs: The packages that it is from; none for plain arithmetic.
    """

    scores: Callable[[Floats, int], Floats]
    threshold: float
    at_most: int = 1_000_000
    needs: tuple[str, ...] = ()


def _rolling_zscore(costs: Floats, first: int) -> Floats:
    return _zscore(costs, first, window=MONTH)


def _whole_zscore(costs: Floats, first: int) -> Floats:
    return _zscore(costs, first, window=costs.shape[1])


def _zscore(costs: Floats, first: int, *, window: int) -> Floats:
    scores = np.zeros_like(costs)
    for day in range(first, costs.shape[1]):
        known = costs[:, max(day - window, 0) : day]
        mean = known.mean(axis=1)
        spread = np.maximum(known.std(axis=1), _least(known))
        scores[:, day] = np.abs(costs[:, day] - mean) / spread
    return scores


def _trend_and_weekday(costs: Floats, first: int) -> Floats:
    """Linear trend, weekday means, and Tukey's fences on the 10th and 90th percentile.

    What the series functions of Kusto do, and with them the queries of the FinOps toolkit.
    """
    scores = np.zeros_like(costs)
    for day in range(first, costs.shape[1]):
        known = costs[:, : day + 1]
        rest = known - _line(known)
        for weekday in range(7):
            rest[:, weekday::7] -= rest[:, weekday::7].mean(axis=1, keepdims=True)
        low, high = np.quantile(rest, [0.1, 0.9], axis=1)
        beyond = np.maximum(rest[:, -1] - high, low - rest[:, -1])
        scores[:, day] = beyond / np.maximum(high - low, _least(known))
    return scores


def _season_and_trend_by_loess(costs: Floats, first: int) -> Floats:
    from statsmodels.tsa.seasonal import STL

    scores = np.zeros_like(costs)
    for row, series in enumerate(costs):
        for day in range(first, len(series)):
            rest = STL(series[max(day - 180, 0) : day + 1], period=7).fit().resid
            middle = np.median(rest)
            spread = 1.4826 * np.median(np.abs(rest - middle))
            spread = max(spread, _TINY * np.mean(np.abs(series[: day + 1])), _LEAST_SPREAD)
            scores[row, day] = abs(rest[-1] - middle) / spread
    return scores


def _isolation_forest(costs: Floats, first: int) -> Floats:
    """One forest for each series, on cost, difference to the last week, and weekday."""
    from sklearn.ensemble import IsolationForest

    days = np.arange(costs.shape[1])
    scores = np.zeros_like(costs)
    for row, series in enumerate(costs):
        week = np.array([series[max(day - 7, 0) : day + 1].mean() for day in days])
        features = np.column_stack([series, series - week, days % 7])
        for start in range(first, len(series), _REFIT):
            forest = IsolationForest(contamination=0.05, random_state=0).fit(features[:start])
            now = slice(start, start + _REFIT)
            scores[row, now] = -forest.decision_function(features[now])
    return scores


ONLINE_RULES = {
    "z-score, 30 days": OnlineRule(_rolling_zscore, 3.0),
    "z-score, all days": OnlineRule(_whole_zscore, 3.0),
    "trend and weekday, Tukey": OnlineRule(_trend_and_weekday, 1.5),
    "STL and MAD": OnlineRule(_season_and_trend_by_loess, 3.5, 60, ("statsmodels",)),
    "isolation forest per series": OnlineRule(_isolation_forest, 0.0, 40, ("sklearn",)),
}
"""Name in the table → rule."""


def _line(costs: Floats) -> Floats:
    days = np.arange(costs.shape[1]) - (costs.shape[1] - 1) / 2
    slope = costs @ days / (days @ days)
    line: Floats = costs.mean(axis=1, keepdims=True) + slope[:, None] * days
    return line


def _least(costs: Floats) -> Floats:
    least: Floats = np.maximum(_TINY * np.abs(costs).mean(axis=1), _LEAST_SPREAD)
    return least
