from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.answers.forecasts import PanelForecast
from finops_cost_management.backtest.forecast_errors import ErrorSums, relative_error

pytestmark = pytest.mark.invented

NAN = float("nan")
ALL = np.array([True, True])


def answer(mean: Sequence[Sequence[float]], width: float, total_width: float) -> PanelForecast:
    values = np.array(mean, dtype=np.float64)
    total = values.sum(axis=1)
    return PanelForecast(
        mean=values,
        lower={0.8: values - width},
        upper={0.8: values + width},
        total_lower={0.8: total - total_width},
        total_upper={0.8: total + total_width},
        models=("m",) * len(values),
        problems=(None,) * len(values),
    )


def add(sums: ErrorSums, mean: Any, truth: Any, scale: Any, *, width: float = 2) -> None:
    forecast = answer(mean, width, 5)
    rows = np.arange(len(forecast.mean))
    sums.add(forecast, rows, np.array(truth, dtype=np.float64), np.array(scale))


def test_errors_of_series_and_of_all_together() -> None:
    sums = ErrorSums(2, (0.8,))
    add(sums, [[10, 10], [20, 20]], [[11, 13], [20, 14]], [2.0, 1.0])
    add(sums, [[10, 10], [20, 20]], [[10, 10], [20, 20]], [1.0, NAN])

    first, both = sums.of(0), sums.of_all(ALL)
    assert first.forecasts == 2
    assert first.mase == pytest.approx((2 / 2 + 0) / 2)
    assert first.wape == pytest.approx(4 / 44)
    assert first.total_error == pytest.approx(4 / 44)
    assert first.sum_error is None
    assert first.coverage == {0.8: 3 / 4}
    assert first.total_coverage == {0.8: 1.0}
    assert both.mase == pytest.approx((0.5 + 3.0) / 2)
    assert both.wape == pytest.approx(10 / 118)
    assert both.total_error == pytest.approx((4 + 6) / (24 + 34 + 20 + 40))
    # What one series costs more, the other costs less: together they are closer.
    assert both.sum_error == pytest.approx(2 / (58 + 60))
    assert both.coverage == {0.8: 6 / 8}
    assert both.total_coverage == {0.8: 3 / 4}


def test_unknown_days_do_not_count_and_spoil_the_total() -> None:
    sums = ErrorSums(1, (0.8,))
    add(sums, [[10, 10]], [[12, NAN]], [1.0])
    one = sums.of(0)

    assert one.mase == 2.0
    assert one.wape == pytest.approx(2 / 12)
    assert (one.total_error, one.total_coverage) == (None, {0.8: None})


def test_nothing_to_compare_is_unknown_not_0() -> None:
    sums = ErrorSums(1, (0.8,))
    add(sums, [[NAN, NAN]], [[1, 1]], [1.0])
    one = sums.of_all(np.array([True]))

    assert one.forecasts == 0
    assert (one.mase, one.wape, one.total_error, one.sum_error) == (None,) * 4
    assert one.coverage == {0.8: None}


def test_costs_of_0_have_no_share_and_a_flat_history_no_scale() -> None:
    sums = ErrorSums(1, (0.8,))
    add(sums, [[1, 1]], [[0, 0]], [0.0])

    assert (sums.of(0).wape, sums.of(0).mase) == (None, None)


def test_the_relative_error_is_a_geometric_mean_over_series() -> None:
    ours, theirs = ErrorSums(2, (0.8,)), ErrorSums(2, (0.8,))
    add(ours, [[11], [11]], [[10], [10]], [1.0, 1.0])
    add(theirs, [[14], [10.25]], [[10], [10]], [1.0, 1.0])

    assert relative_error(ours, theirs, ALL) == pytest.approx((1 / 4 * 4) ** 0.5)
    assert relative_error(ours, theirs, np.array([True, False])) == pytest.approx(1 / 4)
    assert relative_error(ours, ErrorSums(2, (0.8,)), ALL) is None


CENTS = st.integers(-(10**11), 10**11).map(lambda cents: cents / 100)


@given(
    st.lists(st.lists(CENTS, min_size=3, max_size=3), min_size=2, max_size=2),
    st.floats(0.001, 1000),
)
def test_the_currency_s_size_does_not_change_shares(
    costs: list[list[float]], factor: float
) -> None:
    truth = np.array(costs)
    plain, scaled = ErrorSums(2, (0.8,)), ErrorSums(2, (0.8,))
    mean = truth * 1.1 + 1
    add(plain, mean, truth, [1.0, 2.0])
    add(scaled, mean * factor, truth * factor, [factor, 2 * factor], width=2 * factor)

    one, other = plain.of_all(ALL), scaled.of_all(ALL)
    assert one.mase == pytest.approx(other.mase, rel=1e-6)
    if one.wape is not None:
        assert one.wape == pytest.approx(other.wape, rel=1e-6)
