"""What detectors answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from finops_cost_management.query.dimensions import series_label

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal


class AnomalySeverity(StrEnum):
    """How much an anomaly matters, by its impact and its surprise."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return list(AnomalySeverity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One part of the difference between actual and expected cost.

    Attributes:
        dimension: The FOCUS column or ``tags.<key>`` that is broken down.
        value: Its value; None where the rows have none.
        impact: The part of the impact that it explains, in the anomaly's currency.
    """

    dimension: str
    value: str | None
    impact: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One day of one series whose cost nobody would have expected.

    Attributes:
        date: The day, UTC.
        dimensions: FOCUS column (or ``tags.<key>``) → value of the series.
        currency: ISO 4217 code of the amounts.
        expected_cost: What the detector expected, in ``currency``.
        actual_cost: What was charged, in ``currency``.
        score: How many robust standard deviations away; the sign is the direction.
        severity: By impact and surprise.
        detector: Name of the detector in the pipeline.
        confidence: Probability that the day is not ordinary noise; None where unknown.
        drivers: What explains the difference, largest first.
    """

    date: date
    dimensions: Mapping[str, str | None]
    currency: str
    expected_cost: Decimal
    actual_cost: Decimal
    score: float
    severity: AnomalySeverity
    detector: str
    confidence: float | None = None
    drivers: tuple[Driver, ...] = field(default=())

    @property
    def cost_impact(self) -> Decimal:
        """Actual minus expected cost."""
        return self.actual_cost - self.expected_cost

    @property
    def impact_percentage(self) -> float | None:
        """Impact in per cent of the expected cost; None where nothing was expected."""
        if not self.expected_cost:
            return None
        return float(self.cost_impact / abs(self.expected_cost) * 100)

    @property
    def service(self) -> str | None:
        """The FOCUS service name, where the series has one."""
        return self.dimensions.get("ServiceName")

    @property
    def label(self) -> str:
        """The series in words."""
        return series_label(self.dimensions)
