"""Prophet is told of the billing calendar, kept quiet, and never stops a panel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from finops_cost_management.errors import ConfigurationError
from finops_cost_management.testing import panel_of
from finops_models.prophet import Prophet, ProphetOptions

pytest.importorskip(
    "prophet", reason="prophet is not installed: pip install finops-models[prophet]"
)
pytestmark = pytest.mark.real_component


def week(days: int) -> Any:
    """Costs of about 100 a day, two thirds of it at weekends, with 2 % noise."""
    noise = np.random.default_rng(3).normal(1, 0.02, days)
    return 100 * noise * np.where(np.arange(days) % 7 >= 5, 0.67, 1.0)


def test_growth_weekdays_and_the_first_of_the_month_go_on() -> None:
    panel = panel_of(week(230) + 0.3 * np.arange(230))
    first = panel.dates == panel.dates.astype("datetime64[M]")
    truth = panel.values[0] + np.where(first, 300.0, 0.0)
    answer = Prophet().forecast_costs(panel_of(truth[:200]), 30, (0.8,))
    assert answer.models == ("prophet",)
    assert answer.mean[0] == pytest.approx(truth[200:], rel=0.08)


def test_without_seasonality_it_is_a_trend() -> None:
    trend = Prophet(ProphetOptions(include_seasonality=False))
    answer = trend.forecast_costs(panel_of(week(120)), 14, (0.8,))
    assert np.abs(np.diff(answer.mean[0], 2)).max() < 1e-6


def test_thirty_known_days_are_needed() -> None:
    values = np.full((2, 40), np.nan)
    values[0, -29:], values[1, -30:] = week(29), week(30)
    answer = Prophet().forecast_costs(panel_of(values), 7, (0.8,))
    assert answer.problems == ("insufficient data: 29 known days, 30 needed", None)
    with pytest.raises(ValidationError):
        ProphetOptions(history=29)


def test_public_holidays_of_a_country_are_known() -> None:
    # From 2024-06-01 on: Christmas Day was cheap in 2024 and will be in 2025.
    values = week(570)
    values[207] = 20.0
    panel = panel_of(values)
    days = np.arange(np.datetime64("2024-06-01"), np.datetime64("2024-06-01") + 570)
    panel = type(panel)(values=panel.values, dates=days, keys=panel.keys, currencies=("USD",))
    holiday = int((np.datetime64("2025-12-25") - days[-1]).astype(int)) - 1
    plain = Prophet().forecast_costs(panel, 10, (0.8,)).mean[0]
    knowing = Prophet(ProphetOptions(country="US")).forecast_costs(panel, 10, (0.8,)).mean[0]
    assert knowing[holiday] < 0.6 * plain[holiday]


def test_an_unknown_country_is_said() -> None:
    with pytest.raises(ConfigurationError, match="country 'XX'"):
        Prophet(ProphetOptions(country="XX")).forecast_costs(panel_of(week(60)), 7, (0.8,))


def test_nothing_is_printed_or_logged(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    Prophet().forecast_costs(panel_of(week(60)), 7, (0.8,))
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
