"""`auto` keeps the contract, beats the seasonal naive, and knows the billing calendar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from finops_cost_management.testing import panel_of
from finops_models.auto import Auto
from finops_models.backtest import seasonal_naive
from finops_models.panel_forecaster import ForecastOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from finops_cost_management.answers.forecasts import PanelForecast
    from finops_cost_management.query.panel import CostPanel

pytestmark = pytest.mark.invented

FIRST_DAY = date(2025, 1, 1)
LEVELS = (0.8, 0.95)
ANYTHING = st.one_of(
    st.sampled_from([0.0, np.nan, -5.0, 1e-9, 1.0, 100.0, 1e12, 1e26]),
    st.floats(-1e6, 1e6, allow_subnormal=False),
)


def forecast(panel: CostPanel, horizon: int = 30, **options: Any) -> PanelForecast:
    """The forecast after the last day of the panel."""
    return Auto(ForecastOptions(**options)).forecast_costs(panel, horizon, LEVELS)


def steady(days: int, *, seed: int = 7, noise: float = 0.03) -> NDArray[np.float64]:
    """One series of about 100 a day, a third less at weekends."""
    factor = np.random.default_rng(seed).normal(1, noise, days)
    return 100 * factor * np.where(np.arange(days) % 7 >= 5, 0.67, 1.0)


def calendar(days: int) -> list[date]:
    return [FIRST_DAY + timedelta(days=day) for day in range(days)]


@pytest.mark.parametrize("incidents", [False, True])
def test_it_halves_the_error_of_the_seasonal_naive_and_its_bands_hold(
    invented: Callable[..., Any], *, incidents: bool
) -> None:
    values = invented(31, series=120, days=400, incidents=incidents).panel.values
    past, truth = values[:, :-30], values[:, -30:]
    answer = forecast(panel_of(past, start=FIRST_DAY))

    error = np.abs(truth - answer.mean).mean(axis=1)
    relative = error / np.abs(truth - seasonal_naive(past, 30)).mean(axis=1)
    assert np.exp(np.log(relative).mean()) < (0.52 if incidents else 0.45)

    totals = truth.sum(axis=1)
    assert np.median(np.abs(answer.mean.sum(axis=1) / totals - 1)) < 0.02
    for level, slack in ((0.8, 0.06), (0.95, 0.04)):
        inside = (truth >= answer.lower[level]) & (truth <= answer.upper[level])
        whole = (totals >= answer.total_lower[level]) & (totals <= answer.total_upper[level])
        assert abs(inside.mean() - level) < slack
        assert abs(whole.mean() - level) < 0.12


def test_one_series_alone_is_forecast_as_it_is_among_others(invented: Callable[..., Any]) -> None:
    values = invented(5, series=12, days=300).panel.values
    together = forecast(panel_of(values)).mean
    alone = np.concatenate([forecast(panel_of(row)).mean for row in values])
    np.testing.assert_allclose(alone, together, rtol=1e-9)


def test_the_band_of_a_total_is_narrower_than_its_days_added_up(
    invented: Callable[..., Any],
) -> None:
    answer = forecast(invented(32, series=60, days=400, incidents=False).panel)
    total = answer.total_upper[0.8] - answer.total_lower[0.8]
    days = (answer.upper[0.8] - answer.lower[0.8]).sum(axis=1)
    assert np.median(total / days) < 0.8


def test_a_weekday_that_is_more_certain_has_a_narrower_band() -> None:
    random = np.random.default_rng(3)
    weekend = np.arange(280) % 7 >= 5
    values = np.where(weekend, 20 * random.normal(1, 0.01, 280), 100 * random.normal(1, 0.2, 280))
    answer = forecast(panel_of(values), 14)
    above = (answer.upper[0.95] - answer.mean)[0]
    assert above[[5, 6, 12, 13]].max() < 0.3 * above[:5].min()


@pytest.mark.parametrize(("place", "charged"), [("first", 1), ("last", 0), ("middle", 15)])
def test_a_monthly_charge_is_expected_again(place: str, charged: int) -> None:
    days = calendar(190)
    due = np.array(
        [
            (day + timedelta(days=1)).day == 1 if place == "last" else day.day == charged
            for day in days
        ]
    )
    values = steady(190) + np.where(due, 400.0, 0.0)
    answer = forecast(panel_of(values[:150], start=FIRST_DAY), 40)
    expected = due[150:]
    assert answer.mean[0, expected].min() > 400
    assert answer.mean[0, ~expected].max() < 150


def test_a_monthly_fee_and_nothing_else() -> None:
    due = np.array([day.day == 3 for day in calendar(260)])
    answer = forecast(panel_of(np.where(due, 50.0, 0.0)[:220], start=FIRST_DAY), 40)
    np.testing.assert_allclose(answer.mean[0], np.where(due, 50.0, 0.0)[220:], atol=1.0)


def test_a_price_per_month_is_spread_over_the_days_of_the_month() -> None:
    days = calendar(250)
    length = [((day.replace(day=28) + timedelta(days=4)).replace(day=1)) for day in days]
    per_day = np.array([310 / (end - timedelta(days=1)).day for end in length])
    answer = forecast(panel_of(per_day[:200], start=FIRST_DAY), 50)
    np.testing.assert_allclose(answer.mean[0], per_day[200:], rtol=1e-3)


def test_one_spike_is_not_expected_again() -> None:
    values = steady(120)
    clean = forecast(panel_of(values)).mean
    values[100] += 5000
    assert np.abs(forecast(panel_of(values)).mean / clean - 1).max() < 0.05


def test_last_years_christmas_comes_again() -> None:
    days = calendar(365 * 2)
    closed = np.array([(day.month, day.day) in {(12, 25), (12, 26)} for day in days])
    values = steady(len(days), noise=0.02) * np.where(closed, 0.3, 1.0)
    past = days.index(date(2026, 11, 30))
    answer = forecast(panel_of(values[:past], start=FIRST_DAY), 30)
    relative = answer.mean[0] / steady(len(days), noise=0.0)[past : past + 30]
    assert np.abs(relative - np.where(closed, 0.3, 1.0)[past : past + 30]).max() < 0.1


def test_it_follows_a_new_level_within_two_weeks() -> None:
    values = steady(150)
    values[140:] *= 2
    assert forecast(panel_of(values), 28).mean.mean() == pytest.approx(181, rel=0.1)


def test_a_steady_rise_goes_on() -> None:
    values = steady(200) + np.arange(200)
    assert forecast(panel_of(values), 28).mean[0, 21:28].mean() > values[-7:].mean() + 12


def test_a_series_that_ended_stays_at_nothing() -> None:
    values = steady(120)
    values[-5:] = 0
    answer = forecast(panel_of(values))
    assert (answer.mean == 0).all()
    assert answer.models == ("ended",)


def test_a_series_that_began_lately_is_not_drawn_to_the_time_before() -> None:
    values = np.concatenate([np.zeros(200), steady(28)])
    assert forecast(panel_of(values), 28).mean.mean() == pytest.approx(90.6, rel=0.05)


def test_days_at_random_are_forecast_at_their_mean() -> None:
    random = np.random.default_rng(11)
    values = np.where(random.random((20, 300)) < 0.3, 100.0, 0.0)
    answer = forecast(panel_of(values))
    assert answer.mean.mean() == pytest.approx(30, rel=0.1)
    assert set(answer.models) == {"mean of irregular days"}


def test_missing_days_at_the_end_are_missing_and_not_free() -> None:
    values = steady(120)
    values[-3:] = np.nan
    answer = forecast(panel_of(values), 7)
    assert answer.mean.sum() == pytest.approx(100 * (5 + 2 * 0.67), rel=0.05)


def test_a_constant_series_is_continued_exactly_and_with_certainty() -> None:
    answer = forecast(panel_of(np.full(100, 7.25)))
    np.testing.assert_allclose(answer.mean, 7.25, rtol=1e-12)
    np.testing.assert_allclose(answer.upper[0.95], 7.25, rtol=1e-9)


def test_it_tells_accuracy_seasons_trend_and_errors() -> None:
    values = np.stack([steady(200), np.random.default_rng(1).normal(100, 5, 200)])
    answer = forecast(panel_of(values))
    told = answer.accuracy[0]
    assert told is not None
    assert told.mase is not None
    assert told.mase < 1
    assert told.wape == pytest.approx(0.024, rel=0.3)
    assert told.coverage[0.95] > told.coverage[0.8] > 0.5
    assert set(answer.seasonality[0]) == {"weekly"}
    assert answer.seasonality[0]["weekly"] > 0.9
    assert answer.seasonality[1] == {}
    assert answer.trend is not None
    assert np.abs(answer.trend[1] - 100).max() < 8
    assert answer.errors is not None
    known = np.abs(answer.errors[:, 0])
    assert told.wape == pytest.approx(np.nanmean(known) / 90.6, rel=0.05)
    assert told.origins == np.isfinite(known).any(axis=1).sum()


def test_too_little_history_is_said() -> None:
    values = np.full((3, 30), np.nan)
    values[0, :13], values[1, :14] = 5.0, 5.0
    answer = forecast(panel_of(values), 4)
    assert answer.problems == (
        "insufficient data: 13 known days, 14 needed",
        None,
        "insufficient data: 0 known days, 14 needed",
    )
    assert np.isnan(answer.mean[[0, 2]]).all()
    assert np.isnan(answer.upper[0.8][[0, 2]]).all()
    assert np.isnan(answer.total_lower[0.95][[0, 2]]).all()
    assert answer.mean[1] == pytest.approx([5.0] * 4)


def test_costs_below_zero_are_forecast_only_where_there_were_some() -> None:
    credits_too = np.random.default_rng(1).normal(0, 10, (1, 120))
    answer = forecast(panel_of(np.concatenate([credits_too, np.abs(credits_too)])))
    assert (answer.lower[0.95][0] < 0).all()
    assert (answer.lower[0.95][1] >= 0).all()
    assert answer.total_lower[0.95][1] >= 0


def check(answer: PanelForecast, *, negative: NDArray[np.bool_]) -> None:
    """What must be true of every forecast."""
    known = np.array([problem is None for problem in answer.problems])
    mean, total = answer.mean[known], answer.mean[known].sum(axis=1)
    assert np.isfinite(mean).all()
    # Adding up floats rounds.
    slack = 1e-9 * np.abs(mean).sum(axis=1)
    for level in LEVELS:
        assert (answer.lower[level][known] <= mean).all()
        assert (mean <= answer.upper[level][known]).all()
        assert (answer.total_lower[level][known] <= total + slack).all()
        assert (total <= answer.total_upper[level][known] + slack).all()
        assert (answer.lower[level][known & ~negative] >= 0).all()
        above = answer.upper[level][known] - mean
        tolerance = 1e-9 * (np.abs(mean) + np.abs(answer.upper[level][known]))
        assert (above[:, 7:] - above[:, :-7] >= -tolerance[:, 7:] - tolerance[:, :-7]).all()
    narrow, wide = LEVELS
    assert (answer.lower[wide][known] <= answer.lower[narrow][known]).all()
    assert (answer.upper[narrow][known] <= answer.upper[wide][known]).all()
    assert (answer.total_lower[wide][known] <= answer.total_lower[narrow][known]).all()
    assert (answer.total_upper[narrow][known] <= answer.total_upper[wide][known]).all()


@settings(max_examples=40, deadline=None)
@given(
    values=arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 60)), elements=ANYTHING),
    horizon=st.integers(1, 70),
)
def test_every_forecast_is_in_order(values: NDArray[np.float64], horizon: int) -> None:
    before = values.copy()
    answer = forecast(panel_of(values), horizon)
    check(answer, negative=np.nan_to_num(values).min(axis=1) < 0)
    np.testing.assert_array_equal(values, before)
    np.testing.assert_array_equal(forecast(panel_of(values), horizon).mean, answer.mean)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), power=st.integers(-6, 12))
def test_order_and_unit_of_money_do_not_matter(
    invented: Callable[..., Any], seed: int, power: int
) -> None:
    values = invented(seed, series=8, days=150).panel.values
    order = np.random.default_rng(seed).permutation(len(values))
    answer = forecast(panel_of(values))
    other = forecast(panel_of(values[order] * 2.0**power))
    np.testing.assert_allclose(other.mean, answer.mean[order] * 2.0**power, rtol=1e-6)
    np.testing.assert_allclose(other.upper[0.95], answer.upper[0.95][order] * 2.0**power, rtol=1e-6)
