"""A month is 28 to 31 days, or always the same: neither may look like data that comes and goes."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_cost_management.builtin.checks.held_data import HeldWeek, held_weeks

pytestmark = pytest.mark.invented

DAYS = st.dates(date(2001, 1, 1), date(2060, 1, 1))
PRICE = Decimal("0.02")


def held_days(
    size: list[Decimal], end: date, *, calendar: bool, parts: int = 1
) -> list[dict[str, Any]]:
    """A bill of so many gigabytes a day, in the share of a month that each day is."""
    rows = []
    for number, gigabytes in enumerate(reversed(size), 1):
        day = end - timedelta(days=number)
        month = monthrange(day.year, day.month)[1] if calendar else 30
        share = gigabytes / month / parts
        rows += [{"day": day, "held": share, "cost": share * PRICE}] * parts
    return rows


def weeks_of(rows: list[dict[str, Any]]) -> list[HeldWeek]:
    weeks = held_weeks(rows)
    assert weeks is not None
    return list(weeks)


@given(end=DAYS, size=st.integers(1, 10**9), calendar=st.booleans(), days=st.integers(28, 366))
def test_what_never_changes_stays_the_same(
    end: date, size: int, days: int, *, calendar: bool
) -> None:
    weeks = weeks_of(held_days([Decimal(size)] * days, end, calendar=calendar))
    assert len(weeks) == days // 7
    sizes = [week.held for week in weeks]
    assert max(sizes) - min(sizes) < Decimal("1e-12") * size
    # Shorter bills may have months of one length only, which tell nothing of how they count.
    if days >= 93 + 7:
        month = Decimal(1) if calendar else DAYS_A_MONTH / 30
        for week in weeks:
            assert abs(week.monthly_cost - size * PRICE * month) < Decimal("1e-12") * size


@given(end=DAYS, growth=st.integers(1, 20), calendar=st.booleans())
def test_steady_growth_is_read_as_such(end: date, growth: int, *, calendar: bool) -> None:
    size = [Decimal(10_000 + growth * day) for day in range(90)]
    weeks = weeks_of(held_days(size, end, calendar=calendar))
    rises = {round(later.held - earlier.held, 6) for earlier, later in pairwise(weeks)}
    unit = Decimal(1) if calendar else DAYS_A_MONTH / 30
    assert rises == {round(7 * growth * unit, 6)}


def test_hours_add_up_to_days() -> None:
    end = date(2026, 11, 23)
    by_day = held_days([Decimal(300)] * 30, end, calendar=True)
    by_hour = held_days([Decimal(300)] * 30, end, calendar=True, parts=24)
    for one, other in zip(weeks_of(by_day), weeks_of(by_hour), strict=True):
        assert round(one.held, 9) == round(other.held, 9) == 300
        assert round(one.monthly_cost, 9) == round(other.monthly_cost, 9) == 6


def test_what_is_open_is_not_read_as_nothing() -> None:
    rows = held_days([Decimal(300)] * 30, date(2026, 11, 23), calendar=True)
    rows[5]["held"] = None
    assert held_weeks(rows) is None


def test_a_week_without_charges_is_left_out() -> None:
    rows = held_days([Decimal(300)] * 28, date(2026, 11, 23), calendar=True)
    assert len(weeks_of([*rows[:7], *rows[14:]])) == 3
