"""What goes wrong in a bill, planted in a series and written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from accuracy.billing_days import SATURDAY
from accuracy.noise import happens

if TYPE_CHECKING:
    from accuracy.billing_days import BillingDays
    from numpy.typing import NDArray

RECENT = 28
"""Days that tell the level before an incident."""
CLEAR = 6.0
"""An incident of one to three days is at least so many standard deviations of the noise."""
LASTING_CLEAR = 5.0
"""The same for one that lasts."""
SETTLED = 14
"""Days after which a new level is no news any more."""


@dataclass(frozen=True, slots=True)
class Event:
    """One labelled incident.

    Attributes:
        series: Row of the panel.
        kind: What happened, such as ``spike`` or ``creep``.
        start: First day, counted from 0: the first on which an alert is right.
        end: The day after the last on which an alert is right.
    """

    series: int
    kind: str
    start: int
    end: int


@dataclass(slots=True)
class Ledger:
    """One series while it is made up.

    Attributes:
        days: The days.
        usage: Cost of what is used, changed in place by incidents.
        charges: What is charged once a month, changed in place by incidents.
        noise: Standard deviation of the usage's logarithm around its habits.
        weekend: Usual cost of a weekend day over that of a weekday.
        whole: Whether it is the sum of many services.
        steady: Whether every day has a cost: no schedule, no days at random.
    """

    days: BillingDays
    usage: NDArray[np.float64]
    charges: NDArray[np.float64]
    noise: float
    weekend: float = 1.0
    whole: bool = False
    steady: bool = True

    def level(self, day: int) -> float:
        """What a day with usage cost lately."""
        recent = self.usage[max(day - RECENT, 0) : day]
        used = recent[recent != 0]
        return float(np.median(used)) if len(used) else 0.0


Span = tuple[int, int]
_Plant = Callable[["np.random.Generator", Ledger, int], Span | None]


def _spike(random: np.random.Generator, ledger: Ledger, day: int) -> Span:
    days = int(random.integers(1, 4))
    times = random.uniform(0.08, 0.6) if ledger.whole else np.exp(random.uniform(-1.0, 1.4))
    if not ledger.steady:
        times += 2
    more = max(times, CLEAR * ledger.noise) * ledger.level(day)
    ledger.usage[day : day + days] += more * random.uniform(0.85, 1.15, days)
    return day, day + days


def _drop(random: np.random.Generator, ledger: Ledger, day: int) -> Span | None:
    if not _is_full(ledger, day):
        return None
    least = CLEAR * ledger.noise
    share = max(random.uniform(0.15, 0.6) if ledger.whole else random.uniform(0.45, 1), least)
    if share > 1:
        return None
    days = int(random.integers(1, 4))
    ledger.usage[day : day + days] *= 1 - share
    return day, day + days


def _duplicated_day(_: np.random.Generator, ledger: Ledger, day: int) -> Span | None:
    if not _is_full(ledger, day):
        return None
    ledger.usage[day] *= 2
    ledger.charges[day] *= 2
    return day, day + 1


def _credit_day(random: np.random.Generator, ledger: Ledger, day: int) -> Span:
    ledger.usage[day] -= random.uniform(1.5, 6) * abs(ledger.level(day))
    return day, day + 1


def _level_shift(random: np.random.Generator, ledger: Ledger, day: int) -> Span | None:
    if not ledger.steady:
        return None
    up = happens(random, 0.65)
    size = max(random.uniform(0.3, 1.5 if up else 0.7), LASTING_CLEAR * ledger.noise)
    if not up and size > 0.8:  # noqa: PLR2004 # that would be a service that stops
        return None
    until = _mended(random, day)
    ledger.usage[day:until] *= 1 + size if up else 1 - size
    return day, day + SETTLED


def _small_service_shift(random: np.random.Generator, ledger: Ledger, day: int) -> Span | None:
    if not ledger.whole:
        return None
    size = max(random.uniform(0.06, 0.25), LASTING_CLEAR * ledger.noise)
    until = _mended(random, day)
    ledger.usage[day:until] += size * ledger.level(day)
    return day, day + SETTLED


def _new_service(_: np.random.Generator, ledger: Ledger, day: int) -> Span | None:
    if ledger.whole:
        return None
    ledger.usage[:day] = 0
    ledger.charges[:day] = 0
    used = np.flatnonzero(ledger.usage + ledger.charges)
    first = int(used[0]) if len(used) else day
    return first, first + SETTLED


def _stopped_service(_: np.random.Generator, ledger: Ledger, day: int) -> Span | None:
    if ledger.whole or not _is_full(ledger, day):
        return None
    ledger.usage[day:] = 0
    ledger.charges[day:] = 0
    return day, day + SETTLED


def _missing_season(random: np.random.Generator, ledger: Ledger, day: int) -> Span | None:
    deep = 1 - ledger.weekend > max(0.2, CLEAR * ledger.noise)
    if not deep or ledger.weekend <= 0:
        return None
    start = day + int((SATURDAY - ledger.days.weekday[day]) % 7)
    end = start + int(random.integers(13, 27))
    now = slice(start, end)
    ledger.usage[now] /= np.where(ledger.days.weekend[now], ledger.weekend, 1.0)
    return start, start + SETTLED


def _ramp(random: np.random.Generator, ledger: Ledger, day: int) -> Span | None:
    return _growing(random, ledger, day, rate=(0.02, 0.05), days=(10, 21))


def _creep(random: np.random.Generator, ledger: Ledger, day: int) -> Span | None:
    return _growing(random, ledger, day, rate=(0.005, 0.01), days=(40, 61))


def _growing(
    random: np.random.Generator,
    ledger: Ledger,
    day: int,
    *,
    rate: tuple[float, float],
    days: tuple[int, int],
) -> Span | None:
    length = int(random.integers(*days))
    times = (1 + random.uniform(*rate)) ** np.arange(1, length + 1)
    least = LASTING_CLEAR * ledger.noise
    if not ledger.steady or times[-1] - 1 < least or day + length > len(ledger.usage):
        return None
    ledger.usage[day : day + length] *= times
    if happens(random, 0.6):  # most leaks stay until somebody looks
        ledger.usage[day + length :] *= times[-1]
    return day, day + length


def _missing_charge(_: np.random.Generator, ledger: Ledger, day: int) -> Span | None:
    charged = day + np.flatnonzero(ledger.charges[day : day + 31])
    if not len(charged) or ledger.charges[charged[0]] < CLEAR * ledger.noise * ledger.level(day):
        return None
    ledger.charges[charged[0]] = 0
    return int(charged[0]), int(charged[0]) + 1


_KINDS: dict[str, tuple[float, _Plant]] = {
    "spike": (0.27, _spike),
    "drop": (0.13, _drop),
    "level_shift": (0.17, _level_shift),
    "small_service_shift": (0.10, _small_service_shift),
    "new_service": (0.07, _new_service),
    "stopped_service": (0.05, _stopped_service),
    "missing_season": (0.04, _missing_season),
    "duplicated_day": (0.09, _duplicated_day),
    "credit_day": (0.07, _credit_day),
    "ramp": (0.06, _ramp),
    "creep": (0.03, _creep),
    "missing_charge": (0.04, _missing_charge),
}
"""Kind → how often, and how it is planted: it says where it is right to alert, or None where the
series is not one in which the incident could be seen beyond its noise."""

KINDS = tuple(_KINDS)
_LASTING = frozenset({"level_shift", "small_service_shift", "new_service", "ramp", "creep"})
_HOW_MANY = (0.22, 0.37, 0.27, 0.14)
"""Probability of none, one, two, three incidents in `_USUAL_DAYS`."""
_USUAL_DAYS = 270
_APART, _APART_AFTER_LASTING = 21, 45
_FIRST = (90, 131)
"""Every history has so many days before its first incident."""


def plant_incidents(random: np.random.Generator, ledger: Ledger, series: int) -> tuple[Event, ...]:
    """Change the ledger as incidents would, and say which there are, in order of days.

    Args:
        random: Where chance comes from.
        ledger: Changed in place.
        series: Row of the panel, for the labels.
    """
    days = len(ledger.usage)
    earliest = int(random.integers(*_FIRST))
    many = random.choice(len(_HOW_MANY), p=_HOW_MANY) * max(days - earliest, 0) / _USUAL_DAYS
    wanted = int(many + random.random())
    starts = np.sort(random.integers(earliest, max(days - 3, earliest + 1), wanted))
    events: list[Event] = []
    for start in starts:
        day = max(int(start), earliest)
        if day >= days - 2 or ledger.level(day) == 0:
            continue
        event = _planted(random, ledger, series, day, first=not events)
        if event is None:
            continue
        events.append(event)
        if event.kind == "stopped_service":
            break
        lasting = event.kind in _LASTING
        earliest = event.end + (_APART_AFTER_LASTING if lasting else _APART)
    return tuple(events)


def _planted(
    random: np.random.Generator, ledger: Ledger, series: int, day: int, *, first: bool
) -> Event | None:
    often = np.array([weight for weight, _ in _KINDS.values()])
    for kind in random.choice(KINDS, size=len(KINDS), replace=False, p=often / often.sum()):
        if kind == "new_service" and not first:
            continue
        if (span := _KINDS[kind][1](random, ledger, day)) and span[0] < len(ledger.usage):
            return Event(series, str(kind), *span)
    return None


def _mended(random: np.random.Generator, day: int) -> int | None:
    """The day from which a new level is gone again; None where it stays."""
    return day + int(random.integers(14, 29)) if happens(random, 0.4) else None


def _is_full(ledger: Ledger, day: int) -> bool:
    """Whether the day is one on which something missing, or doubled, could be seen."""
    return bool(
        ledger.steady
        and ledger.usage[day] > 0.6 * ledger.level(day)  # no quiet weekend
        and ledger.noise < 0.2  # noqa: PLR2004 # else twice as much may be chance
    )
