"""A straight line with weekdays and recurring charges."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from finops_cost_management.testing import panel_of
from finops_models.linear import Linear, LinearOptions

pytestmark = pytest.mark.real_component

FIRST_DAY = date(2026, 1, 1)


def test_a_straight_line_goes_on() -> None:
    line = 100.0 + 0.5 * np.arange(200)
    straight = Linear(LinearOptions(trend_damping=1.0))
    answer = straight.forecast_costs(panel_of(line), 28, (0.8,))
    assert answer.mean[0] == pytest.approx(100 + 0.5 * np.arange(200, 228), rel=0.05)
    assert answer.models == ("linear",)


def test_a_damped_line_rises_less_and_less() -> None:
    line = 100.0 + 0.5 * np.arange(200)
    steps = np.diff(
        [
            Linear(LinearOptions(trend_damping=damping))
            .forecast_costs(panel_of(line), 28, (0.8,))
            .mean[0, -1]
            for damping in (0.0, 0.9, 1.0)
        ]
    )
    assert (steps > 1).all()


def test_weekends_and_the_first_of_the_month_come_back() -> None:
    days = [FIRST_DAY + timedelta(days=day) for day in range(190)]
    values = np.array([70.0 if day.weekday() >= 5 else 100.0 for day in days])
    values *= np.random.default_rng(5).normal(1, 0.01, 190)
    values += np.array([400.0 if day.day == 1 else 0.0 for day in days])
    answer = Linear().forecast_costs(panel_of(values[:150]), 40, (0.8,))
    assert answer.mean[0] == pytest.approx(values[150:], rel=0.05)
