"""What all forecasters of the package share: back-test, bands, and what they say of a series.

A model subclasses `PanelForecaster` and says how a history goes on; it is then asked again and
again from the past, and the errors it would have made give the bands and the accuracy.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

from pydantic import Field

from finops_cost_management.answers.forecasts import PanelForecast
from finops_cost_management.plugins.component import Forecaster, Options
from finops_cost_management.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from finops_cost_management.query.panel import CostPanel
    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats

BACKTEST_HISTORY = 7
"""Known days that an origin of the back-test needs."""

ERRORS_TOLD = 50_000_000
"""Back-test errors are answered up to this number: about 400 MB."""


class ForecastOptions(Options):
    """What every forecaster of the package can be told."""

    history: int = Field(default=14, ge=14)
    """Known days that a series needs to be forecast."""


OptionsT = TypeVar("OptionsT", bound=ForecastOptions)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """How the histories go on.

    Attributes:
        mean: Series × horizon; a row with a NaN is a model that failed: the seasonal naive takes
            over.
        models: What each series was forecast with.
    """

    mean: Floats
    models: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BackTested:
    """A prediction and the errors of those of the past.

    Attributes:
        mean: Series × horizon.
        models: What each series was forecast with.
        errors: Actual minus forecast, origins × series × horizon, NaN where unknown.
        origins: Number of known days of each.
    """

    mean: Floats
    models: Sequence[str]
    errors: Floats
    origins: Sequence[int]


class PanelForecaster(Forecaster[OptionsT]):
    """A forecaster of which only `predict` is left to say.

    Every series is forecast again from days of its past. The errors, scaled by the typical error
    of the series and pooled over the panel, are the bands (split-conformal); totals have bands of
    their own. Costs that never were negative are not forecast to be.
    """

    series_at_once: ClassVar[int] = 256
    """Panels are worked on in blocks of this many series, to bound memory."""

    backtests: ClassVar[int | None] = None
    """From how many days of the past to forecast again; None: all of `backtest.origins`."""

    @abstractmethod
    def predict(self, values: Floats, dates: Dates, horizon: int) -> Prediction:
        """Continue the histories.

        Args:
            values: Costs, series × days, NaN where unknown, each with a known day.
            dates: The days, datetime64[D], without gaps.
            horizon: Days to forecast, at least 1.
        """

    def back_test(self, values: Floats, dates: Dates, horizon: int) -> BackTested:
        """Predict now and from the past; overridden by models with a back-test of their own."""
        import numpy as np

        from finops_models.backtest import origins, truth_after

        now = self._predict(values, dates, horizon)
        starts = origins(len(dates), horizon, at_most=self.backtests)
        errors = np.empty((len(starts), *now.mean.shape))
        for place, origin in enumerate(starts):
            then = self._predict(values[:, :origin], dates[:origin], horizon)
            errors[place] = truth_after(values, origin, horizon) - then.mean
        return BackTested(mean=now.mean, models=now.models, errors=errors, origins=starts)

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

        from finops_models.backtest import accuracies
        from finops_models.conformal import calibrate
        from finops_models.seasons import seasons, smooth_level

        values = np.where(np.isfinite(panel.values), panel.values, np.nan)
        known_days = np.isfinite(values).sum(axis=1)
        rows = np.flatnonzero(known_days >= self.options.history)

        def whole(part: Floats) -> Floats:
            """The rows of all series, NaN where a series has no forecast."""
            everything = np.full((len(panel), *part.shape[1:]), np.nan)
            everything[rows] = part
            return everything

        def each(answers: Iterable[T], otherwise: T) -> tuple[T, ...]:
            """One answer per series of the panel."""
            answer_of = dict(zip(rows.tolist(), answers, strict=True))
            return tuple(answer_of.get(row, otherwise) for row in range(len(panel)))

        known = values[rows]
        tested = self._in_blocks(known, panel.dates, horizon)
        floor = least_cost(known)
        errors, origins = tested.errors, tested.origins
        calibration = calibrate(errors, origins, known)
        bands = {level: calibration.bands(len(panel.dates), level) for level in levels}
        coverage = {level: calibration.coverage(level) for level in levels}
        mean, total = tested.mean, tested.mean.sum(axis=1)
        trend = smooth_level(np.concatenate([known, mean], axis=1))
        return PanelForecast(
            mean=whole(mean),
            lower={
                level: whole(np.maximum(mean - band.below, floor[:, None]))
                for level, band in bands.items()
            },
            upper={level: whole(mean + band.above) for level, band in bands.items()},
            total_lower={
                level: whole(np.maximum(total - band.total_below, floor))
                for level, band in bands.items()
            },
            total_upper={level: whole(total + band.total_above) for level, band in bands.items()},
            models=each(tested.models, ""),
            problems=tuple(
                None
                if days >= self.options.history
                else f"insufficient data: {days} known days, {self.options.history} needed"
                for days in known_days
            ),
            accuracy=each(accuracies(errors, origins, known, coverage), None),
            seasonality=each(seasons(known, panel.dates), {}),
            trend=whole(trend),
            errors=np.moveaxis(whole(np.moveaxis(errors, 1, 0)), 0, 1)
            if errors.size <= ERRORS_TOLD
            else None,
        )

    def _in_blocks(self, values: Floats, dates: Dates, horizon: int) -> BackTested:
        import numpy as np

        if not len(values):
            nothing = np.empty((0, horizon))
            return BackTested(mean=nothing, models=(), errors=nothing[None], origins=(len(dates),))
        blocks = [
            self.back_test(values[row : row + self.series_at_once], dates, horizon)
            for row in range(0, len(values), self.series_at_once)
        ]
        return BackTested(
            mean=np.concatenate([block.mean for block in blocks]),
            models=[model for block in blocks for model in block.models],
            errors=np.concatenate([block.errors for block in blocks], axis=1),
            origins=blocks[0].origins,
        )

    def _predict(self, values: Floats, dates: Dates, horizon: int) -> Prediction:
        """The prediction of the series with enough history, the naive one where it fails."""
        import numpy as np

        from finops_models.backtest import seasonal_naive

        begun = np.flatnonzero(np.isfinite(values).sum(axis=1) >= BACKTEST_HISTORY)
        mean = np.full((len(values), horizon), np.nan)
        models = [""] * len(values)
        if len(begun):
            prediction = self.predict(values[begun], dates, horizon)
            failed = np.isnan(prediction.mean).sum(axis=1) > 0
            naive = seasonal_naive(values[begun], horizon)
            floor = least_cost(values[begun])[:, None]
            mean[begun] = np.maximum(np.where(failed[:, None], naive, prediction.mean), floor)
            for row, model, gone in zip(begun, prediction.models, failed, strict=True):
                models[row] = f"seasonal naive ({model} failed)" if gone else model
        return Prediction(mean=mean, models=models)


def least_cost(values: Floats) -> Floats:
    """Per series the least that its cost can be: 0 where it never was negative."""
    import numpy as np

    return np.where(np.nanmin(values, axis=1, initial=np.inf) >= 0, 0.0, -np.inf)
