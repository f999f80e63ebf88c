"""Prophet, for those who know it: one fit for each series, with the months' first and last days."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_cost_management.errors import ConfigurationError
from finops_models.panel_forecaster import ForecastOptions, PanelForecaster, Prediction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np

    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats

TALKATIVE = ("cmdstanpy", "prophet", "prophet.plot")
"""Loggers that tell every fit, and that a chart nobody asked for cannot be drawn."""


class ProphetOptions(ForecastOptions):
    """What Prophet is told of the calendar."""

    history: int = Field(default=30, ge=30)
    """Known days that a series needs to be forecast."""

    country: str | None = Field(default=None, pattern="^[A-Z]{2}$")
    """ISO 3166 code of the country whose public holidays matter (``US``, ``DE``); none where
    null."""

    include_seasonality: bool = True
    """Whether weekdays, the year (from two years of history on) and the first and last day of
    each month are modelled; without them it is a trend alone."""


class Prophet(PanelForecaster[ProphetOptions]):
    """Fits Prophet to each series, on all cores.

    It is slow, about 0.3 seconds a series with its back-tests, and on costs seldom better than
    repeating the last week: the default is `auto`. The bands are not Prophet's own, which are
    too narrow, but those that its back-tests ask for.
    """

    Options = ProphetOptions
    needs: ClassVar[Mapping[str, str]] = {"prophet": "finops-models[prophet]"}
    series_at_once = 10_000
    backtests = 3

    def predict(self, values: Floats, dates: Dates, horizon: int) -> Prediction:
        """See `PanelForecaster.predict`.

        Raises:
            ConfigurationError: No holidays are known of the country.
        """
        from finops_models.each_series import continue_each

        _check_country(self.options.country)
        model = partial(
            _prophet,
            last_day=dates[-1],
            horizon=horizon,
            country=self.options.country,
            seasons=self.options.include_seasonality,
        )
        mean = continue_each(model, values, horizon)
        return Prediction(mean=mean, models=["prophet"] * len(values))


def _check_country(country: str | None) -> None:
    """A country without holidays would fail for each series alone, and in silence."""
    import holidays

    if country is not None and country not in holidays.list_supported_countries():
        raise ConfigurationError(
            f"prophet: no public holidays are known of country {country!r}",
            hint="write an ISO 3166 code such as US or DE, or leave it out",
        )


def _prophet(
    history: Floats, *, last_day: np.datetime64, horizon: int, country: str | None, seasons: bool
) -> Floats:
    """Continue one series whose newest day is ``last_day``."""
    import numpy as np

    with _quiet():
        import pandas as pd
        from prophet import Prophet as Model

        first = last_day - (len(history) - 1)
        days = pd.DataFrame({"ds": pd.date_range(first, periods=len(history) + horizon)})
        model: Any = Model(
            weekly_seasonality=seasons,
            yearly_seasonality="auto" if seasons else False,
            daily_seasonality=False,
            uncertainty_samples=0,
        )
        if seasons:
            days["month_start"] = days["ds"].dt.is_month_start.astype(float)
            days["month_end"] = days["ds"].dt.is_month_end.astype(float)
            model.add_regressor("month_start")
            model.add_regressor("month_end")
        if country is not None:
            model.add_country_holidays(country)
        model.fit(days[: len(history)].assign(y=history))
        ahead: Floats = model.predict(days[len(history) :])["yhat"].to_numpy(np.float64)
    return ahead


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the talk of Prophet and CmdStan from the user."""
    import warnings

    loggers = [logging.getLogger(name) for name in TALKATIVE]
    before = [one.disabled for one in loggers]
    with warnings.catch_warnings():
        # Prophet's own code calls what newer versions of pandas deprecate.
        warnings.filterwarnings("ignore", category=FutureWarning, module="prophet")
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="prophet")
        try:
            for one in loggers:
                one.disabled = True  # they set their levels themselves
            yield
        finally:
            for one, disabled in zip(loggers, before, strict=True):
                one.disabled = disabled
