"""What is told of surprise, and how days become incidents."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from finops_cost_management.testing import panel_of
from finops_cost_management.window import DateWindow
from finops_models.judging import JudgingOptions, judge, judged_days, tail_probability

if TYPE_CHECKING:
    from finops_cost_management.answers.anomalies import Anomaly

pytestmark = pytest.mark.invented

FIRST_DAY = date(2026, 1, 1)


def judged(actual: list[list[float]], surprise: list[list[float]], **options: Any) -> list[Anomaly]:
    """What is told where 100 was expected of every day."""
    panel = panel_of(actual)
    return judge(
        panel,
        slice(0, len(panel.dates)),
        expected=np.full(panel.values.shape, 100.0),
        surprise=np.array(surprise),
        options=JudgingOptions(**options),
        detector="watch",
    )


@pytest.mark.parametrize(
    ("sensitivity", "needed"), [(0.05, 4.0), (0.5, 3.0), (0.005, 5.0), (0.1, 3.699)]
)
def test_sensitivity_is_how_often_noise_passes_in_500_days(
    sensitivity: float, needed: float
) -> None:
    options = JudgingOptions(sensitivity=sensitivity)
    assert options.surprise_needed == pytest.approx(needed, abs=0.001)
    assert 500 * tail_probability(np.array(options.surprise_needed)) == pytest.approx(sensitivity)


@pytest.mark.parametrize("sensitivity", [0.0, 0.51])
def test_sensitivity_is_a_small_share(sensitivity: float) -> None:
    with pytest.raises(ValidationError, match="sensitivity"):
        JudgingOptions(sensitivity=sensitivity)


def test_days_in_a_row_are_one_incident_over_gaps_of_two_days_on_the_same_side() -> None:
    (incident,) = judged([[100, 150, 120, 110, 160, 100]], [[0, 9, 2, 1, 7, 0]])
    assert (incident.date, incident.days) == (FIRST_DAY + timedelta(days=1), 4)
    assert incident.actual_cost == Decimal(540)
    assert incident.expected_cost == Decimal(400)
    assert incident.score == 9


@pytest.mark.parametrize(
    ("actual", "surprise"),
    [
        ([150, 90, 150], [9, -1, 9]),
        ([150, 110, 110, 110, 150], [9, 1, 1, 1, 9]),
        ([150, float("nan"), 150], [9, float("nan"), 9]),
        ([150, 50], [9, -9]),
    ],
)
def test_other_days_between_end_an_incident(actual: list[float], surprise: list[float]) -> None:
    assert [incident.days for incident in judged([actual], [surprise])] == [1, 1]


def test_both_a_smallest_amount_and_a_smallest_share_can_be_demanded() -> None:
    options = {"min_cost_threshold": Decimal(20), "min_share": 0.3}
    assert judged([[129]], [[9]], **options) == []
    assert len(judged([[130]], [[9]], **options)) == 1
    assert judged([[130]], [[9]], min_cost_threshold=Decimal("30.01")) == []


def test_many_series_need_more_surprise_than_one() -> None:
    quiet = [[100.0]] * 4999
    surprise = [[4.3], *[[0.0]] * 4999]
    assert len(judged([[150.0]], [[4.3]])) == 1
    assert judged([[150.0], *quiet], surprise) == []
    assert len(judged([[150.0], *quiet], surprise, false_discovery_rate=1)) == 1


def test_a_surprise_against_the_difference_is_not_told() -> None:
    assert judged([[90]], [[9]]) == []


def test_days_of_the_window_are_found_in_the_panel() -> None:
    panel = panel_of(np.ones(10))
    inside = DateWindow(FIRST_DAY + timedelta(days=8), FIRST_DAY + timedelta(days=20))
    outside = DateWindow(date(2030, 1, 1), date(2030, 1, 2))
    assert judged_days(panel, inside) == slice(8, 10)
    assert judged_days(panel, outside) == slice(0, 0)


@given(
    rows=st.lists(
        st.lists(st.sampled_from([-9.0, -4.5, 0.0, 2.0, 4.5, 9.0]), min_size=12, max_size=12),
        min_size=1,
        max_size=3,
    )
)
def test_incidents_hold_every_surprising_day_once(rows: list[list[float]]) -> None:
    actual = [[100 + 10 * surprise for surprise in row] for row in rows]
    found = judged(actual, rows, false_discovery_rate=1)
    told = [(one.label, one.date + timedelta(days=day)) for one in found for day in range(one.days)]
    surprising = {
        (f"Service {row}", FIRST_DAY + timedelta(days=day))
        for row, days in enumerate(rows)
        for day, surprise in enumerate(days)
        if abs(surprise) >= 4
    }
    assert len(told) == len(set(told))
    assert surprising <= set(told)
    assert all(one.cost_impact != 0 for one in found)
