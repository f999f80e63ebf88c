"""Shares and spans as people write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from finops_cost_management.errors import ConfigurationError
from finops_cost_management.pipeline.steps import WindowKeys
from finops_cost_management.pipeline.values import Level, Share, Span
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component


@pytest.mark.parametrize(
    ("written", "share"),
    [
        ("80%", 0.8),
        ("80 %", 0.8),
        (" 12.5%", 0.125),
        (0.8, 0.8),
        ("0.8", 0.8),
        (1, 1.0),
        (1.2, 1.2),
    ],
)
def test_shares(written: Any, share: float) -> None:
    assert TypeAdapter(Share).validate_python(written) == share


@pytest.mark.parametrize("written", [80, "80", 0, "0%", "-5%", "x", True, None, [1], "nan", "inf"])
def test_no_shares(written: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Share).validate_python(written)


@pytest.mark.parametrize("written", ["100%", 1, 1.5])
def test_level_is_less_than_certain(written: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Level).validate_python(written)


@given(st.integers(1, 1000))
def test_percentages_are_exact(per_cent: int) -> None:
    assert TypeAdapter(Share).validate_python(f"{per_cent}%") == per_cent / 100


@pytest.mark.parametrize(
    ("months", "day", "after", "before"),
    [
        (1, date(2026, 1, 31), date(2026, 2, 28), date(2025, 12, 31)),
        (1, date(2028, 1, 31), date(2028, 2, 29), date(2027, 12, 31)),
        (13, date(2026, 11, 23), date(2027, 12, 23), date(2025, 10, 23)),
        (3, date(2026, 12, 1), date(2027, 3, 1), date(2026, 9, 1)),
    ],
)
def test_months_keep_the_day(months: int, day: date, after: date, before: date) -> None:
    assert Span(months=months).after(day) == after
    assert Span(months=months).before(day) == before


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 120))
def test_months_shift_by_months(day: date, months: int) -> None:
    after = Span(months=months).after(day)
    assert (after.year * 12 + after.month) - (day.year * 12 + day.month) == months
    assert after.day <= day.day


def test_days() -> None:
    assert Span(days=30).after(date(2026, 11, 23)) == date(2026, 12, 23)
    assert Span(days=30).before(date(2026, 11, 23)) == date(2026, 10, 24)


@pytest.mark.parametrize(
    "beyond",
    [
        lambda: DateWindow.last(99_999_999_999, until=date(2026, 11, 23)),
        lambda: DateWindow.after(date(9999, 12, 31), 1),
        lambda: Span(days=30).after(date(9999, 12, 31)),
        lambda: Span(months=1).after(date(9999, 12, 31)),
        lambda: Span(months=1).before(date(1, 1, 31)),
        lambda: WindowKeys(days=90).ending(date(1, 1, 5)),
        lambda: WindowKeys(lag=9).ending(date(1, 1, 5)),
    ],
)
def test_the_calendar_has_an_end(beyond: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError, match="is outside the calendar"):
        beyond()
