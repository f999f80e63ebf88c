"""What detectors answer."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from finops_cost_management.query.dimensions import series_label

if TYPE_CHECKING:
    from collections.abc import Mapping
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

    The drivers of one dimension add up to the impact of the anomaly.

    Attributes:
        dimension: The FOCUS column or ``tags.<key>`` that is broken down.
        value: Its value; None where the rows have none, and for the rest.
        impact: The part of the impact that it explains, in the anomaly's currency.
        others: How many further values this part sums up; 0 for a part of one value.
        unexplained: Whether it is the part that no value explains: the detector expected
            something else than what the weeks before had (a charge of a month's first day).
    """

    dimension: str
    value: str | None
    impact: Decimal
    others: int = 0
    unexplained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """Days of one series whose cost nobody would have expected: one incident.

    Attributes:
        date: The first day, UTC.
        dimensions: FOCUS column (or ``tags.<key>``) → value of the series.
        currency: ISO 4217 code of the amounts.
        expected_cost: What the detector expected on all its days, in ``currency``.
        actual_cost: What was charged on all its days, in ``currency``.
        score: How many robust standard deviations its most surprising day is away; the sign is
            the direction.
        severity: By impact and surprise.
        detector: Name of the detector in the pipeline.
        confidence: Probability that it is not ordinary noise; None where unknown.
        days: How many days from ``date`` on it lasts, as far as is known.
        drivers: What explains the difference: by dimension, the most telling first, and within
            each the largest first.
        also_seen: The same incident in other series or by other detectors.
    """

    date: dt.date
    dimensions: Mapping[str, str | None]
    currency: str
    expected_cost: Decimal
    actual_cost: Decimal
    score: float
    severity: AnomalySeverity
    detector: str
    confidence: float | None = None
    days: int = 1
    drivers: tuple[Driver, ...] = ()
    also_seen: tuple[Anomaly, ...] = ()

    @property
    def id(self) -> str:
        """The same for the same incident in every run: of its series, currency and first day."""
        told = [sorted(self.dimensions.items()), self.currency, self.date.isoformat()]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]

    @property
    def last_date(self) -> dt.date:
        """The last day, UTC."""
        return self.date + dt.timedelta(days=self.days - 1)

    @property
    def cost_impact(self) -> Decimal:
        """Actual minus expected cost."""
        return self.actual_cost - self.expected_cost

    @property
    def daily_impact(self) -> Decimal:
        """How far actual and expected cost are apart, a day: never negative."""
        return abs(self.cost_impact) / self.days

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
