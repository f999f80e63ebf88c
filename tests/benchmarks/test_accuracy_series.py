"""The made-up series are what their labels say, and the same each time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from accuracy.billing_days import BillingDays
from accuracy.business_series import business_series
from accuracy.cost_series import HABITS, GeneratedCosts, generate
from accuracy.incidents import KINDS

pytestmark = pytest.mark.invented

SERIES, DAYS = 300, 400


@pytest.fixture(scope="module")
def costs() -> GeneratedCosts:
    return generate(SERIES, DAYS, seed=7)


def _undisturbed(habit: str) -> tuple[BillingDays, np.ndarray]:
    costs = generate(SERIES, DAYS, seed=7, anomalies=False)
    rows = [row for row, own in enumerate(costs.habits) if own == habit]
    return BillingDays(costs.panel.dates), costs.panel.values[rows]


def test_a_seed_is_one_panel(costs: GeneratedCosts) -> None:
    again, other = generate(SERIES, DAYS, seed=7), generate(SERIES, DAYS, seed=8)

    assert np.array_equal(costs.panel.values, again.panel.values)
    assert (costs.events, costs.habits, costs.planned) == (
        again.events,
        again.habits,
        again.planned,
    )
    assert not np.array_equal(costs.panel.values, other.panel.values)


def test_every_habit_and_every_kind_of_incident_occurs(costs: GeneratedCosts) -> None:
    events = [*costs.events, *generate(SERIES, DAYS, seed=8).events]

    assert set(costs.habits) == set(HABITS)
    assert {event.kind for event in events} == set(KINDS)
    assert 1.0 < len(costs.events) / SERIES < 1.6
    assert {event.kind for event in costs.planned} == {"commitment", "deployment"}


def test_histories_begin_without_incidents_and_incidents_lie_apart(costs: GeneratedCosts) -> None:
    by_series: dict[int, list[tuple[int, int]]] = {}
    for event in costs.events:
        assert 90 <= event.start < event.end
        assert event.start < DAYS
        by_series.setdefault(event.series, []).append((event.start, event.end))
    pairs = [pair for spans in by_series.values() for pair in pairwise(spans)]

    assert pairs
    assert all(end + 14 < start for (_, end), (start, _) in pairs)


def test_incidents_change_only_days_from_their_first_on(costs: GeneratedCosts) -> None:
    calm = generate(SERIES, DAYS, seed=7, anomalies=False).panel.values
    first = {event.series: event for event in reversed(costs.events)}

    assert generate(SERIES, DAYS, seed=7, anomalies=False).events == ()
    for row in range(SERIES):
        same = costs.panel.values[row] == calm[row]
        if row not in first:
            assert same.all()
        elif first[row].kind != "new_service":
            assert same[: first[row].start].all()
            assert not same[first[row].start : first[row].end].all()


def test_single_days_are_what_their_label_says(costs: GeneratedCosts) -> None:
    calm = generate(SERIES, DAYS, seed=7, anomalies=False).panel.values
    alone = [event for event in costs.events if event.start < 200]
    changes = {
        kind: [
            costs.panel.values[event.series, event.start] - calm[event.series, event.start]
            for event in alone
            if event.kind == kind and costs.habits[event.series] != "credits"
        ]
        for kind in KINDS
    }

    assert all(change > 0 for change in changes["spike"])
    assert all(change < 0 for change in changes["drop"] + changes["credit_day"])
    assert all(change < 0 for change in changes["missing_charge"])
    assert changes["spike"]
    assert changes["drop"]
    for event in alone:
        if event.kind == "stopped_service":
            assert not costs.panel.values[event.series, event.start :].any()
        if event.kind == "new_service":
            assert not costs.panel.values[event.series, : event.start].any()


@pytest.mark.parametrize(("habit", "place"), [("month_start", 1), ("month_end", 0)])
def test_monthly_charges_come_where_months_turn(habit: str, place: int) -> None:
    days, values = _undisturbed(habit)
    turn = days.day == place if place else days.to_end <= 1

    assert (values[:, turn].max(axis=1) > 1.3 * np.median(values, axis=1)).all()


def test_monthly_prices_cost_the_same_every_month() -> None:
    days, values = _undisturbed("monthly_price")
    whole = [month for month in range(1, 12) if (days.month == month).sum() >= 28]
    bills = np.array([values[:, days.month == month].sum(axis=1) for month in whole])

    assert np.allclose(bills, bills[0], rtol=0.06)
    assert values[:, days.month_days == 30].mean() > values[:, days.month_days == 31].mean()


def test_credits_are_negative_and_scheduled_services_rest() -> None:
    _, credits_ = _undisturbed("credits")
    _, scheduled = _undisturbed("scheduled_days")

    assert (credits_ < 0).all()
    assert ((scheduled == 0).mean(axis=1) > 0.4).all()


def test_days_know_their_place_in_the_month() -> None:
    days = BillingDays.of(np.datetime64("2024-02-28"), 4)

    assert days.weekday.tolist() == [2, 3, 4, 5]
    assert days.day.tolist() == [28, 29, 1, 2]
    assert days.to_end.tolist() == [1, 0, 30, 29]
    assert days.month_days.tolist() == [29, 29, 31, 31]
    assert BillingDays.of(np.datetime64("2024-11-28"), 1).holiday.all()
    assert BillingDays.of(np.datetime64("2024-12-24"), 9).holiday.all()
    assert not BillingDays.of(np.datetime64("2024-11-21"), 3).holiday.any()


def test_business_series_are_positive_and_the_same_each_time() -> None:
    values = business_series(50, 430, seed=3).values

    assert np.isfinite(values).all()
    assert (values > 0).all()
    assert np.array_equal(values, business_series(50, 430, seed=3).values)


@pytest.mark.parametrize("size", [(0, 10), (3, 1), (3, 8), (3, 100)])
def test_small_panels_can_be_made(size: tuple[int, int]) -> None:
    assert generate(*size, seed=0).panel.values.shape == size
    assert business_series(*size, seed=0).values.shape == size
