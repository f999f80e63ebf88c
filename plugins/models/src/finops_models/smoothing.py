"""Exponential smoothing by statsmodels: Holt-Winters and theta."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from finops_models.panel_forecaster import ForecastOptions, PanelForecaster, Prediction

if TYPE_CHECKING:
    from collections.abc import Callable

    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats

WEEK = 7


class _Smoothing(PanelForecaster[ForecastOptions]):
    """Fits one series at a time, on all cores."""

    Options = ForecastOptions
    series_at_once = 10_000
    backtests = 6

    def _each(
        self, model: Callable[..., Floats], values: Floats, dates: Dates, horizon: int, *, name: str
    ) -> Prediction:
        """Continue what lies under the recurring charges, and put them back."""
        from finops_models.each_series import continue_each
        from finops_models.recurring import billing_calendar

        days = len(dates)
        calendar = billing_calendar(values, dates, horizon, [days])
        costs = continue_each(partial(model, horizon=horizon), calendar.costs, horizon)
        return Prediction(mean=calendar.bill(costs[None], days)[0], models=[name] * len(values))


class HoltWinters(_Smoothing):
    """Exponential smoothing of level, damped trend and weekdays (statsmodels).

    Costs that always were above zero are smoothed as logarithms: their weekdays and their growth
    are factors. Each series is fitted alone, about 0.1 seconds with its back-tests: for
    thousands of series `auto` is faster and better. Where a fit fails, or a series has less than
    16 days, the last week is repeated, and the model's name says so.
    """

    def predict(self, values: Floats, dates: Dates, horizon: int) -> Prediction:
        """See `PanelForecaster.predict`."""
        return self._each(_holt_winters, values, dates, horizon, name="holt-winters")


class Theta(_Smoothing):
    """The theta model of Assimakopoulos and Nikolopoulos on deseasonalised weekdays (statsmodels).

    Half of a straight line and half of a smoothed level: the best single method of the M3
    competition. Each series is fitted alone; where that fails the last week is repeated, and the
    model's name says so.
    """

    def predict(self, values: Floats, dates: Dates, horizon: int) -> Prediction:
        """See `PanelForecaster.predict`."""
        return self._each(_theta, values, dates, horizon, name="theta")


def _holt_winters(history: Floats, horizon: int) -> Floats:
    """Continue one series."""
    import warnings

    import numpy as np
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    factors = history.min() > 0
    model = ExponentialSmoothing(
        np.log(history) if factors else history,
        trend="add",
        damped_trend=True,
        seasonal="add",
        seasonal_periods=WEEK,
        initialization_method="heuristic",
    )
    with warnings.catch_warnings():
        # Where the search ended is good enough: the back-test judges it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        fitted = model.fit(use_brute=False)  # a grid before the search costs ten times the time
        ahead: Floats = np.asarray(fitted.forecast(horizon))
    return np.exp(ahead) if factors else ahead


def _theta(history: Floats, horizon: int) -> Floats:
    """Continue one series."""
    import warnings

    import numpy as np
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.forecasting.theta import ThetaModel

    method = "multiplicative" if history.min() > 0 else "additive"
    with warnings.catch_warnings():
        # Where the search ended is good enough: the back-test judges it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        fitted = ThetaModel(history, period=WEEK, method=method).fit()
        ahead: Floats = np.asarray(fitted.forecast(horizon))
    return ahead
