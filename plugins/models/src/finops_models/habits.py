"""What else explains a day that level and weekday do not: the habits of bills."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from finops_models.billing_calendar import days_in_month, same_places
from finops_models.closed_days import closed_days
from finops_models.cost_memory import NEAR_ZERO, WEEK, deviation

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from finops_models.billing_calendar import Dates
    from finops_models.cost_memory import CostMemory, Outlook
    from finops_models.robust import Floats

ODD = 2.5
"""Standard deviations from which on a day is looked into at all."""

CHARGE_MONTHS = 3
"""Months back in which a charge at the same place explains a day; when all of them had it, it is
expected."""

CHARGE_NOISE = 0.12
"""A recurring charge varies by this share of itself, as one standard deviation."""

CHARGE_RANGE = 0.4
"""A charge that differs more than this share from the earlier one is another charge."""

EXPLAINS = 0.5
"""A habit explains a day where it leaves less than this share of the difference."""

WEEKS = 9
"""Weeks in which two days like this one, on its weekday, make it a habit."""

SPREAD_OF_THREE = 0.7
"""The standard deviation of three charges, about, as a share of their range."""


class Habit(IntEnum):
    """Why a day costs what it costs."""

    LEVEL = 0
    CHARGE = 1
    FORMER_LEVEL = 2
    MONTHLY_PRICE = 3
    HOLIDAY = 4
    WEEKDAY = 5
    MISSING_CHARGE = 6


QUIET_CHANGES = (Habit.FORMER_LEVEL, Habit.MONTHLY_PRICE)
"""Habits that explain a new level: it is accepted without a word."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanation:
    """The habit nearest to each series' day; arrays have one entry per series.

    Attributes:
        expected: What the habit expects.
        distance: Standard deviations from it.
        habit: Which one, as `Habit`.
    """

    expected: Floats
    distance: Floats
    habit: NDArray[np.int8]


class HabitCalendar:
    """The days of a panel as bills see them.

    Attributes:
        closed: Whether offices are closed.
        places: Where the same place of earlier months is, see `same_places`.
        day_of_month: From 0.
        lengths: Days in the month of each day.
        weekdays: 0 for Monday to 6 for Sunday.
    """

    def __init__(self, dates: Dates) -> None:
        import numpy as np

        month = dates.astype("datetime64[M]").astype("datetime64[D]")
        self.day_of_month = (dates - month).astype(np.int64)
        self.lengths = days_in_month(dates)
        self.weekdays = (dates.astype("datetime64[D]").astype(np.int64) + 3) % WEEK
        self.places = same_places(dates, months=CHARGE_MONTHS)
        self.closed = closed_days(dates)


def explain(
    memory: CostMemory,
    calendar: HabitCalendar,
    today: Outlook,
    *,
    month_level: Floats,
    needed: float,
) -> Explanation:
    """Find the habit that explains each day best.

    Args:
        memory: The past.
        calendar: The days.
        today: The day.
        month_level: Level at the end of the month before; 0 where another one was accepted since.
        needed: Standard deviations from which a charge is missing.
    """
    import numpy as np

    found = Explanation(
        expected=today.expected.copy(),
        distance=today.distance.copy(),
        habit=np.zeros(len(today.cost), dtype=np.int8),
    )
    odd = np.flatnonzero(np.abs(today.distance) > ODD)
    if len(odd):
        level, cost, unit = today.expected[odd], today.cost[odd], today.unit[odd]
        for habit, expected, tolerance in _habits(memory, calendar, today, odd, month_level[odd]):
            spread = np.hypot(today.spread[odd], tolerance / unit)
            distance = deviation(cost, expected, unit) / spread
            better = (np.abs(distance) < np.abs(found.distance[odd])) & (
                np.abs(cost - expected) < EXPLAINS * np.abs(cost - level)
            )
            rows = odd[better]
            found.expected[rows], found.distance[rows] = expected[better], distance[better]
            found.habit[rows] = habit
    _miss_charges(found, memory, calendar, today, needed)
    return found


