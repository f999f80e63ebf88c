"""Which days are unusual, and how: two events a month, each drawn from the calendar alone.

Kinds take turns, so that four months in a row see all of them. Resources of different kinds
are different ones, so that two events of a month never meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from finops_cost_management.builtin.demo.lines import hash_bits
from finops_cost_management.builtin.demo.vocabulary import Credit, Resource

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from finops_cost_management.builtin.demo.lines import Line
    from finops_cost_management.builtin.demo.month import Month

AnomalyKind = Literal[
    "spike", "drop", "level_shift", "slow_leak", "new_service", "credit_day", "duplicated_day"
]
USUAL = 1000
"""Thousandths of the usual quantity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of unusual days.

    Attributes:
        targets: Provider and name of what may be hit: a resource, for credits and duplicates
            a service.
        days: How long it lasts, at least and at most.
        level: What the quantity becomes, at least and at most, in thousandths.
    """

    kind: AnomalyKind
    targets: tuple[tuple[str, str], ...]
    days: tuple[int, int]
    level: tuple[int, int] = (USUAL, USUAL)


SCENARIOS = (
    Scenario(
        kind="spike",
        targets=(("AWS", "shop-cdn"), ("AWS", "receipts"), ("Google Cloud", "sales")),
        days=(1, 2),
        level=(2600, 4200),
    ),
    Scenario(
        kind="slow_leak",
        targets=(("AWS", "application-logs"), ("Google Cloud", "pipeline-logs")),
        days=(11, 13),
        level=(2400, 3200),
    ),
    Scenario(
        kind="new_service",
        targets=(
            ("AWS", "forgotten-notebook"),
            ("Microsoft", "prompt-experiment"),
            ("Google Cloud", "model-training"),
        ),
        days=(4, 9),
    ),
    Scenario(
        kind="drop",
        targets=(("AWS", "sessions"), ("Google Cloud", "recommend")),
        days=(1, 3),
        level=(40, 200),
    ),
    Scenario(
        kind="duplicated_day",
        targets=(("Microsoft", "Azure SQL Database"), ("Google Cloud", "Cloud SQL")),
        days=(1, 1),
    ),
    Scenario(
        kind="level_shift",
        targets=(("AWS", "image-resizer"), ("Microsoft", "fraud-scores")),
        days=(6, 11),
        level=(1700, 2400),
    ),
    Scenario(
        kind="credit_day",
        targets=(("AWS", "Amazon CloudFront"), ("Microsoft", "Azure SQL Database")),
        days=(1, 1),
    ),
)
FIRST_STARTS = (4, 16)
"""The earliest day of the month on which the first and the second event may start."""


@dataclass(frozen=True, slots=True)
class Event:
    """Unusual days of one business unit.

    Attributes:
        kind: What happens.
        unit: The business unit.
        provider: Where.
        target: The resource or service that it hits.
        first_day: As `date.toordinal` counts.
        days: How many, all of the same month.
        level: What the quantity becomes (at the end, for a leak), in thousandths.
    """

    kind: AnomalyKind
    unit: int
    provider: str
    target: str
    first_day: int
    days: int
    level: int

    def hits(self, line: Line) -> bool:
        """Whether a charge line is concerned."""
        if (line.unit, line.provider.name) != (self.unit, self.provider):
            return False
        match self.kind:
            case "credit_day":
                return (
                    isinstance(line.source, Credit)
                    and line.dormant
                    and line.service.name == self.target
                )
            case "duplicated_day":
                return isinstance(line.source, Resource) and line.service.name == self.target
            case _:
                return isinstance(line.source, Resource) and line.source.name == self.target

    def levels(self, days: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Thousandths of the usual quantity, day by day."""
        import numpy as np

        since = days - self.first_day
        inside = (since >= 0) & (since < self.days)
        if self.kind == "slow_leak":
            level = USUAL + (self.level - USUAL) * (since + 1) // self.days
        else:
            level = np.full_like(days, self.level)
        return np.where(inside, level, USUAL)

    def copies(self, days: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """How often each charge of a day is on the bill."""
        import numpy as np

        since = days - self.first_day
        doubled = self.kind == "duplicated_day"
        return np.where((since >= 0) & (since < self.days) & doubled, 2, 1)

    def wakes(self, days: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Days on which what is dormant lives."""
        since = days - self.first_day
        return (since >= 0) & (since < self.days)


def events_of(month: Month, seed: int, unit: int) -> tuple[Event, ...]:
    """The unusual days of a month, one event after the other."""
    turn = (month.year * 12 + month.number) * len(FIRST_STARTS) + hash_bits(seed, unit, "turn")
    return tuple(
        _event(SCENARIOS[(turn + slot) % len(SCENARIOS)], month, seed, unit, start)
        for slot, start in enumerate(FIRST_STARTS)
    )


def _event(scenario: Scenario, month: Month, seed: int, unit: int, earliest: int) -> Event:
    def pick(what: str, low: int, high: int) -> int:
        return low + hash_bits(seed, unit, month, scenario.kind, what) % (high - low + 1)

    provider, target = scenario.targets[pick("target", 0, len(scenario.targets) - 1)]
    days = pick("days", *scenario.days)
    # At most 12 days apart, at most 13 long: both events end before the month does.
    slack = 28 - FIRST_STARTS[-1] + 1 - days
    return Event(
        kind=scenario.kind,
        unit=unit,
        provider=provider,
        target=target,
        first_day=month.first_day + earliest - 1 + pick("start", 0, min(5, slack)),
        days=days,
        level=pick("level", *scenario.level),
    )
