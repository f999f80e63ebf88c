"""What a detector would have told, day by day: each incident once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from finops_cost_management.answers.incidents import join_days
from finops_cost_management.window import DateWindow, days_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from decimal import Decimal

    from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity

LATE_DAYS = 7
"""Charges arrive up to so many days late: who sees a new version judges these days again."""

Series = tuple[frozenset[tuple[str, str | None]], str]
"""What makes a series one: its dimensions and its currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One message that people would have got.

    Attributes:
        dimensions: The dimensions of the series.
        currency: ISO 4217 code.
        days: The days that it is about, as far as they were told of in the end.
        told: The newest day that was known when it was told first.
        impact: Actual minus expected cost, in ``currency``, as told last.
        severity: As told last.
    """

    dimensions: Mapping[str, str | None]
    currency: str
    days: DateWindow
    told: date
    impact: Decimal
    severity: AnomalySeverity

    @property
    def series(self) -> Series:
        """Which series it is about."""
        return frozenset(self.dimensions.items()), self.currency


class AlertLog:
    """The alerts of one detector in a replay: every incident once, when it is told first."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self._places: dict[tuple[Series, bool], list[int]] = {}

    def hear(self, anomalies: Iterable[Anomaly], *, judged: DateWindow, new: DateWindow) -> None:
        """Take in what one stretch of runs told.

        Args:
            anomalies: What the detector answered.
            judged: The days that it was asked to judge.
            new: Those of them that no earlier stretch had seen.
        """
        for one in join_days(anomalies):
            days = DateWindow(one.date, one.last_date + timedelta(days=1))
            if days.start not in judged:
                continue
            alert = Alert(
                dimensions=one.dimensions,
                currency=one.currency,
                days=days,
                told=max(days.start, new.start),
                impact=one.cost_impact,
                severity=one.severity,
            )
            places = self._places.setdefault((alert.series, one.cost_impact > 0), [])
            for place in places:
                if _touch(self.alerts[place].days, days):
                    self.alerts[place] = _goes_on(self.alerts[place], alert)
                    break
            else:
                places.append(len(self.alerts))
                self.alerts.append(alert)


def _touch(days: DateWindow, others: DateWindow) -> bool:
    return days.start <= others.end and others.start <= days.end


def _goes_on(first: Alert, then: Alert) -> Alert:
    days = DateWindow(min(first.days.start, then.days.start), max(first.days.end, then.days.end))
    return replace(then, days=days, told=first.told)


def judged_days(new: DateWindow, replayed: DateWindow, *, again: bool) -> DateWindow:
    """The days that a stretch of runs judges.

    Args:
        new: The days that its runs are the first to see.
        replayed: All days of the replay.
        again: Whether the days before may have changed, because the version is a new one.
    """
    if not again:
        return new
    return DateWindow(max(replayed.start, days_after(new.start, -LATE_DAYS)), new.end)
