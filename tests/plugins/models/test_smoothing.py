"""Holt-Winters and theta continue what they are made for, and step aside where they fail."""

from __future__ import annotations

import warnings
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from finops_cost_management.testing import panel_of
from finops_models.smoothing import HoltWinters, Theta

pytestmark = pytest.mark.real_component

FIRST_DAY = date(2026, 1, 1)
BOTH = pytest.mark.parametrize("model", [HoltWinters, Theta])


def week(days: int) -> Any:
    """Costs of about 100 a day, two thirds of it at weekends, with 2 % noise."""
    noise = np.random.default_rng(3).normal(1, 0.02, days)
    return 100 * noise * np.where(np.arange(days) % 7 >= 5, 0.67, 1.0)


@BOTH
def test_the_weekdays_go_on(model: Any) -> None:
    answer = model().forecast_costs(panel_of(week(200)), 14, (0.8,))
    expected = 100 * np.where(np.arange(200, 214) % 7 >= 5, 0.67, 1.0)
    assert answer.mean[0] == pytest.approx(expected, rel=0.04)
    assert answer.models[0] in {"holt-winters", "theta"}


@BOTH
def test_growth_goes_on(model: Any) -> None:
    values = week(200) * 1.003 ** np.arange(200)
    answer = model().forecast_costs(panel_of(values), 28, (0.8,))
    assert answer.mean[0].mean() > 1.015 * values[-28:].mean()


@BOTH
def test_a_monthly_charge_is_expected_again(model: Any) -> None:
    days = [FIRST_DAY + timedelta(days=day) for day in range(160)]
    due = np.array([day.day == 1 for day in days])
    values = week(160) + np.where(due, 400.0, 0.0)
    answer = model().forecast_costs(panel_of(values[:130]), 30, (0.8,))
    expected = due[130:]
    assert answer.mean[0, expected].min() > 400
    assert answer.mean[0, ~expected].max() < 130


@BOTH
def test_costs_below_zero_are_no_obstacle(model: Any) -> None:
    answer = model().forecast_costs(panel_of(-week(200)), 14, (0.8,))
    expected = -100 * np.where(np.arange(200, 214) % 7 >= 5, 0.67, 1.0)
    assert answer.mean[0] == pytest.approx(expected, rel=0.05)


def test_where_a_fit_fails_the_last_week_is_repeated_and_the_name_says_so() -> None:
    values = np.full((2, 60), np.nan)
    values[0, -15:] = week(60)[-15:]
    values[1] = week(60)
    answer = HoltWinters().forecast_costs(panel_of(values), 7, (0.8,))
    assert answer.models == ("seasonal naive (holt-winters failed)", "holt-winters")
    assert answer.mean[0] == pytest.approx(values[0, -7:])


@BOTH
def test_libraries_warn_nobody(model: Any) -> None:
    values = np.concatenate([week(60), [1e9], np.zeros(20), week(40)])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model().forecast_costs(panel_of(values), 14, (0.8,))
    assert not [str(one.message) for one in caught]


def test_many_series_are_fitted_on_all_cores_with_the_same_result() -> None:
    values = week(90) * np.arange(1.0, 41.0)[:, None]
    dates = panel_of(values).dates
    many = Theta().predict(values, dates, 7)
    one = Theta().predict(values[-1:], dates, 7)
    assert set(many.models) == {"theta"}
    np.testing.assert_allclose(many.mean[-1], one.mean[0], rtol=1e-6)
