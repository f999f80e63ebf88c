"""The simplest forecaster: the last week again. What every other one is measured against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_models.panel_forecaster import ForecastOptions, PanelForecaster, Prediction

if TYPE_CHECKING:
    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats


class SeasonalNaive(PanelForecaster[ForecastOptions]):
    """Repeats the last known cost of each weekday.

    Hard to beat for a week ahead; it knows no trend, no month, and believes in the incidents of
    the last week.
    """

    Options = ForecastOptions

    def predict(self, values: Floats, dates: Dates, horizon: int) -> Prediction:  # noqa: ARG002 # weekdays are counted
        """See `PanelForecaster.predict`."""
        from finops_models.backtest import seasonal_naive

        return Prediction(
            mean=seasonal_naive(values, horizon), models=["seasonal naive"] * len(values)
        )