def _habits(
    memory: CostMemory,
    calendar: HabitCalendar,
    today: Outlook,
    rows: NDArray[np.int64],
    month_level: Floats,
) -> Iterator[tuple[Habit, Floats, Floats]]:
    """Per habit what it expects, NaN where there is none, and the money it may be off."""
    import numpy as np

    day, factor, exact = today.day, today.factor[rows], np.zeros(len(rows))
    former = np.where(day <= memory.former_until[rows], memory.former[rows], 0.0)
    yield Habit.FORMER_LEVEL, np.where(former != 0, former * factor, np.nan), exact

    last_month = day - int(calendar.day_of_month[day]) - 1
    if last_month >= 0 and calendar.lengths[last_month] != calendar.lengths[day]:
        ratio = calendar.lengths[last_month] / calendar.lengths[day]
        price = np.where(month_level != 0, month_level * ratio * factor, np.nan)
        yield Habit.MONTHLY_PRICE, price, exact

    if calendar.closed[day]:
        weekend = memory.profile[5:, rows].min(axis=0) * today.level[rows]
        ends = np.sort([weekend, today.expected[rows]], axis=0)
        yield Habit.HOLIDAY, np.clip(today.cost[rows], *ends), exact

    for charge in _earlier_charges(memory, calendar, today, rows):
        expected = today.expected[rows] + charge
        like = np.abs(today.cost[rows] - expected) < CHARGE_RANGE * np.abs(charge)
        yield Habit.CHARGE, np.where(like, expected, np.nan), CHARGE_NOISE * np.abs(charge)

    if day >= 3 * WEEK:
        weeks = memory.ratio[day - WEEK :: -WEEK][:WEEKS, rows]
        share = today.cost[rows] / today.level[rows]
        apart = np.nan_to_num(np.abs(weeks - share), nan=np.inf)
        second = np.argsort(apart, axis=0)[1:2]
        like = np.take_along_axis(weeks, second, axis=0)[0]
        yield Habit.WEEKDAY, like * today.level[rows], exact


def _earlier_charges(
    memory: CostMemory, calendar: HabitCalendar, today: Outlook, rows: NDArray[np.int64]
) -> Iterator[Floats]:
    """Charges at the same place of earlier months, as amounts and as shares of the spend."""
    import numpy as np

    for place in calendar.places[:, today.day]:
        if place < 0:
            continue
        # Where nothing else is charged, a charge a month is all there is.
        alone = np.abs(today.expected[rows]) <= NEAR_ZERO * np.abs(today.level[rows])
        charge = np.where(alone, memory.costs[place, rows], memory.charge[place, rows])
        charge = np.where(charge != 0, charge, np.nan)
        yield charge
        # Support plans and marketplaces charge a share of the spend.
        size = memory.size[place, rows]
        yield charge * np.abs(today.level[rows]) / np.where(size > 0, size, np.nan)


def _miss_charges(
    found: Explanation,
    memory: CostMemory,
    calendar: HabitCalendar,
    today: Outlook,
    needed: float,
) -> None:
    """Where a charge of each of the last months is not there although the level is ordinary."""
    import numpy as np

    for offset in (0, 1):
        places = calendar.places[offset::2, today.day]
        if (places < 0).any():
            continue
        candidate = today.known & today.alive & ~today.free & ~memory.irregular
        candidate &= (found.habit == Habit.LEVEL) & (np.abs(today.distance) < ODD)
        rows = np.flatnonzero(candidate & (memory.charge[places] != 0).all(axis=0))
        if not len(rows):
            continue
        charges = memory.charge[places][:, rows]
        newest = charges[0]
        same_side = (np.sign(charges) == np.sign(newest)).all(axis=0)
        noise = np.maximum(CHARGE_NOISE * np.abs(newest), SPREAD_OF_THREE * np.ptp(charges, axis=0))
        expected = today.expected[rows] + newest
        spread = np.hypot(today.spread[rows] * today.unit[rows], noise)
        distance = (today.cost[rows] - expected) / spread
        missing = same_side & (np.abs(distance) > needed)
        rows = rows[missing]
        found.expected[rows], found.distance[rows] = expected[missing], distance[missing]
        found.habit[rows] = Habit.MISSING_CHARGE
