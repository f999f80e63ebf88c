"""Shares in words that never say a limit is kept where it is not."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

_HUNDREDTH = Decimal("0.01")


def in_percent(share: Decimal, *, down: bool) -> str:
    """A share with two decimals: 0.93247 is ``93.24 %``.

    Args:
        share: The share, exact.
        down: Round down, as what must be at least a limit; else up, as what must be at most one.
    """
    rounding = ROUND_FLOOR if down else ROUND_CEILING
    return f"{(share * 100).quantize(_HUNDREDTH, rounding):,} %"


def at_least(minimum: Decimal) -> str:
    """A lower limit in words."""
    return f"at least {_plain(minimum)}"


def at_most(maximum: Decimal) -> str:
    """An upper limit in words."""
    return f"at most {_plain(maximum)}"


def _plain(limit: Decimal) -> str:
    """A limit as it was given, without zeros at its end: 0.95 is ``95 %``."""
    return f"{(limit * 100).normalize():f} %"
