"""Forecasts of the past, and the bands that come of their errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_models.backtest import accuracies, origins, seasonal_naive, truth_after
from finops_models.conformal import calibrate

pytestmark = pytest.mark.invented

NAN = float("nan")


@given(days=st.integers(1, 800), horizon=st.integers(1, 400), at_most=st.integers(1, 20))
def test_origins_have_a_past_and_a_future(days: int, horizon: int, at_most: int) -> None:
    everything = origins(days, horizon)
    assert everything == sorted(set(everything), reverse=True)
    assert all(0 < origin < days for origin in everything)
    few = origins(days, horizon, at_most=at_most)
    assert len(few) == min(at_most, len(everything))
    assert set(few) <= set(everything)


def test_the_seasonal_naive_takes_the_last_known_day_of_the_weekday() -> None:
    values = np.array([[1, 2, 3, 4, 5, 6, 7, 8, NAN, NAN, 11, NAN, NAN, NAN], [NAN] * 13 + [9]])
    assert seasonal_naive(values, 9).tolist() == [[8, 2, 3, 11, 5, 6, 7, 8, 2], [9.0] * 9]


def test_what_is_yet_to_come_is_unknown() -> None:
    truth = truth_after(np.array([[1.0, 2.0, 3.0]]), 2, 3)
    np.testing.assert_array_equal(truth, [[3.0, NAN, NAN]])


def test_accuracy_is_that_of_the_textbook() -> None:
    values = np.array([[10.0, 20, 30, 40, 50, 60, 70, 12, 22, 32, 42, 52, 62, 72]])
    errors = np.array([[[1.0, -3.0]], [[2.0, NAN]]])
    (told,) = accuracies(errors, [12, 13], values, {0.8: np.array([0.75])})
    assert told is not None
    assert told.mase == pytest.approx((1 + 3 + 2) / 3 / 2)
    assert told.wape == pytest.approx((1 + 3 + 2) / (62 + 72 + 72))
    assert (told.coverage, told.origins) == ({0.8: 0.75}, 2)
    nothing = accuracies(np.full((1, 1, 2), NAN), [12], values, {})
    assert list(nothing) == [None]


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_bands_of_exchangeable_errors_hold_what_they_promise(level: float) -> None:
    random = np.random.default_rng(5)
    size = 10 ** random.uniform(-3, 6, 300)
    drawn = random.standard_t(4, (13, 300, 30)) * size[:, None]
    values = random.normal(0, 1, (300, 90)) * size[:, None]
    starts = list(range(400, 340, -5))
    band = calibrate(drawn[1:], starts, values).bands(400, level)
    held = (drawn[0] >= -band.below) & (drawn[0] <= band.above)
    assert held.mean() == pytest.approx(level, abs=0.02)
    total = drawn[0].sum(axis=1)
    whole = (total >= -band.total_below) & (total <= band.total_above)
    assert whole.mean() == pytest.approx(level, abs=0.06)


def test_without_an_error_there_is_no_band() -> None:
    band = calibrate(np.zeros((3, 1, 5)), [50, 43, 36], np.full((1, 60), 4.0)).bands(60, 0.95)
    assert band.above.max() == band.below.max() == 0


def test_one_wild_error_does_not_widen_the_bands_of_a_series_by_as_much() -> None:
    random = np.random.default_rng(6)
    errors = random.normal(0, 1, (12, 50, 30))
    values = random.normal(100, 1, (50, 200))
    starts = list(range(170, 110, -5))
    usual = calibrate(errors, starts, values).bands(200, 0.8).above[0]
    errors[3, 0, 4] = 1e6
    assert calibrate(errors, starts, values).bands(200, 0.8).above[0].mean() < 2 * usual.mean()
