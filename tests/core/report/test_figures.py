from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.answers.recommendations import (
    Effort,
    OptimizationCategory,
    Recommendation,
)
from finops_cost_management.report.figures import Change, change_within, monthly_savings

pytestmark = pytest.mark.invented

FIRST = date(2026, 11, 1)


def daily(*costs: float) -> dict[date, Decimal]:
    return {FIRST + timedelta(days=n): Decimal(str(cost)) for n, cost in enumerate(costs)}


def test_change_compares_whole_weeks() -> None:
    assert change_within(daily(*[10] * 7, *[99] * 3, *[12] * 7)) == Change(share=0.2, days=7)
    assert change_within(daily(*[10] * 14, *[5] * 14)) == Change(share=-0.5, days=14)


@pytest.mark.parametrize(
    "costs", [(), (1.0,) * 13, (0.0,) * 14, (-1.0,) * 14], ids=["none", "short", "zero", "credit"]
)
def test_change_is_silent_where_it_means_nothing(costs: tuple[float, ...]) -> None:
    assert change_within(daily(*costs)) is None


def test_change_is_silent_over_a_gap() -> None:
    costs = daily(*[10] * 21)
    del costs[FIRST + timedelta(days=5)]

    assert change_within(costs) is None


def advice(currency: str, resource: str, saving: Decimal) -> Recommendation:
    return Recommendation(
        id="id",
        check="check",
        category=OptimizationCategory.COMPUTE,
        provider="AWS",
        resource_id=resource,
        recommendation="stop it",
        currency=currency,
        current_cost=Decimal(1000),
        estimated_monthly_savings=saving,
        basis="effective cost",
        confidence=0.9,
        implementation_effort=Effort.LOW,
    )


def test_advice_on_one_resource_is_an_alternative() -> None:
    found = [
        advice("USD", "vm", Decimal("30.10")),
        advice("USD", "vm", Decimal("12.00")),
        advice("USD", "disk", Decimal("1.05")),
        advice("EUR", "vm", Decimal(99)),
    ]

    assert monthly_savings(found) == {"EUR": Decimal(99), "USD": Decimal("31.15")}


@given(
    st.lists(
        st.builds(
            advice,
            st.sampled_from(["USD", "EUR"]),
            st.sampled_from(["a", "b", "c"]),
            st.decimals(0, 1000, places=12),
        )
    )
)
def test_totals_are_exact_and_count_each_resource_once(found: list[Recommendation]) -> None:
    totals = monthly_savings(found)

    assert set(totals) == {one.currency for one in found}
    for currency, total in totals.items():
        mine = [one for one in found if one.currency == currency]
        assert total <= sum((one.estimated_monthly_savings for one in mine), Decimal(0))
        assert total == sum(
            (
                max(one.estimated_monthly_savings for one in mine if one.resource_id == resource)
                for resource in {one.resource_id for one in mine}
            ),
            Decimal(0),
        )
