"""Versions of database engines that RDS supports only for more money, and since when.

The dates are those of AWS's release calendars, as of November 2026. What is not in the table is
in standard support, or is an engine that AWS has no extended support for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

VCPU_HOUR = Decimal("0.10")
"""List price of the first two years for a vCPU and hour in us-east-1, in USD."""

VCPU_HOUR_OF_THIRD_YEAR = Decimal("0.20")


@dataclass(frozen=True, slots=True)
class ExtendedSupportTerm:
    """When the extended support of a version costs what.

    Attributes:
        charged_from: The first day that is charged.
        third_year_from: The first day of the third year, which costs twice as much; None where
            AWS asks the same for all of it.
        upgrade_to: A version in standard support.
    """

    charged_from: date
    third_year_from: date | None
    upgrade_to: str

    def vcpu_hour(self, day: date) -> Decimal | None:
        """The list price on a day; None before it is charged."""
        if day < self.charged_from:
            return None
        third = self.third_year_from is not None and day >= self.third_year_from
        return VCPU_HOUR_OF_THIRD_YEAR if third else VCPU_HOUR


_PG11 = ExtendedSupportTerm(date(2024, 4, 1), date(2026, 4, 1), "16")
_PG12 = ExtendedSupportTerm(date(2025, 3, 1), date(2027, 3, 1), "16")
_PG13 = ExtendedSupportTerm(date(2026, 3, 1), date(2028, 3, 1), "17")
_PG14 = ExtendedSupportTerm(date(2027, 3, 1), date(2029, 3, 1), "17")

EXTENDED_SUPPORT = {
    ("mysql", "5.7"): ExtendedSupportTerm(date(2024, 3, 1), date(2026, 3, 1), "8.4"),
    ("mysql", "8.0"): ExtendedSupportTerm(date(2026, 8, 1), date(2028, 8, 1), "8.4"),
    ("aurora-mysql", "5.7"): ExtendedSupportTerm(date(2024, 12, 1), None, "8.0 (Aurora 3)"),
    **{
        (engine, version): term
        for engine in ("postgres", "aurora-postgresql")
        for version, term in (("11", _PG11), ("12", _PG12), ("13", _PG13), ("14", _PG14))
    },
}
"""Engine and major version → its term."""


def major_version(engine: str, version: str) -> str:
    """The part of a version that support is about.

    Example:
        >>> major_version("mysql", "5.7.44"), major_version("postgres", "12.22")
        ('5.7', '12')
    """
    parts = version.split(".")
    return parts[0] if "postgres" in engine else ".".join(parts[:2])
