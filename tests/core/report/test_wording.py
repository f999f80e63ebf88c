from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.report.wording import amount, money, percent, plain, series

pytestmark = pytest.mark.invented


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1234567.891", "USD", "1,234,567.89 USD"),
        ("-0.5", "EUR", "-0.50 EUR"),
        ("0", "EUR", "0.00 EUR"),
        ("0.001", "EUR", "<0.01 EUR"),
        ("-0.001", "EUR", "-<0.01 EUR"),
        ("1234.4", "JPY", "1,234 JPY"),
        ("0.2", "JPY", "<1 JPY"),
        ("1" + "0" * 25, "USD", "10,000,000,000,000,000,000,000,000.00 USD"),
    ],
)
def test_money(value: str, currency: str, text: str) -> None:
    assert money(Decimal(value), currency) == text


def test_signed_amounts() -> None:
    assert amount(Decimal(5), "USD", signed=True) == "+5.00"
    assert amount(Decimal(-5), "USD", signed=True) == "-5.00"
    assert amount(Decimal(0), "USD", signed=True) == "0.00"


@given(st.decimals("-1e20", "1e20", places=12))
def test_an_amount_is_within_half_a_cent(value: Decimal) -> None:
    text = amount(value, "USD")

    if "<" in text:
        assert 0 < abs(value) <= Decimal("0.005")
    else:
        assert abs(Decimal(text.replace(",", "")) - value) <= Decimal("0.005")


def test_percent() -> None:
    assert percent(0.0421) == "4.2 %"
    assert percent(Decimal("12.5"), signed=True, digits=0) == "+1,250 %"


@given(st.text())
def test_plain_text_cannot_move_a_cursor(text: str) -> None:
    assert plain(text).isprintable()


def test_series() -> None:
    assert series({"Provider": "AWS", "ServiceName": None}) == "AWS / (none)"
    assert series({}) == "all costs"
    assert "\x1b" not in series({"ServiceName": "\x1b[2J"})
