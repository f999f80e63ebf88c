"""The lines of each dimension add up to the impact, whatever the figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity
from finops_cost_management.answers.drivers import MOST_VALUES, Breakdown, Part, drivers_of

pytestmark = pytest.mark.invented


def anomaly(expected: Decimal | int, actual: Decimal | int) -> Anomaly:
    return Anomaly(
        date=date(2026, 5, 11),
        dimensions={"ServiceName": "Compute"},
        currency="USD",
        expected_cost=Decimal(expected),
        actual_cost=Decimal(actual),
        score=9,
        severity=AnomalySeverity.LOW,
        detector="odd",
    )


def breakdown(dimension: str, *parts: tuple[str | None, int, int]) -> Breakdown:
    return Breakdown(
        dimension=dimension,
        parts=[Part(value=v, actual=Decimal(a), reference=Decimal(r)) for v, a, r in parts],
        values=len(parts),
        actual=Decimal(sum(actual for _, actual, _ in parts)),
        reference=Decimal(sum(reference for _, _, reference in parts)),
    )


def lines(one: Anomaly, *breakdowns: Breakdown) -> list[tuple[str, str | None, int]]:
    return [(line.dimension, line.value, int(line.impact)) for line in drivers_of(one, breakdowns)]


def test_the_dimension_that_explains_most_comes_first_and_a_single_value_last() -> None:
    one = anomaly(100, 200)
    account = breakdown("SubAccountId", ("1", 200, 100))
    region = breakdown("RegionId", ("a", 120, 50), ("b", 80, 50))
    resource = breakdown("ResourceId", ("vm", 180, 80), (None, 20, 20))
    assert lines(one, account, region, resource) == [
        ("ResourceId", "vm", 100),
        ("RegionId", "a", 70),
        ("RegionId", "b", 30),
        ("SubAccountId", "1", 100),
    ]


def test_of_dimensions_that_explain_as_much_the_more_specific_comes_first() -> None:
    region = breakdown("RegionId", ("a", 198, 100), ("b", 2, 0))
    resource = breakdown("ResourceId", ("vm", 197, 100), ("x", 2, 0), ("y", 1, 0))
    told = drivers_of(anomaly(100, 200), [region, resource])
    assert (told[0].dimension, told[0].value) == ("ResourceId", "vm")


def test_a_dimension_without_any_value_says_nothing() -> None:
    assert lines(anomaly(100, 200), breakdown("tags.team", (None, 200, 100))) == []


def test_what_was_expected_is_stretched_over_the_values() -> None:
    # The weeks before cost 80 where the detector, knowing of growth, expected 100.
    told = lines(anomaly(100, 200), breakdown("RegionId", ("a", 150, 40), ("b", 50, 40)))
    assert told == [("RegionId", "a", 100)]


def test_what_no_value_explains_is_a_line_of_its_own() -> None:
    (*values, left) = drivers_of(
        anomaly(1000, 10), [breakdown("RegionId", ("a", 7, 2), ("b", 3, 8))]
    )
    assert [line.value for line in values] == ["a", "b"]
    assert (left.value, left.unexplained, left.impact) == (None, True, Decimal(-990))


def test_a_few_values_are_named_and_the_others_counted() -> None:
    parts = [(f"{number}", 20 + number, 10) for number in range(9)]
    told = drivers_of(anomaly(90, 216), [breakdown("ResourceId", *parts)])
    assert [line.value for line in told] == ["8", "7", "6", "5", "4", None]
    assert (told[-1].others, told[-1].unexplained) == (4, False)


COST = st.decimals(-(10**9), 10**9, places=12)


@given(
    st.lists(st.tuples(COST, COST), min_size=1, max_size=9),
    st.sampled_from(["as the rows say", "otherwise"]),
    st.data(),
)
def test_the_lines_add_up_to_the_impact(
    costs: list[tuple[Decimal, Decimal]], charged: str, data: st.DataObject
) -> None:
    parts = [Part(value=str(n), actual=a, reference=r) for n, (a, r) in enumerate(costs)]
    actual = sum((a for a, _ in costs), Decimal(0))
    reference = sum((r for _, r in costs), Decimal(0))
    one = anomaly(data.draw(COST), actual if charged == "as the rows say" else data.draw(COST))
    whole = Breakdown(
        dimension="RegionId",
        parts=parts[:MOST_VALUES],
        values=len(parts),
        actual=actual,
        reference=reference,
    )
    told = drivers_of(one, [whole])
    assert sum((line.impact for line in told), Decimal(0)) == one.cost_impact
    assert len([line for line in told if line.value is not None]) <= MOST_VALUES
    if one.cost_impact:
        assert told
