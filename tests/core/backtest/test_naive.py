from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.backtest.naive import rolling_mean, seasonal_naive
from finops_cost_management.query.panel import CostPanel
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.invented

MakePanel = Callable[..., CostPanel]
FIRST = date(2026, 1, 5)


def all_days(panel: CostPanel) -> DateWindow:
    return DateWindow(FIRST, FIRST + timedelta(days=len(panel.dates)))


def test_the_rule_alarms_beyond_three_deviations(make_panel: MakePanel) -> None:
    wave = [100.0, 102.0] * 20  # mean 101, deviation 1
    panel = make_panel([*wave, 103.9], [*wave, 104.1], [*wave, 97.9], [*wave, float("nan")])
    found = rolling_mean(panel, all_days(panel))

    assert [(one.dimensions["ServiceName"], one.days) for one in found] == [("s1", 1), ("s2", 1)]
    assert found[0].expected_cost == 101
    assert found[0].actual_cost == Decimal("104.1")
    assert found[0].date == FIRST + timedelta(days=40)


def test_each_day_knows_only_the_past(make_panel: MakePanel) -> None:
    costs = list(np.random.default_rng(1).normal(100, 10, 60))
    short = make_panel(costs[:50])
    long = make_panel([*costs[:50], *(9_000.0 for _ in costs[50:])])

    assert rolling_mean(short, all_days(short)) == rolling_mean(long, all_days(short))


def test_a_constant_series_never_alarms_and_two_weeks_are_needed(make_panel: MakePanel) -> None:
    panel = make_panel([0.1] * 90)
    assert rolling_mean(panel, all_days(panel)) == []
    young = make_panel([0.1] * 13 + [9.0])
    assert rolling_mean(young, all_days(young)) == []
    old = make_panel([0.1] * 14 + [9.0])
    assert len(rolling_mean(old, all_days(old))) == 1


def test_adjacent_days_are_one_alert(make_panel: MakePanel) -> None:
    panel = make_panel([*[100.0, 102.0] * 20, 150.0, 160.0])
    (one,) = rolling_mean(panel, all_days(panel))

    assert (one.days, one.actual_cost) == (2, Decimal(310))


def test_the_forecast_is_the_newest_known_cost_of_the_weekday(make_panel: MakePanel) -> None:
    week = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    newer = [11.0, float("nan"), 13.0, 14.0, 15.0, 16.0, 17.0]
    answer = seasonal_naive(make_panel([9.0, *week, *newer]), 9, (0.8,))

    assert answer.mean.tolist() == [[11.0, 2.0, 13.0, 14.0, 15.0, 16.0, 17.0, 11.0, 2.0]]
    assert answer.problems == (None,)


def test_bands_widen_by_the_week_and_hold_what_they_say(make_panel: MakePanel) -> None:
    errors = [3.0, -3.0] * 49
    costs = [100.0] * 7
    for error in errors:
        costs.append(costs[-7] + error)
    answer = seasonal_naive(make_panel(costs), 14, (0.8, 0.95))
    width = answer.upper[0.95] - answer.lower[0.95]

    assert width[0, 0] == pytest.approx(2 * 1.96 * 3.0, rel=0.01)
    assert width[0, 7] == pytest.approx(width[0, 0] * 2**0.5)
    assert (answer.upper[0.8] < answer.upper[0.95]).all()
    total = answer.total_upper[0.8] - answer.total_lower[0.8]
    assert 0 < total[0] < (answer.upper[0.8] - answer.lower[0.8]).sum()


def test_a_weekday_without_a_cost_is_a_problem(make_panel: MakePanel) -> None:
    for known in ([1.0], [1.0] * 6, [float("nan")] * 30):
        answer = seasonal_naive(make_panel(known), 5, (0.8,))
        assert answer.problems[0] is not None


@given(
    st.lists(
        st.floats(-1e12, 1e12) | st.just(float("nan")) | st.just(0.0), min_size=1, max_size=60
    ),
    st.integers(1, 20),
)
def test_no_history_is_a_crash(costs: list[float], horizon: int) -> None:
    values = np.array([costs])
    panel = CostPanel(
        values=values,
        dates=np.arange(np.datetime64(FIRST), np.datetime64(FIRST) + values.shape[1]),
        keys=({"ServiceName": "s"},),
        currencies=("USD",),
    )
    rolling_mean(panel, all_days(panel))
    answer = seasonal_naive(panel, horizon, (0.8,))
    told = np.isfinite(answer.mean)

    assert answer.mean.shape == (1, horizon)
    assert (answer.lower[0.8] <= answer.mean)[told].all()
    assert (answer.mean <= answer.upper[0.8])[told].all()
