"""The forest picks odd days, without knowing the future, for series of any size."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from finops_cost_management.testing import panel_of
from finops_cost_management.window import DateWindow
from finops_models.isolation_forest import IsolationForest, IsolationForestOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.query.panel import CostPanel

pytestmark = pytest.mark.real_component

FIRST_DAY = date(2025, 1, 1)


def detect(
    panel: CostPanel, start: int = 0, end: int | None = None, **options: Any
) -> list[Anomaly]:
    """Anomalies on the days from start to end, counted from the first of the panel."""
    first = panel.dates[0].item()
    end = len(panel.dates) if end is None else end
    window = DateWindow(first + timedelta(days=start), first + timedelta(days=end))
    forest = IsolationForest(IsolationForestOptions(**options), name="forest")
    return list(forest.detect_anomalies(panel, window))


def noise(series: int = 8, days: int = 150) -> Any:
    """Costs of 10 to 10 million a day with 3 % noise."""
    random = np.random.default_rng(2)
    size = 10.0 ** np.arange(1, series + 1)[:, None]
    return size * random.normal(1, 0.03, (series, days))


def test_odd_days_are_found_in_series_of_any_size() -> None:
    values = noise()
    values[0, 140] *= 2
    values[7, 143] *= 0.3
    found = detect(panel_of(values, start=FIRST_DAY), 100)
    assert {(one.label, (one.date - FIRST_DAY).days) for one in found} == {
        ("Service 0", 140),
        ("Service 7", 143),
    }


def test_the_score_is_signed() -> None:
    values = noise()
    values[0, 140] *= 2
    values[7, 143] *= 0.3
    up, down = detect(panel_of(values, start=FIRST_DAY), 100)
    assert up.score > 4
    assert down.score < -4


def test_a_higher_contamination_tells_more(invented: Callable[..., Any]) -> None:
    panel = invented(4).panel
    few, many = (
        sum(one.days for one in detect(panel, 60, contamination=share)) for share in (0.002, 0.05)
    )
    assert 0 < few < many


def test_planted_incidents_are_found_and_habits_mostly_not(invented: Callable[..., Any]) -> None:
    costs = invented(11)
    found = {
        (int(one.label.removeprefix("Service ")), (one.date - FIRST_DAY).days)
        for one in detect(costs.panel, 60)
    }
    right = {flag for flag in found if costs.at(*flag)}
    told = [
        any((row, first + day) in found for day in range(days + 1))
        for row, first, days in costs.incidents
    ]
    assert len(right) / len(found) > 0.9
    assert np.mean(told) > 0.75


def test_the_window_does_not_change_a_verdict(invented: Callable[..., Any]) -> None:
    panel = invented(5, series=20, days=160).panel
    at_once = {
        (one.label, one.date + timedelta(days=day))
        for one in detect(panel, 130, trees=20)
        for day in range(one.days)
    }
    daily = {
        (one.label, one.date)
        for day in range(130, 160)
        for one in detect(panel, day, day + 1, trees=20)
    }
    assert daily
    assert daily <= at_once


def test_before_there_is_a_forest_nothing_is_told() -> None:
    values = noise(series=1, days=40)
    values[0, 35] *= 3
    assert not detect(panel_of(values, start=FIRST_DAY), history=14, lookback_days=28)
