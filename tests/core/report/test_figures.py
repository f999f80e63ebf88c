from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from finops_cost_management.report.figures import Change, change_within

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
