"""What belongs to one incident is told once, and nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity
from finops_cost_management.answers.incidents import join_days, merge_incidents

pytestmark = pytest.mark.invented

DAY = date(2026, 5, 11)


def anomaly(
    impact: int,
    dimensions: Mapping[str, str | None],
    detector: str = "services",
    *,
    expected: int = 100,
    on: int = 0,
    days: int = 1,
    currency: str = "USD",
    severity: AnomalySeverity = AnomalySeverity.LOW,
) -> Anomaly:
    return Anomaly(
        date=DAY + timedelta(days=on),
        days=days,
        dimensions=dimensions,
        currency=currency,
        expected_cost=Decimal(expected),
        actual_cost=Decimal(expected + impact),
        score=float(impact),
        severity=severity,
        detector=detector,
    )


def service(name: str, impact: int, **more: int) -> Anomaly:
    return anomaly(impact, {"ServiceName": name}, **more)  # type: ignore[arg-type] # only numbers


def total(impact: int, **more: int) -> Anomaly:
    return anomaly(impact, {}, "total", **{"expected": 1000, **more})  # type: ignore[arg-type] # only numbers


def seen(merged: Sequence[Anomaly]) -> list[tuple[str, list[str]]]:
    return [(one.label, [other.label for other in one.also_seen]) for one in merged]


def test_the_service_that_explains_half_of_the_total_leads() -> None:
    merged = merge_incidents([total(500), service("A", 300), service("B", 60, expected=10)])
    assert seen(merged) == [("A", ["all costs"]), ("B", [])]


def test_the_total_leads_where_many_small_parts_move() -> None:
    parts = [service(name, 50) for name in "ABCDEFGHIJ"]
    assert seen(merge_incidents([*parts, total(500)])) == [("all costs", list("ABCDEFGHIJ"))]


def test_a_day_that_was_billed_twice_is_one_incident() -> None:
    parts = [service("A", 600, expected=600), service("B", 300, expected=300)]
    assert seen(merge_incidents([*parts, total(1000)])) == [("A", ["all costs", "B"])]


def test_the_most_specific_series_leads_level_by_level() -> None:
    provider = anomaly(70, {"Provider": "AWS"}, "providers")
    exact = anomaly(42, {"Provider": "AWS", "ServiceName": "A"}, "both")
    assert seen(merge_incidents([total(100), provider, exact])) == [
        ("AWS / A", ["all costs", "AWS"])
    ]


def test_crossing_series_of_similar_impact_are_one_incident() -> None:
    account = anomaly(90, {"SubAccountId": "1"}, "accounts")
    assert seen(merge_incidents([account, service("A", 100)])) == [("A", ["1"])]
    assert len(merge_incidents([account, service("A", 20)])) == 2


def test_one_series_found_by_two_detectors_is_one_incident() -> None:
    long = anomaly(500, {"ServiceName": "A"}, "slow", days=5)
    short = [service("A", 30, on=0), service("A", 20, on=3)]
    assert seen(merge_incidents([long, *short])) == [("A", ["A", "A"])]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(service("A", -100), id="another side"),
        pytest.param(service("A", 100, on=1), id="another day"),
        pytest.param(anomaly(100, {"ServiceName": "A"}, currency="EUR"), id="another currency"),
        pytest.param(anomaly(100, {"ServiceName": "A"}, "total"), id="the same detector"),
    ],
)
def test_other_incidents_stay_apart(other: Anomaly) -> None:
    assert len(merge_incidents([total(100), other])) == 2


def test_other_values_of_a_dimension_are_other_charges() -> None:
    other = anomaly(100, {"ServiceName": "B", "Provider": "AWS"}, "both")
    assert len(merge_incidents([service("A", 100), other])) == 2


def test_an_incident_is_as_severe_as_any_of_its_anomalies() -> None:
    (one,) = merge_incidents(
        [service("A", 300), anomaly(500, {}, "total", severity=AnomalySeverity.CRITICAL)]
    )
    assert (one.label, one.severity) == ("A", AnomalySeverity.CRITICAL)


def test_adjacent_days_are_one_incident() -> None:
    (one,) = merge_incidents(service("A", 100 + day, on=day) for day in (2, 0, 1))
    assert (one.date, one.days, one.cost_impact) == (DAY, 3, Decimal(303))


ANOMALIES = st.lists(
    st.builds(
        anomaly,
        impact=st.integers(-50, 50).filter(bool),
        dimensions=st.dictionaries(
            st.sampled_from(["Provider", "ServiceName"]), st.sampled_from(["A", "B", None])
        ),
        detector=st.sampled_from("xyz"),
        expected=st.integers(0, 50),
        on=st.integers(0, 6),
        days=st.integers(1, 3),
        currency=st.sampled_from(["EUR", "USD"]),
        severity=st.sampled_from(AnomalySeverity),
    ),
    max_size=12,
    # Detectors judge each day of a series once.
    unique_by=lambda one: (one.detector, one.date, one.currency, str(sorted(one.dimensions))),
)


def _all(merged: Sequence[Anomaly]) -> list[str]:
    return sorted(
        f"{one.date} {one.days} {one.detector} {one.dimensions} {one.currency} {one.cost_impact}"
        for head in merged
        for one in (head, *head.also_seen)
    )


@given(ANOMALIES, st.randoms())
def test_order_does_not_matter_and_merging_again_changes_nothing(
    anomalies: list[Anomaly], random: object
) -> None:
    merged = merge_incidents(anomalies)
    shuffled = list(anomalies)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    assert _all(merge_incidents(merged)) == _all(merged)
    if len(join_days(anomalies)) == len(anomalies):
        # Where days overlap within a detector, which of them are adjacent hangs on the input.
        assert merge_incidents(shuffled) == merged


@given(ANOMALIES)
def test_nothing_is_lost_and_heads_keep_their_impact(anomalies: list[Anomaly]) -> None:
    joined = join_days(sorted(anomalies, key=lambda one: (one.date, str(one))))
    merged = merge_incidents(joined)
    told = [one for head in merged for one in (head, *head.also_seen)]
    assert len(told) <= len(joined)
    assert sum(one.cost_impact for one in told) == sum(one.cost_impact for one in anomalies)
    assert sum(one.days for one in told) == sum(one.days for one in anomalies)
    for head in merged:
        for other in head.also_seen:
            assert other.currency == head.currency
            assert (other.cost_impact > 0) == (head.cost_impact > 0)
            assert not other.also_seen
