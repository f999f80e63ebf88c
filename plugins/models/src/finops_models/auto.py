"""The forecaster of choice: many models, weighed for each series by its own back-test."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from finops_models.panel_forecaster import BackTested, ForecastOptions, PanelForecaster, Prediction

if TYPE_CHECKING:
    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats


NEEDED_DAYS = 14
"""Known days from which a past is told again."""


class Auto(PanelForecaster[ForecastOptions]):
    """Chooses for every series by how right each model was on the series' own past.

    Under every model lies the billing calendar: charges that come back each month are taken out
    and put back, monthly prices are spread over the length of the months. Smoothing at several
    paces (of logarithms where a series is positive), trends, weekday profiles, a robust regression
    and the shape of the last year are asked again from up to 27 days of the past; a model's say
    falls steeply with its error, and the forecast is what half of the say is below. A series that
    stopped costs nothing.
    """

    Options: ClassVar[type[ForecastOptions]] = ForecastOptions
    series_at_once = 128

    def predict(self, values: Floats, dates: Dates, horizon: int) -> Prediction:
        """See `PanelForecaster.predict`."""
        tested = self.back_test(values, dates, horizon)
        return Prediction(mean=tested.mean, models=tested.models)

    def back_test(self, values: Floats, dates: Dates, horizon: int) -> BackTested:
        """Predict now and from the past, each time with the models that were best until then."""
        import numpy as np

        from finops_models.backtest import truth_after
        from finops_models.candidates import GENERAL_ERRORS, candidates
        from finops_models.choosing import choosing_origins, say, weighted_median
        from finops_models.lifespan import has_ended, irregular_mean, without_time_before
        from finops_models.panel_forecaster import least_cost
        from finops_models.recurring import billing_calendar

        values = without_time_before(values)
        known = np.isfinite(values).cumsum(axis=1)
        origins = [len(dates), *choosing_origins(len(dates), horizon)]
        calendar = billing_calendar(values, dates, horizon, origins)
        forecasts = candidates(calendar.costs, dates, horizon, origins)
        forecasts = np.where(np.isfinite(forecasts), forecasts, forecasts[:, :1])
        truth = np.stack([truth_after(values, origin, horizon) for origin in origins])
        # The newest last, so that what ended is what has ended now.
        for place, origin in reversed(list(enumerate(origins))):
            forecasts[place] = calendar.bill(forecasts[place], origin)
            truth[place, known[:, origin - 1] < NEEDED_DAYS] = np.nan
            mean, ended = irregular_mean(values[:, :origin]), has_ended(values[:, :origin])
            irregular = np.isfinite(mean)
            forecasts[place][:, irregular] = mean[irregular, None]
            forecasts[place][:, ended] = 0.0
        np.maximum(forecasts, least_cost(values)[:, None], out=forecasts)
        weights = say(forecasts, truth, origins, np.array(list(GENERAL_ERRORS.values())))
        told = np.stack([weighted_median(*each) for each in zip(forecasts, weights, strict=True)])
        names = np.array(list(GENERAL_ERRORS))[weights[0].argmax(axis=0)]
        names = np.where(irregular, "mean of irregular days", names)
        names = np.where(ended, "ended", names)
        return BackTested(
            mean=told[0], models=names.tolist(), errors=(truth - told)[1:], origins=origins[1:]
        )
