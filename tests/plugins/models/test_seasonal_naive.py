"""The last week again: the rule that every other forecaster is measured against."""

from __future__ import annotations

import numpy as np
import pytest

from finops_cost_management.testing import panel_of
from finops_models.seasonal_naive import SeasonalNaive

pytestmark = pytest.mark.real_component


def test_the_last_week_is_repeated() -> None:
    values = np.arange(1.0, 29.0)
    answer = SeasonalNaive().forecast_costs(panel_of(values), 10, (0.8,))
    assert answer.mean[0].tolist() == [22, 23, 24, 25, 26, 27, 28, 22, 23, 24]
    assert answer.models == ("seasonal naive",)


def test_a_missing_day_is_that_of_the_week_before() -> None:
    values = np.arange(1.0, 29.0)
    values[-7] = np.nan
    answer = SeasonalNaive().forecast_costs(panel_of(values), 7, (0.8,))
    assert answer.mean[0].tolist() == [15, 23, 24, 25, 26, 27, 28]


def test_too_little_history_is_said() -> None:
    answer = SeasonalNaive().forecast_costs(panel_of(np.ones(9)), 7, (0.8,))
    assert answer.problems == ("insufficient data: 9 known days, 14 needed",)
