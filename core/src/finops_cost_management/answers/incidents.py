"""From days that look wrong to incidents: what belongs together is told once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from finops_cost_management.answers.anomalies import Anomaly

SAME_PERCENTAGE = 2
"""Two series that moved by a percentage within this factor moved alike."""


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


def merge_incidents(anomalies: Iterable[Anomaly]) -> list[Anomaly]:
    """Make one anomaly of all that tell the same incident, with the others in its ``also_seen``.

    Days of one series are joined first (`join_days`). Then anomalies of several detectors, or of
    series within each other, are one incident where they have a currency, a side and a day in
    common, no dimension contradicts (the costs of both may be the same charges), and

    - they are of the same series; or
    - the smaller one's impact a day is at least half of the larger one's; or
    - one series is within the other and moved by the same percentage, up to a factor of two: a
      day that was billed twice doubles the total and each service; or
    - one is within the other, and nothing within that one is half of its impact: it moved as a
      whole, in many small parts.

    Series of one detector have no charge in common, and are never the same incident.

    The most specific one that has at least half of the impact of the one around it leads; else
    the one around leads. An incident is as severe as the most severe that tells it.

    Args:
        anomalies: Of any detectors, in any order; incidents that were merged before are taken
            apart and merged anew.

    Returns:
        By first day, then by series. Each joined anomaly is there once: leading, or also seen.
    """
    flat = [one for anomaly in anomalies for one in _apart(anomaly)]
    ones = sorted(join_days(sorted(flat, key=_order)), key=_order)
    groups = _Groups(len(ones))
    for first, second in _same_incident(ones):
        groups.unite(first, second)
    merged = [_merged([ones[place] for place in group]) for group in groups]
    return sorted(merged, key=_order)


def _apart(anomaly: Anomaly) -> Iterator[Anomaly]:
    yield replace(anomaly, also_seen=())
    for other in anomaly.also_seen:
        yield from _apart(other)


def _order(anomaly: Anomaly) -> tuple[Any, ...]:
    """An order that does not hang on that of the input."""
    key = sorted((name, value is None, value or "") for name, value in anomaly.dimensions.items())
    return (
        anomaly.date,
        key,
        anomaly.currency,
        anomaly.detector,
        anomaly.days,
        anomaly.expected_cost,
        anomaly.actual_cost,
        anomaly.score,
        anomaly.severity.rank,
    )


class _Groups:
    """Numbers that belong together, directly or by way of others."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def __iter__(self) -> Iterator[list[int]]:
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for number in range(len(self._above)):
            groups[self._top(number)].append(number)
        yield from groups.values()

    def unite(self, one: int, other: int) -> None:
        self._above[self._top(one)] = self._top(other)

    def _top(self, number: int) -> int:
        while (above := self._above[number]) != number:
            self._above[number] = number = self._above[above]
        return number


def _same_incident(ones: Sequence[Anomaly]) -> Iterator[tuple[int, int]]:
    within: defaultdict[int, list[int]] = defaultdict(list)
    for first, second in _overlapping(ones):
        one, other = ones[first], ones[second]
        if not _may_be_same(one, other):
            continue
        if one.dimensions == other.dimensions or (_is_half(one, other) and _is_half(other, one)):
            yield first, second
        if _is_within(one, other):
            within[second].append(first)
        elif _is_within(other, one):
            within[first].append(second)
    for wide, narrow in within.items():
        in_many_parts = not any(_is_half(ones[place], ones[wide]) for place in narrow)
        for place in narrow:
            if in_many_parts or _moved_alike(ones[place], ones[wide]):
                yield wide, place


def _overlapping(ones: Sequence[Anomaly]) -> Iterator[tuple[int, int]]:
    """Every pair that has a day in common, of anomalies by their first day."""
    for first, one in enumerate(ones):
        for second in range(first + 1, len(ones)):
            if ones[second].date > one.last_date:
                break
            yield first, second


def _may_be_same(one: Anomaly, other: Anomaly) -> bool:
    return (
        one.detector != other.detector
        and one.currency == other.currency
        and (one.cost_impact > 0) == (other.cost_impact > 0)
        and all(
            other.dimensions[name] == value
            for name, value in one.dimensions.items()
            if name in other.dimensions
        )
    )


def _is_half(part: Anomaly, whole: Anomaly) -> bool:
    return 2 * part.daily_impact >= whole.daily_impact


def _is_within(narrow: Anomaly, wide: Anomaly) -> bool:
    return len(narrow.dimensions) > len(wide.dimensions) and (
        wide.dimensions.items() <= narrow.dimensions.items()
    )


def _moved_alike(one: Anomaly, other: Anomaly) -> bool:
    if one.impact_percentage is None or other.impact_percentage is None:
        return False
    less, more = sorted((abs(one.impact_percentage), abs(other.impact_percentage)))
    return more <= SAME_PERCENTAGE * less


def _merged(group: Sequence[Anomaly]) -> Anomaly:
    """One anomaly of a group: from the widest down to the most specific that has half of it."""
    head = min(group, key=lambda one: (len(one.dimensions), -one.daily_impact))
    while inner := [one for one in group if _is_within(one, head) and _is_half(one, head)]:
        head = max(inner, key=lambda one: one.daily_impact)
    others = sorted((one for one in group if one is not head), key=lambda one: -one.daily_impact)
    return replace(
        head,
        severity=max((one.severity for one in group), key=lambda severity: severity.rank),
        also_seen=tuple(others),
    )
