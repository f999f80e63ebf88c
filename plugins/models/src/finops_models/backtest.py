"""Forecasts of the past: from which days, against what, and how good they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_cost_management.answers.forecasts import BacktestAccuracy
    from finops_models.robust import Floats

WEEK = 7
SHORT_ORIGINS = 4
FULL_ORIGINS = 8


def origins(days: int, horizon: int, *, at_most: int | None = None) -> list[int]:
    """Numbers of days after which the past is forecast again, newest first.

    The last weeks test short horizons on the newest data, and weekly steps before the last
    full horizon test totals.

    Args:
        days: Days of the history.
        horizon: Days to forecast.
        at_most: How many origins there may be: evenly chosen from all; None for all.
    """
    backs = {WEEK * step for step in range(1, SHORT_ORIGINS + 1)}
    backs |= {horizon + WEEK * step for step in range(FULL_ORIGINS)}
    possible = [days - back for back in sorted(backs) if days - back > 0]
    if at_most is None or len(possible) <= at_most:
        return possible
    return [possible[place * len(possible) // at_most] for place in range(at_most)]


def truth_after(values: Floats, origin: int, horizon: int) -> Floats:
    """What came after ``origin`` days, series × horizon; NaN where unknown or yet to come."""
    import numpy as np

    ahead = values[:, origin : origin + horizon]
    return np.pad(ahead, ((0, 0), (0, horizon - ahead.shape[1])), constant_values=np.nan)


def seasonal_naive(values: Floats, horizon: int) -> Floats:
    """The last known cost of the same weekday, else of any day; each series has a known day."""
    import numpy as np

    days = values.shape[1]
    at = np.where(np.isfinite(values), np.arange(days), -1)
    last = at.max(axis=1)
    columns = [
        at[:, (days + ahead) % WEEK :: WEEK].max(axis=1, initial=-1) for ahead in range(WEEK)
    ]
    places = np.stack([np.where(column >= 0, column, last) for column in columns], axis=1)
    week = np.take_along_axis(values, places, axis=1)
    return week[:, np.arange(horizon) % WEEK]


def week_on_week(values: Floats) -> Floats:
    """Mean absolute difference between a day and that of the week before, per series.

    The error of the seasonal naive within the history, by which MASE scales; 0 where unknown.
    """
    import numpy as np

    from finops_models.robust import mean_size

    return np.nan_to_num(mean_size(values[:, WEEK:] - values[:, :-WEEK]))


def accuracies(
    errors: Floats, origins: Sequence[int], values: Floats, coverage: Mapping[float, Floats]
) -> Iterator[BacktestAccuracy | None]:
    """How good the forecasts of each series' past were; None for a series never back-tested.

    Args:
        errors: Actual minus forecast, origins × series × horizon, NaN where unknown.
        origins: Number of known days of each.
        values: The history, series × days.
        coverage: Level → share of the back-tested days that its band held, per series.
    """
    import numpy as np

    from finops_cost_management.answers.forecasts import BacktestAccuracy

    known = np.isfinite(errors)
    count = known.sum(axis=(0, 2))
    absolute = np.where(known, np.abs(errors), 0.0).sum(axis=(0, 2))
    naive = week_on_week(values) * count
    cost = np.zeros(len(values))
    for place, origin in enumerate(origins):
        truth = truth_after(values, origin, errors.shape[2])
        cost += np.where(known[place], np.abs(truth), 0.0).sum(axis=1)
    tested = known.any(axis=2).sum(axis=0)
    for row in range(len(values)):
        yield (
            None
            if not count[row]
            else BacktestAccuracy(
                mase=float(absolute[row] / naive[row]) if naive[row] else None,
                wape=float(absolute[row] / cost[row]) if cost[row] else None,
                coverage={level: float(share[row]) for level, share in coverage.items()},
                origins=int(tested[row]),
            )
        )
