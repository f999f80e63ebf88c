"""What people said of one anomaly answers its like, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity
from finops_cost_management.answers.feedback import Feedback, Verdict, split_known

pytestmark = pytest.mark.invented


def anomaly(day: str = "2026-05-11", impact: int = 100, **more: Any) -> Anomaly:
    columns: dict[str, Any] = {
        "date": date.fromisoformat(day),
        "dimensions": {"ServiceName": "A"},
        "currency": "USD",
        "expected_cost": Decimal(100),
        "score": float(impact),
        "severity": AnomalySeverity.LOW,
        "detector": "odd",
        **more,
    }
    return Anomaly(**columns, actual_cost=columns["expected_cost"] + impact)


def said(verdict: str, of: Anomaly, until: str | None = None) -> Feedback:
    return Feedback(
        anomaly=of,
        verdict=Verdict(verdict),
        until=date.fromisoformat(until) if until else None,
        note="",
        given=datetime(2026, 5, 12, tzinfo=UTC),
    )


ANY = pytest.mark.parametrize(
    "verdict", [said("expected", anomaly()), said("not-an-anomaly", anomaly())]
)


@ANY
def test_the_same_incident_is_known_and_may_grow_a_little(verdict: Feedback) -> None:
    assert verdict.answers(anomaly())
    assert verdict.answers(anomaly(impact=150))
    assert not verdict.answers(anomaly(impact=151))
    # An incident that lasts has more impact in all, not a day.
    lasting = anomaly("2026-05-10", 900, days=9, expected_cost=Decimal(900))
    assert verdict.answers(lasting)


@ANY
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(anomaly(impact=-50), id="side"),
        pytest.param(anomaly(dimensions={"ServiceName": "B"}), id="series"),
        pytest.param(anomaly(dimensions={"ServiceName": "A", "RegionId": "x"}), id="narrower"),
        pytest.param(anomaly(currency="EUR"), id="currency"),
        pytest.param(anomaly("2026-04-11"), id="earlier"),
    ],
)
def test_others_are_not_known(verdict: Feedback, other: Anomaly) -> None:
    assert not verdict.answers(other)


@pytest.mark.parametrize(
    ("first", "later", "known"),
    [
        ("2026-05-11", "2026-06-11", True),
        ("2026-05-11", "2026-06-12", True),
        ("2026-05-11", "2026-06-10", True),
        ("2026-05-11", "2026-06-13", False),
        ("2026-05-11", "2027-01-11", True),
        ("2026-05-31", "2026-06-30", True),
        ("2026-01-31", "2026-02-28", True),
        ("2026-05-30", "2026-06-29", True),
        ("2026-05-31", "2026-06-01", False),
    ],
)
def test_what_was_expected_is_expected_at_the_same_place_of_later_months(
    first: str,
    later: str,
    known: bool,  # noqa: FBT001 # pytest hands it over by name
) -> None:
    verdict = said("expected", anomaly(first))
    assert verdict.answers(anomaly(later)) is known
    assert not verdict.answers(anomaly(later, impact=160)), "it is larger than what was expected"


def test_what_is_planned_is_not_told_until_its_day() -> None:
    verdict = said("planned", anomaly(), until="2026-06-01")
    assert verdict.answers(anomaly("2026-05-31", impact=-99, score=-400))
    assert not verdict.answers(anomaly("2026-06-01"))
    assert not verdict.answers(anomaly("2026-05-10"))
    assert verdict.answers(anomaly("2026-05-10", days=2)), "it turned out to begin a day earlier"
    assert not verdict.answers(anomaly("2026-05-20", days=13)), "it lasts longer than planned"
    assert not verdict.answers(anomaly("2026-05-20", dimensions={}))


def test_what_is_no_anomaly_is_none_up_to_its_size() -> None:
    verdict = said("not-an-anomaly", anomaly())
    later = "2026-08-02"
    assert verdict.answers(anomaly(later))
    assert not verdict.answers(anomaly(later, impact=101, score=1)), "a larger share"
    assert not verdict.answers(anomaly(later, score=101.0)), "more surprising"
    assert verdict.answers(anomaly(later, score=101.0, detector="other")), "another scale"
    assert verdict.answers(anomaly(later, impact=900, score=1, expected_cost=Decimal(900)))
    new = said("not-an-anomaly", anomaly(expected_cost=Decimal(0)))
    assert new.answers(anomaly(later, impact=90))
    assert not new.answers(anomaly(later, impact=120, score=1))


def test_an_incident_is_known_by_any_of_its_weight() -> None:
    head = anomaly(
        also_seen=(anomaly(impact=60, dimensions={}), anomaly(impact=40, dimensions={"x_A": "1"}))
    )
    of_half = said("expected", anomaly(impact=60, dimensions={}))
    of_less = said("expected", anomaly(impact=40, dimensions={"x_A": "1"}))
    assert split_known([head], [of_half]) == ([], [head])
    assert split_known([head], [of_less]) == ([head], [])


@given(
    st.sampled_from(["expected", "not-an-anomaly"]),
    st.integers(-200, 200).filter(bool),
    st.integers(0, 200),
    st.integers(0, 400),
)
def test_every_verdict_answers_the_anomaly_itself_and_nothing_before_it(
    verdict: str, impact: int, expected: int, back: int
) -> None:
    one = anomaly(impact=impact, expected_cost=Decimal(expected))
    feedback = said(verdict, one)
    assert feedback.answers(one)
    earlier = anomaly(
        str(one.date - timedelta(days=back + 1)), impact=impact, expected_cost=Decimal(expected)
    )
    assert not feedback.answers(earlier)
