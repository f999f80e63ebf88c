"""The first forecaster: a robust straight line with weekdays and recurring charges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from finops_cost_management.answers.forecasts import PanelForecast
from finops_cost_management.plugins.component import Forecaster, Options
from finops_cost_management.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from finops_cost_management.query.panel import CostPanel
    from finops_models.regression import Projection
    from finops_models.robust import Floats

SERIES_AT_ONCE = 256
"""Panels are worked on in blocks of this many series, to bound memory."""

BACKTEST_HISTORY = 7
"""Known days that an origin of the back-test needs."""

TREND_MUST_GAIN = 0.9
"""The trend is used where it brings the back-tested error below this share."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _BackTested:
    """One block of series: its forecast, and the errors of the forecasts of its past.

    Attributes:
        mean: Series × horizon.
        errors: Actual minus forecast, origins × series × horizon, NaN where unknown.
        noise: Robust standard deviation of the days around the fit, per series.
        trended: Whether the trend is used, per series.
    """

    mean: Floats
    errors: Floats
    noise: Floats
    trended: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Bounds:
    """The band of one level: days (series × horizon) and totals (per series)."""

    lower: Floats
    upper: Floats
    total_lower: Floats
    total_upper: Floats


class SeasonalLinearOptions(Options):
    """How fast the past fades."""

    history: int = Field(default=14, ge=14)
    """Known days that a series needs to be forecast."""

    half_life: float = Field(default=28.0, gt=0)
    """Age in days at which a day counts half as much as the newest."""

    trend_damping: float = Field(default=0.98, ge=0, le=1)
    """How much of one day's trend is left on the next day; 1 is a straight line, 0 none."""


class SeasonalLinear(Forecaster[SeasonalLinearOptions]):
    """Continues level, weekday profile, recurring charges and, where it helps, a damped trend.

    A Huber regression over the last 18 weeks gives trend and weekdays; the level is that of the
    last two weeks; charges that came back at the same place of the month are expected again. A
    series that cost nothing on its last seven known days has ended.

    Every series is forecast again from up to twelve days of its past. Those back-tests decide
    whether its trend is used, and their errors, scaled by the typical error of the series and
    pooled over the panel, are the bands (split-conformal); totals have back-tests of their own.
    Costs that never were negative are not forecast to be.
    """

    Options: ClassVar[type[SeasonalLinearOptions]] = SeasonalLinearOptions

    @hookimpl
    def forecast_costs(
        self, panel: CostPanel, horizon: int, levels: Sequence[float]
    ) -> PanelForecast:
        """Forecast every series of the panel from the day after its last.

        Args:
            panel: Daily costs; a NaN is a missing day, also at the end.
            horizon: Days to forecast, at least 1.
            levels: Shares of the truth that the bands shall hold, each in (0, 1).

        Returns:
            Series × horizon; NaN and a problem for a series with too little history.
        """
        import numpy as np

        values = np.where(np.isfinite(panel.values), panel.values, np.nan)
        known_days = np.isfinite(values).sum(axis=1)
        rows = np.flatnonzero(known_days >= self.options.history)
        blocks = [
            self._forecast(values[rows[start : start + SERIES_AT_ONCE]], panel.dates, horizon)
            for start in range(0, len(rows), SERIES_AT_ONCE)
        ]
        models = [""] * len(panel)
        trended = [used for block in blocks for used in block.trended]
        for row, used in zip(rows, trended, strict=True):
            models[row] = "seasonal trend" if used else "seasonal level"
        mean = np.full((len(panel), horizon), np.nan)
        mean[rows] = np.concatenate([block.mean for block in blocks]) if blocks else mean[rows]
        bounds = {level: _bounds(mean, values, rows, blocks, level) for level in levels}
        return PanelForecast(
            mean=mean,
            lower={level: bound.lower for level, bound in bounds.items()},
            upper={level: bound.upper for level, bound in bounds.items()},
            total_lower={level: bound.total_lower for level, bound in bounds.items()},
            total_upper={level: bound.total_upper for level, bound in bounds.items()},
            models=tuple(models),
            problems=tuple(
                None
                if days >= self.options.history
                else f"insufficient data: {days} known days, {self.options.history} needed"
                for days in known_days
            ),
        )

    def _forecast(self, values: Floats, dates: NDArray[np.datetime64], horizon: int) -> _BackTested:
        """Forecast one block of series, now and from its past."""
        import numpy as np

        from finops_models.backtest import origins

        floor = _floor(values)[:, None]
        flat, trend = [], []
        for origin in origins(len(dates), horizon):
            ahead = values[:, origin : origin + horizon]
            truth = np.pad(ahead, ((0, 0), (0, horizon - ahead.shape[1])), constant_values=np.nan)
            begun = np.isfinite(values[:, :origin]).sum(axis=1) >= BACKTEST_HISTORY
            truth[~begun] = np.nan
            then = self._project(values[:, :origin], dates[:origin], horizon)
            flat.append(truth - np.maximum(then.flat, floor))
            trend.append(truth - np.maximum(then.flat + then.trend, floor))

        flat_errors, trend_errors = np.array(flat), np.array(trend)
        trended = _size(trend_errors) < TREND_MUST_GAIN * _size(flat_errors)
        chosen = trended[:, None]
        now = self._project(values, dates, horizon)
        return _BackTested(
            mean=np.maximum(np.where(chosen, now.flat + now.trend, now.flat), floor),
            errors=np.where(chosen, trend_errors, flat_errors),
            noise=now.noise,
            trended=trended,
        )

    def _project(self, values: Floats, dates: NDArray[np.datetime64], horizon: int) -> Projection:
        from finops_models.regression import project

        return project(
            values,
            dates,
            horizon,
            half_life=self.options.half_life,
            damping=self.options.trend_damping,
        )


def _bounds(
    mean: Floats,
    values: Floats,
    rows: NDArray[np.int64],
    blocks: Sequence[_BackTested],
    level: float,
) -> _Bounds:
    """Bounds of all series of the panel; NaN outside ``rows``."""
    import numpy as np

    from finops_models.backtest import conformal_bands, typical_error

    empty = np.full(len(mean), np.nan)
    bounds = _Bounds(
        lower=mean.copy(), upper=mean.copy(), total_lower=empty, total_upper=empty.copy()
    )
    if not blocks:
        return bounds
    errors = np.concatenate([block.errors for block in blocks], axis=1)
    scale = typical_error(errors, np.concatenate([block.noise for block in blocks]))
    bands = conformal_bands(errors, scale, level)
    floor = _floor(values[rows])
    total = mean[rows].sum(axis=1)
    bounds.lower[rows] = np.maximum(mean[rows] - bands.below, floor[:, None])
    bounds.upper[rows] = mean[rows] + bands.above
    bounds.total_lower[rows] = np.maximum(total - bands.total_below, floor)
    bounds.total_upper[rows] = total + bands.total_above
    return bounds


def _floor(values: Floats) -> Floats:
    """Per series the least that its cost can be: 0 where it never was negative."""
    import numpy as np

    return np.where(np.nanmin(values, axis=1) >= 0, 0.0, -np.inf)


def _size(errors: Floats) -> Floats:
    """Sum of the known absolute errors of each series."""
    import numpy as np

    size: Floats = np.nansum(np.abs(errors), axis=(0, 2))
    return size
