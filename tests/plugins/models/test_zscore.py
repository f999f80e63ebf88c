"""Standard deviations from the rolling mean of what the calendar does not explain."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from finops_cost_management.testing import panel_of
from finops_cost_management.window import DateWindow
from finops_models.zscore import ZScore, ZScoreOptions

if TYPE_CHECKING:
    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.query.panel import CostPanel

pytestmark = pytest.mark.real_component

FIRST_DAY = date(2026, 1, 1)


def detect(panel: CostPanel, **options: Any) -> list[Anomaly]:
    """What is told of all days."""
    window = DateWindow(FIRST_DAY, FIRST_DAY + timedelta(days=len(panel.dates)))
    return list(ZScore(ZScoreOptions(**options), name="z").detect_anomalies(panel, window))


def noise(days: int, *, deviation: float = 5.0) -> Any:
    """Costs of 100 a day with normal noise and no habits."""
    return np.random.default_rng(2).normal(100, deviation, days)


def test_the_score_is_in_standard_deviations() -> None:
    values = noise(150)
    values[140] = 200.0
    (found,) = detect(panel_of(values))
    assert found.date == FIRST_DAY + timedelta(days=140)
    assert found.score == pytest.approx(100 / 5, rel=0.25)
    assert float(found.expected_cost) == pytest.approx(100, abs=4)


def test_sensitivity_moves_the_threshold() -> None:
    values = noise(150)
    values[140] = 122.0
    assert [found.date for found in detect(panel_of(values))] == [FIRST_DAY + timedelta(days=140)]
    assert not detect(panel_of(values), sensitivity=0.005)


def test_weekends_and_monthly_charges_are_no_news() -> None:
    days = [FIRST_DAY + timedelta(days=day) for day in range(240)]
    values = noise(240, deviation=2)
    values *= [0.4 if day.weekday() >= 5 else 1.0 for day in days]
    values += [500.0 if day.day == 1 else 0.0 for day in days]
    assert {found.date.month for found in detect(panel_of(values))} <= {2, 3}


def test_an_incident_blinds_it_for_the_lookback() -> None:
    values = noise(200)
    values[[120, 150, 190]] = 900.0, 200.0, 200.0
    told = {(found.date - FIRST_DAY).days for found in detect(panel_of(values))}
    assert told == {120, 190}


def test_a_longer_lookback_remembers_longer() -> None:
    values = noise(200)
    values[[120, 190]] = 900.0, 200.0
    told = {(found.date - FIRST_DAY).days for found in detect(panel_of(values), lookback_days=90)}
    assert told == {120}


def test_too_little_history_is_not_judged() -> None:
    values = np.append(noise(40), 1000.0)
    assert not detect(panel_of(values), history=41)
    assert detect(panel_of(values), history=40)
