"""Regression on the calendar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from finops_models.panel_forecaster import ForecastOptions, PanelForecaster, Prediction

if TYPE_CHECKING:
    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats


class LinearOptions(ForecastOptions):
    """How fast the past fades."""

    half_life: float = Field(default=28.0, gt=0)
    """Age in days at which a day counts half as much as the newest."""

    trend_damping: float = Field(default=0.98, ge=0, le=1)
    """How much of one day's trend is left on the next day; 1 is a straight line, 0 none."""


class Linear(PanelForecaster[LinearOptions]):
    """A robust straight line with weekdays and recurring charges, all series in one batch.

    A Huber regression over the last 18 weeks gives trend and weekdays; the level is that of the
    last days; charges that came back at the same place of the month are expected again. A series
    that cost nothing on its last seven known days has ended.
    """

    Options = LinearOptions

    def predict(self, values: Floats, dates: Dates, horizon: int) -> Prediction:
        """See `PanelForecaster.predict`."""
        from finops_models.regression import project

        ahead = project(
            values,
            dates,
            horizon,
            half_life=self.options.half_life,
            damping=self.options.trend_damping,
        )
        return Prediction(mean=ahead.flat + ahead.trend, models=["linear"] * len(values))
