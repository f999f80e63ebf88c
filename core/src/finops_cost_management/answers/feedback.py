"""What people said of anomalies, and which anomalies that answers already."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from finops_cost_management.answers.anomalies import Anomaly

COMPARABLE = Decimal("1.5")
"""An anomaly up to so many times as large is of a comparable size."""

PLACE_TOLERANCE = 1
"""Days by which the same place of another month may differ."""


class Verdict(StrEnum):
    """What a person says of an anomaly.

    ``expected``: it was fine, and it will be at the same place of later months.
    ``planned``: the series changes as planned, until a day.
    ``not-an-anomaly``: deviations of this size are ordinary for the series.
    """

    EXPECTED = "expected"
    PLANNED = "planned"
    NOT_AN_ANOMALY = "not-an-anomaly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A person's verdict on one anomaly.

    Attributes:
        anomaly: What it is about, as it was told.
        verdict: What they say of it.
        until: The first day on which the series is told again, of a planned change; else None.
        note: Why, in their words.
        given: When they said it, UTC.
    """

    anomaly: Anomaly
    verdict: Verdict
    until: date | None
    note: str
    given: datetime

    def answers(self, other: Anomaly) -> bool:
        """Whether an anomaly is known by this verdict.

        It always is where it is the same incident, up to a comparable size: the same series and
        side, and a day in common. Beyond that,

        - ``expected`` knows anomalies of the series on the same side and of a comparable size
          whose first day is as far from the start, or from the end, of a later month, give or take
          a day;
        - ``planned`` knows every anomaly of the series that ends from the first day on, and before
          ``until``;
        - ``not-an-anomaly`` knows those of the series on the same side from the first day on that
          are no larger in per cent and, where the same detector tells them, no more surprising.

        Sizes are per day, so that an incident does not outgrow its verdict by lasting.
        """
        mine = self.anomaly
        same_series = _series(mine) == _series(other)
        if self.until is not None:
            return same_series and mine.date <= other.last_date < self.until
        if not same_series or (other.cost_impact > 0) != (mine.cost_impact > 0):
            return False
        comparable = other.daily_impact <= COMPARABLE * mine.daily_impact
        if comparable and other.date <= mine.last_date and mine.date <= other.last_date:
            return True
        like_it = (
            comparable and _same_place(mine.date, other.date)
            if self.verdict is Verdict.EXPECTED
            else _no_larger(other, mine)
        )
        return other.date >= mine.date and like_it


def split_known(
    incidents: Iterable[Anomaly], feedback: Sequence[Feedback]
) -> tuple[list[Anomaly], list[Anomaly]]:
    """Part what is to be told from what people answered already.

    An incident is known where its leading anomaly is, or another of at least half its impact.

    Args:
        incidents: Merged anomalies.
        feedback: Everything that people said.

    Returns:
        What is to be told, and what is known, both in their order.
    """
    by_series: dict[object, list[Feedback]] = {}
    for one in feedback:
        by_series.setdefault(_series(one.anomaly), []).append(one)
    told: list[Anomaly] = []
    known: list[Anomaly] = []
    for incident in incidents:
        members = [incident, *incident.also_seen]
        answered = any(
            one.answers(member)
            for member in members
            if 2 * member.daily_impact >= incident.daily_impact
            for one in by_series.get(_series(member), ())
        )
        (known if answered else told).append(incident)
    return told, known


def _series(anomaly: Anomaly) -> object:
    return frozenset(anomaly.dimensions.items()), anomaly.currency


def _same_place(one: date, other: date) -> bool:
    """Whether two days stand at the same place of their months, from the start or the end."""
    to_end = [monthrange(day.year, day.month)[1] - day.day for day in (one, other)]
    return (
        abs(one.day - other.day) <= PLACE_TOLERANCE or abs(to_end[0] - to_end[1]) <= PLACE_TOLERANCE
    )


def _no_larger(one: Anomaly, than: Anomaly) -> bool:
    if one.detector == than.detector and abs(one.score) > abs(than.score):
        return False
    if one.impact_percentage is None or than.impact_percentage is None:
        return one.daily_impact <= than.daily_impact
    return abs(one.impact_percentage) <= abs(than.impact_percentage)
