"""Alerts against labelled incidents: event by event, as people who get them would count."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from accuracy.incidents import Event

DAYS_PER_MONTH = 30.4
GRACE = 2
"""An alert is right up to so many days after the incident's last day."""
_RECOVERY, _SLOW_RECOVERY = 7, 28
_SLOW = frozenset(
    {"level_shift", "small_service_shift", "new_service", "stopped_service", "missing_season"}
    | {"ramp", "creep"}
)
"""Their end is a change, too: alerts are neither right nor wrong for longer."""


@dataclass(frozen=True, slots=True, order=True)
class Alert:
    """One thing that a detector told.

    Attributes:
        series: Row of the panel.
        first: First day, counted from 0.
        last: Last day.
    """

    series: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertScore:
    """How good a detector's alerts are.

    Attributes:
        events: Labelled incidents on the judged days.
        hits: Incidents that were told.
        false: Habit of the series → alerts that no incident explains.
        months: Habit of the series → series-months judged, of 30.4 days.
        delay: Mean days from the start of an incident to the alert; None without hits.
        recalls: Kind of incident → share that was told.
    """

    events: int
    hits: int
    false: Mapping[str, int]
    months: Mapping[str, float]
    delay: float | None
    recalls: Mapping[str, float]

    @property
    def precision(self) -> float:
        """Share of the alerts that count which are right; 0 without any."""
        told = self.hits + sum(self.false.values())
        return self.hits / told if told else 0.0

    @property
    def recall(self) -> float:
        """Share of the incidents that were told; 0 without any."""
        return self.hits / self.events if self.events else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def false_alerts(self) -> float:
        """False alerts per series and month."""
        return self.false_alerts_of(self.months)

    def false_alerts_of(self, habits: Iterable[str]) -> float:
        """False alerts per series and month, of series with one of these habits; 0 without any."""
        own = set(habits) & self.months.keys()
        months = sum(self.months[habit] for habit in own)
        return sum(self.false[habit] for habit in own) / months if months else 0.0


def judge_alerts(
    alerts: Iterable[Alert],
    events: Iterable[Event],
    *,
    habits: Sequence[str],
    days: range,
    planned: Iterable[Event] = (),
) -> AlertScore:
    """Count alerts as hits, as neutral or as false.

    The first alert that begins within an incident, or up to `GRACE` days later, is its hit. Other
    alerts that touch an incident, its recovery or a planned change are neutral: whoever looks at
    the incident knows. All others are false.

    Args:
        alerts: What the detector told.
        events: What happened; those that begin outside ``days`` make alerts neutral only.
        habits: Per series of the panel, what it is mainly like.
        days: The days that were judged, counted as those of the events.
        planned: Changes that people knew of.
    """
    happened = defaultdict(list)
    for event in sorted(events, key=lambda event: event.start):
        happened[event.series].append(event)
    known = defaultdict(list)
    for event in planned:
        known[event.series].append(event)
    delays: dict[Event, int] = {}
    false: dict[str, int] = defaultdict(int)
    for alert in sorted(alerts):
        own = happened[alert.series]
        if hit := _told(alert, own, delays):
            delays[hit] = alert.first - hit.start
        elif not any(_touches(alert, event, _recovery(event)) for event in own) and not any(
            _touches(alert, event, _SLOW_RECOVERY) for event in known[alert.series]
        ):
            false[habits[alert.series]] += 1
    counted = [event for own in happened.values() for event in own if event.start in days]
    waited = [delays[event] for event in counted if event in delays]
    months = len(days) / DAYS_PER_MONTH
    own_habits = sorted(set(habits))
    return AlertScore(
        events=len(counted),
        hits=len(waited),
        false={habit: false[habit] for habit in own_habits},
        months={habit: habits.count(habit) * months for habit in own_habits},
        delay=sum(waited) / len(waited) if waited else None,
        recalls=_recalls(counted, delays),
    )


def _told(alert: Alert, own: Sequence[Event], told: Mapping[Event, int]) -> Event | None:
    """The incident that the alert tells first, if there is one."""
    for event in own:
        if event not in told and event.start <= alert.first < event.end + GRACE:
            return event
    return None


def _recovery(event: Event) -> int:
    return _SLOW_RECOVERY if event.kind in _SLOW else _RECOVERY


def _touches(alert: Alert, event: Event, recovery: int) -> bool:
    return alert.first < event.end + recovery and alert.last >= event.start


def _recalls(events: Sequence[Event], told: Mapping[Event, int]) -> dict[str, float]:
    kinds = sorted({event.kind for event in events})
    return {
        kind: sum(event in told for event in events if event.kind == kind)
        / sum(event.kind == kind for event in events)
        for kind in kinds
    }
