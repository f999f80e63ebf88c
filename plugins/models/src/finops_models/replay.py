"""Days judged one after the other, as they came: what is an incident, and what is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_models.cost_memory import GROWN_UP, YOUNG, CostMemory
from finops_models.drift import DriftWatch
from finops_models.habits import ODD, QUIET_CHANGES, Habit, HabitCalendar, explain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from finops_models.billing_calendar import Dates
    from finops_models.cost_memory import Bools, Outlook
    from finops_models.drift import Drifts
    from finops_models.habits import Explanation
    from finops_models.robust import Floats

CERTAIN = 100.0
"""Beyond this a distance says no more; also the surprise of a cost where there never was any."""

STILL_OFF = 3.0
"""An incident lasts while days are so many standard deviations off on its side."""

ACCEPTED_AFTER, QUIETLY_AFTER = 4, 2
"""Days of an incident until its level is the new level; fewer for changes that are habits."""

FORMER_DAYS = 42
"""Days on which a return to the level before is no news."""

BACK_WITHIN, NOT_LARGER = 62, 1.5
"""A cost that comes back within so many days, at most so many times larger, is no new one."""

QUIET_DAYS, QUIET_DAYS_OF_DRIFT = 7, 21
"""Days after a new level, and after a drift, on which no drift is looked for."""

ONE_OFF_DAYS = 2
"""An incident of more days founds no habit of a charge."""

CAUTION_STEP, CAUTION_DAYS = 0.3, 250
"""Each alert raises the surprise that its series needs by so much, for about so many days, and by
more the more it was raised before: who alarms often must have more to say."""

SAME_AGAIN, SAME_AGAIN_DAYS, CLEARLY_LARGER = 5, 3000, 1.25
"""What was told so many times before on the same side is news only when it is clearly larger; the
days are how long it is held against a series, about."""


class Replay:
    """Judges the days of a block of series, each knowing only the days before it.

    A day is compared with the habit that explains it best. One that no habit explains opens an
    incident: level, weekdays and noise stay as they were until it ends, or until its level is
    accepted as the new one. Beside single days, the means of several are watched for drift.

    Attributes:
        expected: Days × series, NaN where a day is not judged.
        surprise: Signed standard deviations, days × series, NaN where a day is not judged; days
            that need no telling have less than ``needed``.
    """

    def __init__(self, costs: Floats, dates: Dates, *, needed: float, history: int) -> None:
        """Prepare for the first day.

        Args:
            costs: Series × days, NaN where unknown.
            dates: The days, without gaps.
            needed: Standard deviations from which a day is told.
            history: Known days that a series needs before it is judged.
        """
        import numpy as np

        series, days = costs.shape
        self.expected, self.surprise = np.full((2, days, series), np.nan)
        self._needed, self._history = needed, history
        self._calendar = HabitCalendar(dates)
        self._memory = CostMemory(np.ascontiguousarray(costs.T), self._calendar.weekdays)
        self._drift = DriftWatch(series)
        self._incidents = Incidents(series)
        self._caution = np.zeros(series)
        self._told_before = np.zeros((2, SAME_AGAIN, series))  # below, above
        self._month_level = np.zeros(series)
        self._quiet_until = np.full(series, -1)

    def run(self) -> tuple[Floats, Floats]:
        """Go through all days.

        Returns:
            Both as series × days.
        """
        import numpy as np

        # Costs that no bill can hold overflow to what is not judged.
        with np.errstate(all="ignore"):
            for day in range(len(self.expected)):
                self._live(day)
        return self.expected.T, self.surprise.T

    def _live(self, day: int) -> None:
        import numpy as np

        memory = self._memory
        if day and self._calendar.day_of_month[day] == 0:
            self._month_level = memory.slow[day - 1].copy()
        today = memory.outlook(day)
        needed = self._surprise_needed(today)
        found = explain(
            memory, self._calendar, today, month_level=self._month_level, needed=self._needed
        )
        np.clip(found.distance, -CERTAIN, CERTAIN, out=found.distance)
        was_open = self._incidents.open.copy()
        begins = today.known & ~today.alive & (today.cost != 0)
        self._incidents.follow(today, found, grown_up=memory.age >= GROWN_UP, needed=needed)
        self._learn(today, found)
        expected, surprise = found.expected, found.distance.copy()
        surprise[self._incidents.open & self._incidents.quiet] = 0.0
        self._accept(today)
        self._begin(today, begins)
        surprise[begins] = CERTAIN * np.sign(today.cost[begins])
        surprise[begins & self._came_before(today)] = 0.0
        drifts = self._drifts(today, needed, np.abs(surprise) < needed)
        if len(rows := np.flatnonzero(drifts.distance)):
            surprise[rows] = drifts.distance[rows]
            expected[rows] = (drifts.reference * today.factor)[rows]
        memory.close_day(today)
        self._tell(today, begins, was_open, needed, expected, surprise)

    def _surprise_needed(self, today: Outlook) -> Floats:
        import numpy as np

        below, above = self._told_before[:, -1]
        again = CLEARLY_LARGER * np.where(today.distance < 0, below, above)
        needed: Floats = np.maximum(self._needed + self._caution, again)
        return needed

    def _learn(self, today: Outlook, found: Explanation) -> None:
        """Take over what today tells of level, noise, weekdays and charges."""
        import numpy as np

        memory, incidents = self._memory, self._incidents
        ordinary = today.known & today.alive & ~incidents.open & ~today.free
        ordinary &= ~np.isin(found.habit, (Habit.HOLIDAY, Habit.MISSING_CHARGE))
        ordinary &= (today.cost != 0) | (memory.age >= GROWN_UP)
        memory.learn(today, found.distance, ordinary=ordinary)

        one_off = ~incidents.open | (~incidents.quiet & (incidents.days <= ONE_OFF_DAYS))
        unusual = (np.abs(today.distance) > ODD) & one_off
        memory.charge[today.day] = np.where(unusual, today.cost - today.expected, 0.0)
        long = incidents.open & ~incidents.quiet & (incidents.days > ONE_OFF_DAYS)
        memory.charge[max(today.day - ONE_OFF_DAYS, 0) : today.day + 1, long] = 0.0
        memory.learn_weekday(
            today,
            usual=today.known & ~np.isin(found.habit, (Habit.CHARGE, Habit.HOLIDAY)),
            in_episode=incidents.open,
        )

    def _accept(self, today: Outlook) -> None:
        """Let incidents that last become the new level."""
        rows, levels = self._incidents.accepted()
        if len(rows):
            self._memory.forget_shape(rows[self._incidents.quiet[rows]], today.day)
            self._move(rows, levels, today.day, quiet=QUIET_DAYS)

    def _begin(self, today: Outlook, begins: Bools) -> None:
        """Start series that cost something for the first time, and let young ones settle."""
        import numpy as np

        memory = self._memory
        if len(rows := np.flatnonzero(begins)):
            memory.begin(rows, today.day)
        young = today.known & memory.born & (memory.age < YOUNG) & ~begins & (today.cost != 0)
        if len(rows := np.flatnonzero(young)):
            memory.grow_up(rows, today.day, today.factor[rows])

    def _came_before(self, today: Outlook) -> Bools:
        """Whether a cost after nothing is one that came on lately: a monthly fee alone."""
        import numpy as np

        lately = self._memory.costs[max(today.day - BACK_WITHIN, 0) : today.day]
        most = np.nanmax(np.abs(lately), axis=0, initial=0.0, where=np.isfinite(lately))
        came: Bools = np.abs(today.cost) <= NOT_LARGER * most
        return came

    def _drifts(self, today: Outlook, needed: Floats, unsurprising: Bools) -> Drifts:
        """Look for drift, and let the level where there is some be the new one."""
        import numpy as np

        memory = self._memory
        watched = np.isfinite(memory.steady[today.day]) & today.alive
        watched &= (memory.age >= self._history) & (today.day > self._quiet_until)
        drifts = self._drift.look(memory, today, watched)
        side = np.sign(today.cost - drifts.reference * today.factor)
        found = (np.abs(drifts.distance) >= needed) & unsurprising
        found &= np.sign(drifts.distance) == side
        drifts.distance[~found] = 0.0
        if len(rows := np.flatnonzero(found)):
            self._move(rows, drifts.level[rows], today.day, quiet=QUIET_DAYS_OF_DRIFT)
        return drifts

    def _move(self, rows: NDArray[np.int64], levels: Floats, day: int, *, quiet: int) -> None:
        import numpy as np

        self._memory.move(rows, levels, day, former_until=day + FORMER_DAYS)
        self._month_level[rows] = 0.0
        self._quiet_until[rows] = np.maximum(self._quiet_until[rows], day + quiet)

    def _tell(
        self,
        today: Outlook,
        begins: Bools,
        was_open: Bools,
        needed: Floats,
        expected: Floats,
        surprise: Floats,
    ) -> None:
        """Write the verdicts down, and need more surprise of series that alarm often."""
        import numpy as np

        memory = self._memory
        judged = today.known & (memory.seen > self._history)
        judged &= begins | ~memory.born | (memory.age > GROWN_UP)
        goes_on = was_open & self._incidents.told
        discount = np.where(goes_on | begins, 1.0, self._needed / needed)
        surprise = surprise * discount
        opened = judged & ~goes_on & (np.abs(surprise) >= self._needed)
        self._caution *= 1 - 1 / CAUTION_DAYS
        self._caution += CAUTION_STEP * (1 + self._caution) * opened
        self._told_before *= np.exp(-1 / SAME_AGAIN_DAYS)
        told = np.where(opened & ~begins, surprise / discount, 0.0)
        for side, sized in enumerate((-told, told)):
            ranked = np.sort([*self._told_before[side], sized], axis=0)
            self._told_before[side] = ranked[:0:-1]
        self.expected[today.day] = np.where(judged, expected, np.nan)
        self.surprise[today.day] = np.where(judged, surprise, np.nan)


class Incidents:
    """The open incidents, at most one for each series; arrays have one entry per series.

    Attributes:
        open: Whether there is one.
        quiet: Whether it is a change that a habit explains, and is not told.
        days: Its days so far.
        side: 1 above what was expected, -1 below.
    """

    def __init__(self, series: int) -> None:
        import numpy as np

        self.open, self.quiet = np.zeros((2, series), dtype=bool)
        self.days = np.zeros(series, dtype=np.int64)
        self.side = np.zeros(series)
        self._levels = np.full((series, ACCEPTED_AFTER), np.nan)

    @property
    def told(self) -> Bools:
        """Series with an open incident that is told."""
        return self.open & ~self.quiet

    def follow(
        self, today: Outlook, found: Explanation, *, grown_up: Bools, needed: Floats
    ) -> None:
        """Open, go on with or close incidents.

        Args:
            today: The day.
            found: What explains it best.
            grown_up: Series that are old enough to have incidents.
            needed: Standard deviations that open one.
        """
        import numpy as np

        habit_changes = np.isin(found.habit, QUIET_CHANGES)
        still_off = (np.abs(found.distance) >= STILL_OFF) & (np.sign(found.distance) == self.side)
        goes_on = self.open & today.known & np.where(self.quiet, habit_changes, still_off)
        may_open = today.known & today.alive & ~self.open & grown_up
        surprising = (np.abs(found.distance) >= needed) & (found.habit != Habit.MISSING_CHARGE)
        quietly = may_open & habit_changes & (np.abs(today.distance) > STILL_OFF)
        opens = (may_open & surprising) | quietly
        rests = self.open & (~today.known | today.free)  # tells neither that it is over
        self.open = goes_on | opens | rests
        self.days[opens | ~self.open] = 0
        self.side[opens] = np.sign(today.distance)[opens]
        self.quiet[opens] = (np.abs(found.distance) < needed)[opens]
        self._levels[opens] = np.nan
        rows = np.flatnonzero((goes_on | opens) & (today.factor > 0.1))  # noqa: PLR2004 # as in `learn`
        place = np.minimum(self.days[rows], ACCEPTED_AFTER - 1)
        self._levels[rows, place] = today.cost[rows] / today.factor[rows]
        self.days[rows] += 1

    def accepted(self) -> tuple[NDArray[np.int64], Floats]:
        """Close the incidents that last long enough.

        Returns:
            Their series, and their levels.
        """
        import numpy as np

        enough = np.where(self.quiet, QUIETLY_AFTER, ACCEPTED_AFTER)
        rows = np.flatnonzero(self.open & (self.days >= enough))
        self.open[rows] = False
        levels = np.nanmedian(self._levels[rows], axis=1) if len(rows) else np.zeros(0)
        return rows, levels
