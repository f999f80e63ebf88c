"""From days that look wrong to incidents: what belongs together is told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from finops_cost_management.answers.anomalies import Anomaly


def join_days(anomalies: Iterable[Anomaly]) -> list[Anomaly]:
    """Make one anomaly of each run of adjacent days of one series on one side.

    Amounts are added up; score, severity and confidence are those of the most surprising day.

    Args:
        anomalies: Of any days and series, in any order.

    Returns:
        By first day, then in the order in which the series came.
    """
    runs: list[Anomaly] = []
    newest: dict[object, int] = {}
    for one in sorted(anomalies, key=lambda anomaly: anomaly.date):
        side = one.cost_impact > 0
        key = (one.detector, one.currency, frozenset(one.dimensions.items()), side)
        place = newest.get(key)
        if place is not None and runs[place].last_date + timedelta(days=1) == one.date:
            runs[place] = _joined(runs[place], one)
        else:
            newest[key] = len(runs)
            runs.append(one)
    return runs


def _joined(first: Anomaly, then: Anomaly) -> Anomaly:
    worst = max(first, then, key=lambda anomaly: abs(anomaly.score))
    return replace(
        worst,
        date=first.date,
        days=first.days + then.days,
        expected_cost=first.expected_cost + then.expected_cost,
        actual_cost=first.actual_cost + then.actual_cost,
        severity=max(first.severity, then.severity, key=lambda severity: severity.rank),
    )
