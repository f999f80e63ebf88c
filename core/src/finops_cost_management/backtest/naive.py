"""The rules that everybody could apply by hand: what a model has to beat."""

from __future__ import annotations

from decimal import Context, Decimal
from statistics import NormalDist
from typing import TYPE_CHECKING

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity
from finops_cost_management.answers.forecasts import PanelForecast
from finops_cost_management.answers.incidents import join_days

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.window import DateWindow

ROLLING_DAYS, DEVIATIONS, LEAST_DAYS = 30, 3.0, 14
"""A day is odd when it is so many standard deviations from the mean of so many days before it,
of which at least so many are known."""

WEEK = 7
_ROUNDING = 1e-9  # sums of floats are not exact: a constant series has a deviation of about 0
_CENT_OF_A_CENT = Decimal("0.0001")
_WIDE = Context(prec=400)  # for every float64


def rolling_mean(panel: CostPanel, window: DateWindow) -> list[Anomaly]:
    """Alarm on days three standard deviations from the mean of the 30 days before.

    Args:
        panel: Daily costs.
        window: The days to judge.

    Returns:
        One anomaly for each run of adjacent days on one side.
    """
    return join_days(_odd_days(panel, window))


def _odd_days(panel: CostPanel, window: DateWindow) -> Iterator[Anomaly]:
    import numpy as np

    for place, day in enumerate(panel.dates.tolist()):
        before = panel.values[:, max(0, place - ROLLING_DAYS) : place]
        known = np.isfinite(before)
        if day not in window or not len(panel) or known.sum(axis=1).max() < LEAST_DAYS:
            continue
        days = np.maximum(known.sum(axis=1), 1)
        mean = np.where(known, before, 0.0).sum(axis=1) / days
        away = np.where(known, before - mean[:, None], 0.0)
        deviation = np.sqrt((away**2).sum(axis=1) / days)
        cost = panel.values[:, place]
        limit = DEVIATIONS * deviation + _ROUNDING * np.abs(mean)
        odd = (np.abs(cost - mean) > limit) & (known.sum(axis=1) >= LEAST_DAYS)
        for row in np.flatnonzero(odd).tolist():
            spread = float(deviation[row])
            yield Anomaly(
                date=day,
                dimensions=panel.keys[row],
                currency=panel.currencies[row],
                expected_cost=_amount(mean[row]),
                actual_cost=_amount(cost[row]),
                score=float((cost[row] - mean[row]) / spread) if spread else float("inf"),
                severity=AnomalySeverity.MEDIUM,
                detector="naive",
            )


def seasonal_naive(panel: CostPanel, horizon: int, levels: Sequence[float]) -> PanelForecast:
    """Forecast each day as the same weekday of the last week.

    Bands are those of normal errors that add up from week to week (Hyndman and Athanasopoulos,
    Forecasting: Principles and Practice, section 5.5).

    Args:
        panel: Daily costs.
        horizon: How many days to forecast.
        levels: A band for each, in (0, 1).
    """
    import numpy as np

    costs = panel.values
    week = _last_known_week(costs)
    mean = np.tile(week, (1, horizon // WEEK + 1))[:, :horizon]
    errors = weekly_changes(costs)
    known = np.isfinite(errors)
    count = np.maximum(known.sum(axis=1), 1)
    spread = np.sqrt((np.where(known, errors, 0.0) ** 2).sum(axis=1) / count)
    weeks = np.arange(horizon) // WEEK + 1
    daily = spread[:, None] * np.sqrt(weeks)[None, :]
    # Errors of the same weekday add up, those of different weekdays are independent.
    of_weekday = [np.sqrt(weeks[day::WEEK]).sum() for day in range(WEEK)]
    summed = spread * np.sqrt(np.sum(np.square(of_weekday)))
    total = mean.sum(axis=1)
    z = {level: NormalDist().inv_cdf((1 + level) / 2) for level in levels}
    return PanelForecast(
        mean=mean,
        lower={level: mean - z[level] * daily for level in levels},
        upper={level: mean + z[level] * daily for level in levels},
        total_lower={level: total - z[level] * summed for level in levels},
        total_upper={level: total + z[level] * summed for level in levels},
        models=("seasonal naive",) * len(panel),
        problems=tuple(
            None if np.isfinite(row).all() else "insufficient data: a weekday without any cost"
            for row in mean
        ),
    )


def weekly_changes(costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each day's cost less that of the week before, series × (days - 7)."""
    import numpy as np

    if costs.shape[1] <= WEEK:
        return np.full((len(costs), 1), np.nan)
    return costs[:, WEEK:] - costs[:, :-WEEK]


def _last_known_week(costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Per series and weekday, the newest known cost; NaN where none is known."""
    import numpy as np

    rows, days = costs.shape
    week = np.full((rows, WEEK), np.nan)
    for end in range(days % WEEK, days, WEEK):
        newer = costs[:, end : end + WEEK]
        week = np.where(np.isfinite(newer), newer, week)
    if days < WEEK:  # the days that there are, in the places of their weekdays
        week[:, WEEK - days :] = costs
    return week


def _amount(value: float) -> Decimal:
    return Decimal(float(value)).quantize(_CENT_OF_A_CENT, context=_WIDE)
