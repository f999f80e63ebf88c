"""Priorities follow the documented formula."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from finops_cost_management.answers.priority import PriorityFormula
from finops_cost_management.answers.recommendations import (
    Effort,
    OptimizationCategory,
    Priority,
    Recommendation,
    Risk,
)

pytestmark = pytest.mark.invented

SAFE = Recommendation(
    check="stop",
    category=OptimizationCategory.COMPUTE,
    provider="AWS",
    resource_id="vm",
    recommendation="Stop vm",
    currency="USD",
    current_cost=Decimal(100_000),
    estimated_monthly_savings=Decimal(100),
    confidence=1.0,
    implementation_effort=Effort.LOW,
    risk=Risk.LOW,
)


@pytest.mark.parametrize(
    ("saving", "priority"),
    [
        ("24.99", Priority.LOW),
        ("25", Priority.MEDIUM),
        ("99.99", Priority.MEDIUM),
        ("100", Priority.HIGH),
        ("1000", Priority.CRITICAL),
    ],
)
def test_levels(saving: str, priority: Priority) -> None:
    one = replace(SAFE, estimated_monthly_savings=Decimal(saving))

    assert PriorityFormula().priority(one) is priority


def test_doubt_work_and_danger_are_taken_off() -> None:
    one = replace(SAFE, confidence=0.5, implementation_effort=Effort.MEDIUM, risk=Risk.HIGH)

    assert PriorityFormula().score(one) == Decimal(100) * Decimal("0.5") * Decimal("0.7") * Decimal(
        "0.5"
    )


def test_the_formula_can_be_configured() -> None:
    formula = PriorityFormula(medium=Decimal(1), high=Decimal(2), critical=Decimal(3))

    assert formula.priority(replace(SAFE, estimated_monthly_savings=Decimal(3))) is (
        Priority.CRITICAL
    )
    assert PriorityFormula(effort={Effort.LOW: 0.1}).score(SAFE) == Decimal(10)


def test_levels_out_of_order_are_refused() -> None:
    with pytest.raises(ValidationError, match="medium"):
        PriorityFormula(medium=Decimal(200))


@given(st.floats(0.01, 1), st.floats(0.01, 1))
def test_more_confidence_is_never_less_urgent(one: float, other: float) -> None:
    low, high = sorted((one, other))
    formula = PriorityFormula()

    assert (
        formula.priority(replace(SAFE, confidence=low)).rank
        <= formula.priority(replace(SAFE, confidence=high)).rank
    )
