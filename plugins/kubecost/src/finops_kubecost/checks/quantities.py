"""Amounts of cpu and memory as Kubernetes writes them."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

_MILLI, _MEBI = Decimal(1000), Decimal(1024)


def whole_millicores(cores: Decimal) -> Decimal:
    """Cores, up to the next thousandth: Kubernetes knows no smaller part."""
    return (cores * _MILLI).to_integral_value(ROUND_CEILING) / _MILLI


def whole_mebibytes(gibibytes: Decimal) -> Decimal:
    """GiB, up to the next MiB."""
    return (gibibytes * _MEBI).to_integral_value(ROUND_CEILING) / _MEBI


def cpu_words(cores: Decimal) -> str:
    """Cores as a manifest has them.

    Example:
        >>> cpu_words(Decimal("0.25"))
        '250m'
    """
    return f"{cores * _MILLI:.0f}m"


def memory_words(gibibytes: Decimal) -> str:
    """Memory as a manifest has it.

    Example:
        >>> memory_words(Decimal("0.5"))
        '512Mi'
    """
    return f"{gibibytes * _MEBI:.0f}Mi"
