"""How amounts, shares and series are written, the same on every channel."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from finops_cost_management.query.dimensions import series_label

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_MINOR_UNIT = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND"})
"""Currencies that have no cents (ISO 4217)."""

NO_CURRENCY = "XXX"
"""ISO 4217's word for an amount without one."""

BETTER_KNOWN = "* better advice on the same resource is counted instead, wholly or in part"
"""What the star behind a saving means."""


def amount(value: Decimal, currency: str, *, signed: bool = False) -> str:
    """An amount with thousands separators, without its currency: ``-1,234.50``.

    A cost that is not 0 is never written as 0: a tenth of a cent is ``<0.01``.

    Args:
        value: The amount.
        currency: ISO 4217 code; it decides on the decimals.
        signed: Write a plus before positive amounts.
    """
    decimals = 0 if currency in _NO_MINOR_UNIT else 2
    sign = "-" if value < 0 else "+" if signed and value > 0 else ""
    digits = f"{abs(value):,.{decimals}f}"
    if value and not digits.strip("0.,"):
        return f"{sign}<{Decimal(1).scaleb(-decimals)}"
    return sign + digits


def money(value: Decimal, currency: str, *, signed: bool = False) -> str:
    """An amount and its currency: ``1,234.50 EUR``."""
    text = amount(value, currency, signed=signed)
    return text if currency == NO_CURRENCY else f"{text} {currency}"


def known(value: Decimal | None, currency: str) -> str:
    """An amount as `amount` writes it; ``unknown`` where there is none."""
    return "unknown" if value is None else amount(value, currency)


def percent(share: float | Decimal, *, signed: bool = False, digits: int = 1) -> str:
    """A share in per cent: 0.042 is ``4.2 %``."""
    return f"{share * 100:{'+' if signed else ''},.{digits}f} %"


def plain(text: str) -> str:
    """Text of a bill on one line, with nothing that a terminal would obey."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def series(dimensions: Mapping[str, str | None]) -> str:
    """A series in words: its dimensions' values."""
    return plain(series_label(dimensions))
