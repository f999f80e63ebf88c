"""The seasonal detector finds what was planted and is silent on habits."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity
from finops_cost_management.query.panel import CostPanel
from finops_cost_management.testing import panel_of
from finops_cost_management.window import DateWindow
from finops_models.seasonal import Seasonal, SeasonalOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

pytestmark = pytest.mark.invented

FIRST_DAY = date(2026, 1, 1)
ANYTHING = st.one_of(
    st.sampled_from([0.0, np.nan, -5.0, 1e-9, 1.0, 100.0, 1e12, 1e26, 1e300, -1e300]),
    st.floats(-1e6, 1e6, allow_subnormal=False),
)


def detect(
    panel: CostPanel, start: int = 0, end: int | None = None, **options: Any
) -> list[Anomaly]:
    """Anomalies on the days from start to end, counted from the first of the panel."""
    first = panel.dates[0].item()
    end = len(panel.dates) if end is None else end
    window = DateWindow(first + timedelta(days=start), first + timedelta(days=end))
    return list(Seasonal(SeasonalOptions(**options), name="watch").detect_anomalies(panel, window))


def flags(panel: CostPanel, anomalies: Sequence[Anomaly]) -> set[tuple[int, int]]:
    """(series, day) of each told day, counted from the start of the panel."""
    row_of = {key["ServiceName"]: row for row, key in enumerate(panel.keys)}
    first = panel.dates[0].item()
    return {
        (row_of[found.dimensions["ServiceName"]], (found.date - first).days + day)
        for found in anomalies
        for day in range(found.days)
    }


def steady(days: int = 120, *, seed: int = 7) -> NDArray[np.float64]:
    """One series of about 100 a day with 3 % noise, a third less at weekends."""
    noise = np.random.default_rng(seed).normal(1, 0.03, days)
    return 100 * noise * np.where(np.arange(days) % 7 >= 5, 0.67, 1.0)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_planted_incidents_are_found_and_habits_are_not(
    invented: Callable[..., Any], seed: int
) -> None:
    costs = invented(seed)
    found = flags(costs.panel, detect(costs.panel, 60))
    right = {flag for flag in found if costs.at(*flag)}
    told = [
        any((row, first + day) in found for day in range(days + 1))
        for row, first, days in costs.incidents
    ]
    assert len(right) / len(found) > 0.97
    assert np.mean(told) > 0.9


def test_series_with_habits_alone_alarm_less_than_once_in_ten_years(
    invented: Callable[..., Any],
) -> None:
    costs = invented(21, series=90, days=400, incidents=False)
    assert len(detect(costs.panel, 70)) <= 90 * 330 / 3650


@pytest.mark.parametrize("offset", [0, 1, 14, -1])
def test_a_monthly_charge_is_news_at_most_twice(offset: int) -> None:
    values = steady(300)
    days = [FIRST_DAY + timedelta(days=day) for day in range(300)]
    charged = [(day - timedelta(days=offset)).day == 1 for day in days]
    panel = panel_of(values + np.where(charged, 250.0, 0.0))
    occurrences = np.flatnonzero(charged)
    assert {day for _, day in flags(panel, detect(panel))} <= set(occurrences[:2].tolist())


def test_a_monthly_price_spread_over_its_days_is_no_news() -> None:
    days = [FIRST_DAY + timedelta(days=day) for day in range(400)]
    length = [(day.replace(day=28) + timedelta(days=4)).replace(day=1) for day in days]
    spread = [3000.0 / (month - timedelta(days=1)).day for month in length]
    assert detect(panel_of(np.array(spread)), min_share=0.0) == []


def test_a_new_level_is_told_for_a_few_days_and_then_accepted() -> None:
    values = steady(160)
    values[100:] *= 2
    panel = panel_of(values)
    told = sorted(day for _, day in flags(panel, detect(panel, 60)))
    assert told[0] == 100
    assert told[-1] <= 104


def test_the_end_of_an_incident_is_no_news() -> None:
    values = steady(160)
    values[100:106] *= 3
    panel = panel_of(values)
    assert {day for _, day in flags(panel, detect(panel, 60))} <= {100, 101, 102, 103}


def test_an_incident_of_last_month_does_not_excuse_the_same_day_of_this_month() -> None:
    values = steady(160)
    values[80:86] += 150
    values[84 + 28 : 84 + 31] += 150
    panel = panel_of(values)
    told = {day for _, day in flags(panel, detect(panel, 100))}
    assert {112, 113} <= told


def test_missing_days_are_skipped_and_do_not_pass_for_a_drop() -> None:
    values = steady(160)
    values[90:101] = np.nan
    values[130] = np.nan
    values[131] += 200
    panel = panel_of(values)
    assert flags(panel, detect(panel, 60)) == {(0, 131)}


def test_a_service_that_begins_is_told_once() -> None:
    values = steady(160)
    values[:100] = 0
    panel = panel_of(values)
    assert flags(panel, detect(panel)) == {(0, 100)}


def test_a_service_that_ends_is_told() -> None:
    values = steady(160)
    values[100:] = 0
    panel = panel_of(values)
    told = {day for _, day in flags(panel, detect(panel, 60))}
    assert 100 in told
    assert max(told) <= 104


@pytest.mark.parametrize(("known", "judged"), [(27, False), (28, True)])
def test_a_series_with_too_little_history_is_not_judged(*, known: int, judged: bool) -> None:
    values = np.append(steady(known), 1000.0)
    assert bool(detect(panel_of(values))) is judged


def test_the_answer_is_exact_money_with_its_reasons() -> None:
    values = np.full(100, 70.1)
    values[95] = 210.3
    (found,) = detect(panel_of(values))
    assert found.date == FIRST_DAY + timedelta(days=95)
    assert (found.actual_cost, found.expected_cost) == (Decimal("210.3"), Decimal("70.1"))
    assert (found.currency, found.detector, found.label) == ("USD", "watch", "Service 0")
    assert found.score == pytest.approx(69.2, abs=0.1)
    assert found.confidence == pytest.approx(1.0)
    assert found.severity is AnomalySeverity.CRITICAL


def test_severity_is_the_lower_rank_of_surprise_and_impact() -> None:
    values = np.array([[10.0] * 100, [990.0] * 100])
    values[0, 95] = 25.0
    panel = panel_of(values)
    (small,) = detect(panel)
    (large,) = detect(panel, severity_impact=(0.001, 0.01, 0.015))
    assert small.score == large.score
    assert (small.severity, large.severity) == (AnomalySeverity.LOW, AnomalySeverity.CRITICAL)
    (moderate,) = detect(
        panel, severity_impact=(0.001, 0.01, 0.015), severity_surprise=(5, 1e3, 1e4)
    )
    assert moderate.severity is AnomalySeverity.MEDIUM


def test_currencies_are_not_added_up_for_severity() -> None:
    values = np.array([[10.0] * 100, [990.0] * 100])
    values[0, 95] = 25.0
    dollars = panel_of(values)
    mixed = CostPanel(
        values=values, dates=dollars.dates, keys=dollars.keys, currencies=("EUR", "JPY")
    )
    (found,) = detect(mixed)
    assert found.severity is AnomalySeverity.CRITICAL


def test_small_money_is_not_told() -> None:
    values = np.full(100, 100.0)
    values[95] = 160.0
    panel = panel_of(values)
    assert len(detect(panel, min_cost_threshold=Decimal(60), min_share=0.6)) == 1
    assert detect(panel, min_cost_threshold=Decimal("60.01")) == []
    assert detect(panel, min_share=0.61) == []


def test_many_series_need_more_surprise_than_one() -> None:
    values = np.full((5000, 100), 100.0)
    values[0, 95] = 109.3
    assert detect(panel_of(values[:1])) != []
    assert detect(panel_of(values)) == []
    assert detect(panel_of(values), false_discovery_rate=1.0) != []


@pytest.mark.parametrize("level", [0.0, 1e-9, 0.07, 99.99, -3.5, 1e15])
def test_a_constant_series_never_alarms(level: float) -> None:
    panel = panel_of(np.full((3, 120), level))
    assert detect(panel, min_cost_threshold=Decimal(0), min_share=0.0, sensitivity=0.5) == []


def test_days_outside_the_panel_and_empty_panels_are_quiet() -> None:
    assert detect(panel_of(steady(60)), 200, 210) == []
    assert detect(panel_of(np.empty((0, 60)))) == []


@settings(max_examples=60, deadline=None)
@given(
    values=arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 70)), elements=ANYTHING)
)
def test_no_costs_crash_it(values: NDArray[np.float64]) -> None:
    for found in detect(panel_of(values), min_cost_threshold=Decimal(0), sensitivity=0.5):
        assert np.isfinite(found.score)
        assert found.expected_cost.is_finite()
        assert int(found.actual_cost.as_tuple().exponent) >= -12
        assert int(found.expected_cost.as_tuple().exponent) >= -6


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), power=st.integers(-6, 12))
def test_order_and_unit_of_money_do_not_matter(
    invented: Callable[..., Any], seed: int, power: int
) -> None:
    panel = invented(seed, series=12, days=150).panel
    scale = 2.0**power
    order = np.random.default_rng(seed).permutation(len(panel))
    other = CostPanel(
        values=panel.values[order] * scale,
        dates=panel.dates,
        keys=tuple(panel.keys[row] for row in order),
        currencies=panel.currencies,
    )
    floor = Decimal(16)
    expected = {
        (found.label, found.date, found.severity)
        for found in detect(panel, 40, min_cost_threshold=floor)
    }
    scaled_floor = floor * Decimal(scale)
    found = {
        (one.label, one.date, one.severity)
        for one in detect(other, 40, min_cost_threshold=scaled_floor)
    }
    assert found == expected


@settings(max_examples=25, deadline=None)
@given(
    values=arrays(np.float64, (2, 110), elements=ANYTHING),
    day=st.integers(30, 109),
)
def test_a_verdict_knows_nothing_of_later_days(values: NDArray[np.float64], day: int) -> None:
    options = SeasonalOptions(sensitivity=0.5, settling_days=0)
    panel, known = panel_of(values), panel_of(values[:, : day + 1])
    for now, then in zip(
        Seasonal(options).surprises(panel, slice(20, 110)),
        Seasonal(options).surprises(known, slice(day, day + 1)),
        strict=True,
    ):
        np.testing.assert_array_equal(now[:, day - 20], then[:, 0])


def test_the_window_does_not_change_a_verdict(invented: Callable[..., Any]) -> None:
    panel = invented(5, series=30, days=240).panel
    together = flags(panel, detect(panel, 190))
    assert together
    alone = [flags(panel, detect(panel, day, day + 1)) for day in range(190, 240)]
    # Days between two told days of one incident are known to belong to it in hindsight alone.
    assert set().union(*alone) <= together
    assert {(row, day) for row, day in together if (row, day - 1) not in together} <= set().union(
        *alone
    )


def test_a_drift_that_no_single_day_shows_is_told() -> None:
    values = steady(300)
    values[200:] *= 1.012 ** np.minimum(np.arange(100), 30)
    told = sorted(day for _, day in flags(panel_of(values), detect(panel_of(values), 60)))
    assert told
    assert 200 < told[0] <= 225


def test_growth_that_goes_on_is_no_drift() -> None:
    values = steady(400) * 1.003 ** np.arange(400)
    assert detect(panel_of(values), 60) == []


def test_a_charge_that_came_each_month_and_fails_to_appear_is_told() -> None:
    values = steady(200)
    firsts = [day for day in range(200) if (FIRST_DAY + timedelta(days=day)).day == 1]
    values[firsts] += 300
    values[firsts[5]] -= 300
    panel = panel_of(values)
    (found,) = detect(panel, 100)
    assert found.date == FIRST_DAY + timedelta(days=firsts[5])
    assert found.cost_impact < -200


def test_a_weekend_that_costs_like_a_weekday_is_told() -> None:
    values = steady(160)
    weekend = [day for day in (110, 111, 117, 118) if day % 7 >= 5]
    assert weekend
    values[weekend] /= 0.67
    told = {day for _, day in flags(panel_of(values), detect(panel_of(values), 60))}
    assert min(weekend) in told


def test_days_of_use_at_random_are_no_news_but_their_size_is() -> None:
    random = np.random.default_rng(3)
    values = np.where(random.random(300) < 0.4, random.normal(50, 2, 300), 0.0)
    values[250] = 200.0
    assert flags(panel_of(values), detect(panel_of(values), 60)) == {(0, 250)}


def test_a_holiday_like_a_weekend_is_no_news() -> None:
    start = date(2025, 9, 1)
    values = steady(150)
    closed = (date(2025, 12, 25) - start).days
    values[closed : closed + 2] *= 0.67
    assert detect(panel_of(values, start=start), 60) == []


def test_newest_days_that_are_below_in_most_series_are_still_filling_up() -> None:
    values = np.array([steady(120, seed=seed) for seed in range(6)])
    values[:, 119] *= 0.5
    values[5, 119] *= 8
    assert flags(panel_of(values), detect(panel_of(values), 119)) == {(5, 119)}
    assert len(detect(panel_of(values), 119, settling_days=0)) == 6
    assert len(detect(panel_of(values[:4]), 119)) == 4, "four series cannot tell"
    values[:, 117:119] *= 0.5
    assert len(detect(panel_of(values), 119)) > 1, "they were below before: that is no late data"


def test_lookback_bounds_what_is_remembered() -> None:
    values = steady(400)
    values[:200] *= 5
    assert detect(panel_of(values), 399, lookback_days=60) == []


def test_a_fee_a_month_and_nothing_else_is_no_news() -> None:
    days = [FIRST_DAY + timedelta(days=day) for day in range(300)]
    values = np.array([692.8 if day.day == 1 else 0.0 for day in days])
    assert flags(panel_of(values), detect(panel_of(values), 85)) == set()


def test_a_service_that_comes_back_after_months_is_told() -> None:
    values = np.zeros(300)
    values[100:110] = values[220:225] = 101.28
    told = {day for _, day in flags(panel_of(values), detect(panel_of(values)))}
    assert {100, 220} <= told


def test_who_alarms_often_must_have_more_to_say() -> None:
    values = steady(400)
    values[100:400:25] *= 2
    told = {day for _, day in flags(panel_of(values), detect(panel_of(values), 60))}
    assert 100 in told
    assert len(told) <= 8
    assert detect(panel_of(values), 375) == []


@pytest.mark.parametrize("steps", [(3.0, 2.0, 4.0), (-1.0, 2.0, 3.0)])
def test_severity_steps_must_rise(steps: tuple[float, float, float]) -> None:
    with pytest.raises(ValidationError, match="must not"):
        SeasonalOptions(severity_surprise=steps)
