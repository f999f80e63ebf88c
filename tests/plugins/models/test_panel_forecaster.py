"""What every forecaster gets for saying how a history goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from finops_cost_management.testing import panel_of
from finops_models.panel_forecaster import ForecastOptions, PanelForecaster, Prediction

if TYPE_CHECKING:
    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats

pytestmark = pytest.mark.invented

NAN = float("nan")


class LastCost(PanelForecaster[ForecastOptions]):
    """Says the last cost again; costs of 13 are beyond it."""

    Options = ForecastOptions
    series_at_once = 2

    def predict(self, values: Floats, dates: Dates, horizon: int) -> Prediction:
        assert values.shape[1] == len(dates)
        assert (np.isfinite(values).sum(axis=1) >= 7).all()
        last = np.where(values[:, -1:] == 13, NAN, values[:, -1:])
        return Prediction(mean=np.repeat(last, horizon, axis=1), models=["last"] * len(values))


def test_a_model_that_fails_for_a_series_is_replaced_by_the_seasonal_naive() -> None:
    values = np.full((5, 60), 20.0)
    values[3, -7:] = [7, 8, 9, 10, 11, 12, 13]
    answer = LastCost().forecast_costs(panel_of(values), 9, (0.8,))
    assert answer.models == ("last", "last", "last", "seasonal naive (last failed)", "last")
    assert answer.mean[3].tolist() == [7, 8, 9, 10, 11, 12, 13, 7, 8]
    assert answer.problems == (None,) * 5


def test_errors_are_those_of_the_past_and_bands_are_made_of_them() -> None:
    values = np.random.default_rng(1).normal(1000, 10, (40, 200))
    answer = LastCost().forecast_costs(panel_of(values), 7, (0.5, 0.9))
    assert answer.errors is not None
    # The newest origin is a week ago.
    np.testing.assert_allclose(answer.errors[0], values[:, 193:] - values[:, 192:193])
    for level in (0.5, 0.9):
        width = (answer.upper[level] - answer.mean) / np.sqrt(2) / 10
        normal = {0.5: 0.674, 0.9: 1.645}[level]
        assert np.median(width) == pytest.approx(normal, rel=0.15)
        told = [one.coverage[level] for one in answer.accuracy if one is not None]
        assert np.mean(told) == pytest.approx(level, abs=0.04)


def test_few_back_tests_for_models_that_take_long() -> None:
    class Slow(LastCost):
        backtests = 3

    answer = Slow().forecast_costs(panel_of(np.full((1, 100), 5.0)), 10, (0.8,))
    assert answer.errors is not None
    assert len(answer.errors) == 3


def test_a_series_that_never_was_negative_is_not_forecast_to_be() -> None:
    class Falling(LastCost):
        def predict(self, values: Floats, dates: Dates, horizon: int) -> Prediction:
            del dates
            return Prediction(mean=np.full((len(values), horizon), -5.0), models=["x", "x"])

    values = np.stack([np.full(40, 3.0), np.full(40, -3.0)])
    answer = Falling().forecast_costs(panel_of(values), 4, (0.8,))
    assert answer.mean.tolist() == [[0.0] * 4, [-5.0] * 4]
    assert answer.lower[0.8][0].tolist() == [0.0] * 4
