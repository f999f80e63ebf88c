"""How often a detector would have alarmed, and how right it would have been."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from finops_cost_management.backtest.alerts import Alert, Series
    from finops_cost_management.backtest.labels import Label
    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.window import DateWindow

DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScore:
    """Alerts held against labels.

    Attributes:
        events: Labels about series that were judged, and about days that were.
        hits: How many of them an alert was told for.
        right: Alerts that belong to a label.
        wrong: Alerts that belong to none.
        delay: Days from the start of a hit label to its first alert, on average; None without.
    """

    events: int
    hits: int
    right: int
    wrong: int
    delay: float | None

    @property
    def precision(self) -> float | None:
        """Share of the alerts that are right; None without an alert."""
        told = self.right + self.wrong
        return self.right / told if told else None

    @property
    def recall(self) -> float | None:
        """Share of the events that were told; None without an event."""
        return self.hits / self.events if self.events else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None where one of them is unknown."""
        precision, recall = self.precision, self.recall
        if precision is None or recall is None:
            return None
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesAlerts:
    """How often one series alarmed: month (``2026-11``) → alerts told in it."""

    dimensions: Mapping[str, str | None]
    currency: str
    by_month: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReport:
    """All that a replay of one detector tells.

    Attributes:
        detector: Its name.
        alerts: By the day on which they were told.
        series_days: Series → month (``2026-11``) → how many of its days had a known cost.
        score: How right it was; None where no labels are given.
    """

    detector: str
    alerts: tuple[Alert, ...]
    series_days: Mapping[Series, Mapping[str, int]]
    score: LabelScore | None = None

    @property
    def series_months(self) -> float:
        """Months of all series together, by their known days."""
        return sum(sum(days.values()) for days in self.series_days.values()) / DAYS_A_MONTH

    @property
    def rate(self) -> float | None:
        """Alerts per series and month; None where nothing was judged."""
        return len(self.alerts) / self.series_months if self.series_months else None

    @property
    def false_rate(self) -> float | None:
        """Alerts that belong to no label, per series and month; None without labels."""
        if self.score is None or not self.series_months:
            return None
        return self.score.wrong / self.series_months

    def by_month(self) -> dict[str, int]:
        """Month → alerts told in it, every month of the replay."""
        told = Counter(f"{alert.told:%Y-%m}" for alert in self.alerts)
        months = sorted({month for days in self.series_days.values() for month in days} | set(told))
        return {month: told[month] for month in months}

    def by_series(self) -> list[SeriesAlerts]:
        """The series that had an alert, the loudest first."""
        told: dict[Series, SeriesAlerts] = {}
        for alert in self.alerts:
            of_series = told.setdefault(
                alert.series, SeriesAlerts(dimensions=alert.dimensions, currency=alert.currency)
            )
            of_series.by_month[f"{alert.told:%Y-%m}"] += 1
        return sorted(told.values(), key=lambda one: -one.by_month.total())


def report_on(
    detector: str,
    alerts: Sequence[Alert],
    panel: CostPanel,
    days: DateWindow,
    labels: Sequence[Label] | None,
) -> AlertReport:
    """Count what was told, and hold it against the labels.

    Args:
        detector: The name of who told it.
        alerts: What was told.
        panel: The series as they are known today, for as long as was judged at least.
        days: The days that were judged.
        labels: What is known to have happened; None where nobody said.
    """
    return AlertReport(
        detector=detector,
        alerts=tuple(sorted(alerts, key=lambda alert: alert.told)),
        series_days=_known_days(panel, days),
        score=None if labels is None else _score(alerts, panel, days, labels),
    )


def _known_days(panel: CostPanel, days: DateWindow) -> dict[Series, Counter[str]]:
    import numpy as np

    inside = [place for place, day in enumerate(panel.dates.tolist()) if day in days]
    months = [f"{day:%Y-%m}" for day in panel.dates[inside].tolist()]
    known = np.isfinite(panel.values[:, inside])
    counts: dict[Series, Counter[str]] = {}
    for key, currency, row in zip(panel.keys, panel.currencies, known, strict=True):
        of_series = Counter(month for month, has in zip(months, row.tolist(), strict=True) if has)
        counts[frozenset(key.items()), currency] = of_series
    return counts


def _score(
    alerts: Sequence[Alert], panel: CostPanel, days: DateWindow, labels: Sequence[Label]
) -> LabelScore:
    events = [
        label
        for label in labels
        if _share_a_day(label.days, days) and any(label.is_about(key) for key in panel.keys)
    ]
    first_told: dict[int, date] = {}
    right = 0
    for alert in alerts:
        of_alert = [
            place
            for place, label in enumerate(events)
            if _share_a_day(label.days, alert.days) and label.is_about(alert.dimensions)
        ]
        right += bool(of_alert)
        for place in of_alert:
            first_told[place] = min(first_told.get(place, alert.told), alert.told)
    delays = [
        max(0, (told - max(events[place].days.start, days.start)).days)
        for place, told in first_told.items()
    ]
    return LabelScore(
        events=len(events),
        hits=len(first_told),
        right=right,
        wrong=len(alerts) - right,
        delay=fmean(delays) if delays else None,
    )


def _share_a_day(days: DateWindow, others: DateWindow) -> bool:
    return days.start < others.end and others.start < days.end
