"""What is remembered of each series while its days go by: level, weekdays, noise, charges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from finops_models.robust import Floats

    Bools = NDArray[np.bool_]

WEEK = 7

RATES = (0.5, 0.2, 0.07)
"""Three levels follow the costs at these rates a day; the one that errs least lately is believed.
The last is also the slow reference that lasting changes are measured against."""

LEVEL_TRIAL_DAYS = 40
"""How long an error of a level is held against it."""

TREND_DAYS = 70
"""The trend is the growth of the slow level over so many days."""

LARGEST_TREND = 0.01
"""Growth a day that is believed at most."""

NOISE_DAYS = 90
"""How long an error counts for the noise of a series."""

NOISE_FLOOR = 0.02
"""Noise is never believed to be less than this share of the cost."""

ORDINARY = 3.5
"""Errors beyond so many standard deviations are cut before anything is learned from them."""

PROFILE_WEEKS = 11
"""Weeks whose trimmed mean gives the share of a weekday."""

YOUNG, GROWN_UP = 14, 21
"""Days after its first cost until a series has a level of its own, and until it is judged."""

OVER = 35
"""A series that cost nothing on so many days in a row has ended."""

TRUSTED = 28
"""Days from which on days without cost tell something of a weekday."""

NEAR_ZERO = 0.1
"""Deviations are shares of the expected cost, but never of less than this share of the level."""

IDLE = 0.92
"""From this share of free days on a weekday is always free."""

SOMETIMES_IDLE = 0.15
"""From this share of free days on another free day is no news."""

IRREGULAR = 0.06
"""A series whose free days the weekday foretells wrongly this often has them at random."""

_PRESUMED_NOISE = 0.1
_ANECDOTES = 5
"""Few errors understate the noise: it is widened as if so many were missing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """One day of all series as seen in the morning; arrays have one entry per series.

    Attributes:
        day: Index of the day.
        weekday: 0 to 6.
        cost: What was charged; NaN where unknown.
        known: Whether it is known.
        alive: Whether the series has a level to compare with.
        level: Cost of an average day of the week.
        factor: Share of the weekday in it.
        expected: Level times factor.
        unit: The money that deviations are shares of.
        noise: Standard deviation as a share, never below the floor.
        spread: The same, wider where little was seen.
        distance: Standard deviations from ``expected``; 0 where unknown.
        free: A day without cost of a series that often has such days.
    """

    day: int
    weekday: int
    cost: Floats
    known: Bools
    alive: Bools
    level: Floats
    factor: Floats
    expected: Floats
    unit: Floats
    noise: Floats
    spread: Floats
    distance: Floats
    free: Bools


def deviation(cost: Floats, expected: Floats, unit: Floats) -> Floats:
    """Signed difference as a share, half way between linear and logarithmic.

    Cost is skewed: half as much again and a third less are about as rare as each other.

    Args:
        cost: What was charged.
        expected: What should have been.
        unit: The money to take shares of, positive: around the expected cost.
    """
    import numpy as np

    return 2 * (cost - expected) / (unit + np.sqrt(unit * np.maximum(np.abs(cost), unit / 10)))


class CostMemory:
    """Everything that is known of a block of series after some of its days.

    The matrices are days × series, so that a day is in one place in memory, and filled up to the
    newest day that was learned; so are the costs. ``steady``,
    ``slow`` and ``charge`` are in money, ``ratio`` is a share of the level. After an accepted
    change of level the past is rescaled (`move`), as if the series had always been there.

    Attributes:
        costs: All costs, days × series, NaN where unknown.
        steady: Cost without weekday and without what is unusual.
        ratio: Cost over the level of its day.
        slow: The slow level at the end of each day.
        trend: Growth of the slow level per day.
        charge: What unusual days cost beyond the expected; 0 on others.
        size: Absolute level of each day.
        seen: Known days of each series.
        age: Known days since its first cost.
        resting: Known days without cost since its last one.
        former: The level before the last change; believed until ``former_until``.
    """

    def __init__(self, costs: Floats, weekdays: NDArray[np.int64]) -> None:
        import numpy as np

        days, series = costs.shape
        self.costs, self.weekdays = costs, weekdays
        self.rows = np.arange(series)
        self.profile = np.ones((WEEK, series))
        self.idle = np.zeros((WEEK, series))
        self.erratic = np.zeros(series)
        self.levels = np.zeros((len(RATES), series))
        self.level_errors = np.full((len(RATES), series), _PRESUMED_NOISE)
        self.variance = np.full(series, _PRESUMED_NOISE**2)
        self.errors_seen = np.zeros(series)
        self.steady, self.ratio, self.slow, self.size = np.full((4, days, series), np.nan)
        self.trend, self.charge = np.zeros((2, days, series))
        self.seen, self.age, self.resting = np.zeros((3, series), dtype=np.int64)
        self.born = np.zeros(series, dtype=bool)
        self.former = np.zeros(series)
        self.former_until = np.full(series, -1)

    @property
    def irregular(self) -> Bools:
        """Series that cost nothing on many days, without a schedule."""
        return self.born & (self.erratic > IRREGULAR)

    def outlook(self, day: int) -> Outlook:
        """What the day should cost, by level and weekday, knowing only the days before."""
        import numpy as np

        cost, weekday = self.costs[day], int(self.weekdays[day])
        known = np.isfinite(cost)
        growth = 1 + (self.trend[day - 1] if day else 0.0)
        level = self.levels[np.argmin(self.level_errors, axis=0), self.rows] * growth
        alive = self.born & (level != 0)
        factor = self.profile[weekday]
        expected = level * factor
        unit = np.where(alive, np.maximum(np.abs(expected), NEAR_ZERO * np.abs(level)), 1.0)
        noise = np.sqrt(np.maximum(self.variance, NOISE_FLOOR**2))
        spread = noise * (1 + _ANECDOTES / np.maximum(self.errors_seen, _ANECDOTES))
        free = known & (cost == 0) & ((self.idle[weekday] > SOMETIMES_IDLE) | self.irregular)
        distance = deviation(cost, expected, unit) / spread
        return Outlook(
            day=day,
            weekday=weekday,
            cost=cost,
            known=known,
            alive=alive,
            level=level,
            factor=factor,
            expected=expected,
            unit=unit,
            noise=noise,
            spread=spread,
            distance=np.where(known & alive & ~free, distance, 0.0),
            free=free,
        )

    def learn(self, today: Outlook, distance: Floats, *, ordinary: Bools) -> None:
        """Follow the day.

        Args:
            today: The day.
            distance: Standard deviations from the habit that explains it best.
            ordinary: Whether level and noise learn from it; other days leave them as they are.
        """
        import numpy as np

        most = ORDINARY * today.noise
        error = np.where(ordinary, np.clip(distance * today.spread, -most, most), 0.0)
        steady = today.level + np.abs(today.level) * error
        self.steady[today.day] = np.where(ordinary, steady, np.nan)
        self.errors_seen += ordinary
        # Later errors weigh more: the first ones are of a level that was hardly known.
        weight = np.maximum(2 / (self.errors_seen + 1), 1 / NOISE_DAYS)
        self.variance += np.where(ordinary, weight * (error**2 - self.variance), 0.0)
        self._follow_level(today, steady, ordinary)
        self.size[today.day] = np.abs(today.level)

    def _follow_level(self, today: Outlook, steady: Floats, ordinary: Bools) -> None:
        import numpy as np

        growth = 1 + (self.trend[today.day - 1] if today.day else 0.0)
        # A weekday that is nearly free says nothing about the level of the others.
        telling = ordinary & (today.factor > NEAR_ZERO)
        size = np.where(today.alive, np.abs(today.level), 1.0)
        for place, rate in enumerate(RATES):
            level = self.levels[place] * growth
            error = np.minimum(np.abs(steady - level) / size, 4 * today.spread)
            self.level_errors[place] += np.where(
                telling, (error - self.level_errors[place]) / LEVEL_TRIAL_DAYS, 0.0
            )
            step = np.where(telling, rate * np.minimum(today.factor, 1.0) * (steady - level), 0.0)
            self.levels[place] = np.where(
                today.alive & today.known, level + step, self.levels[place]
            )

    def learn_weekday(self, today: Outlook, *, usual: Bools, in_episode: Bools) -> None:
        """Update the share of today's weekday, and on which weekdays the series rests.

        Args:
            today: The day.
            usual: Days that may tell the share of their weekday.
            in_episode: Days that tell nothing about rest.
        """
        import numpy as np

        day, weekday, free = today.day, today.weekday, today.cost == 0
        tells = usual & today.alive & ~today.free & (~free | (self.age >= TRUSTED))
        share = np.clip(today.cost / np.where(today.alive, today.level, 1.0), 0, 20)
        self.ratio[day] = np.where(tells, share, np.nan)

        idle = self.idle[weekday]
        told = today.known & self.born & ~in_episode
        wrong = free != (idle > 0.5)  # noqa: PLR2004 # more often free than not
        rate = np.where(self.age >= WEEK, 1 / np.clip(self.age - WEEK + 1, 1, 50), 0.0)
        self.erratic += np.where(told, rate * (wrong - self.erratic), 0.0)
        self.idle[weekday] += np.where(told, (free - idle) / np.clip(self.age // 7 + 1, 1, 8), 0)
        if day < WEEK:
            return
        share, enough = _trimmed_mean(self.ratio[day::-WEEK][:PROFILE_WEEKS])
        factor = np.where(enough & (self.age >= YOUNG), share, self.profile[weekday])
        rests, irregular = self.idle[weekday] >= IDLE, self.irregular
        factor = np.where(rests & ~irregular, 0.0, factor)
        self.profile[weekday] = np.where(irregular & (factor <= NEAR_ZERO / 2), 1.0, factor)
        mean = self.profile.sum(axis=0) / np.maximum((self.profile > 0).sum(axis=0), 1)
        grown = (self.age >= GROWN_UP) & (mean > 0)
        self.profile /= np.where(grown, mean, 1.0)

    def close_day(self, today: Outlook) -> None:
        """Write down slow level and trend at the end of the day, and count it."""
        import numpy as np

        day = today.day
        self.slow[day] = np.where(today.alive, self.levels[-1], self.slow[day])
        if day >= TREND_DAYS:
            then, now = self.slow[day - TREND_DAYS], self.slow[day]
            growth = (now / then - 1) / np.maximum((now / then + 1) / 2, 1) / TREND_DAYS
            sure = (self.age >= TREND_DAYS + YOUNG) & np.isfinite(growth)
            self.trend[day] = np.where(sure, np.clip(growth, -LARGEST_TREND, LARGEST_TREND), 0)
        self.resting = np.where(today.known, (self.resting + 1) * (today.cost == 0), self.resting)
        over = self.resting >= OVER
        self.levels[:, over], self.born[over] = 0.0, False
        self.seen += today.known
        self.age += today.known & self.born

    def begin(self, rows: NDArray[np.int64], day: int) -> None:
        """Series that cost something for the first time, or again: nothing before counts."""
        first = self.costs[day, rows]
        self.born[rows] = True
        self.age[rows] = 0
        self.profile[:, rows], self.idle[:, rows], self.erratic[rows] = 1.0, 0.0, 0.0
        self.levels[:, rows] = first
        self.level_errors[:, rows], self.variance[rows] = _PRESUMED_NOISE, _PRESUMED_NOISE**2
        self.errors_seen[rows] = 0
        for past in (self.steady, self.ratio, self.slow):
            past[: day + 1, rows] = float("nan")
        self.trend[: day + 1, rows], self.charge[: day + 1, rows] = 0.0, 0.0
        self.steady[day, rows], self.slow[day, rows], self.ratio[day, rows] = first, first, 1.0
        self.former[rows] = 0.0

    def grow_up(self, rows: NDArray[np.int64], day: int, factor: Floats) -> None:
        """Young series: the level is the median of all their days so far."""
        import numpy as np

        cost = self.costs[day, rows]
        self.steady[day, rows] = cost / np.where(factor > NEAR_ZERO, factor, 1.0)
        recent = self.steady[max(day - YOUNG + 1, 0) : day + 1, rows]
        level = np.nanmedian(recent, axis=0)
        self.levels[:, rows] = level
        self.ratio[day, rows] = cost / level
        spread = 1.4826 * np.nanmedian(np.abs(recent / level - 1), axis=0)
        self.variance[rows] = np.maximum(spread, 0.05) ** 2
        self.errors_seen[rows] = _ANECDOTES

    def forget_shape(self, rows: NDArray[np.int64], day: int) -> None:
        """An incident is over: how the level went up and down in it says nothing of drift."""
        recent = slice(max(day - TREND_DAYS, 0), day)
        self.slow[recent, rows] = self.slow[day - 1, rows]
        self.steady[recent, rows] = float("nan")

    def move(self, rows: NDArray[np.int64], level: Floats, day: int, *, former_until: int) -> None:
        """Accept a new level: the past is rescaled, the old level stays known for a while.

        Args:
            rows: The series.
            level: Their new levels; 0, or on the other side of 0, ends a series.
            day: The day.
            former_until: Last day on which a return to the old level is no news.
        """
        import numpy as np

        before = self.slow[max(day - 1, 0), rows]
        self.former[rows], self.former_until[rows] = before, former_until
        factor = np.where(np.isfinite(before) & (before != 0), level / before, 1.0)
        ends = (level == 0) | ~(factor > 0)
        stays, over = rows[~ends], rows[ends]
        recent = slice(max(day - TREND_DAYS, 0), day + 1)  # nobody asks for more
        self.steady[recent, stays] *= factor[~ends]
        self.slow[recent, stays] *= factor[~ends]
        self.levels[:, stays] = level[~ends]
        self.levels[:, over], self.slow[day, over] = 0.0, 0.0
        self.born[over], self.age[over], self.former_until[over] = False, 0, -1


def _trimmed_mean(windows: Floats) -> tuple[Floats, Bools]:
    """Mean without the outer quarters, and whether there are enough values for one.

    Of two values the one nearer to 1 is taken: the other may be anything.
    """
    import numpy as np

    ordered = np.sort(windows, axis=0)  # NaN sorts last
    known = np.isfinite(ordered).sum(axis=0)
    cut = (known + 1) // 4
    place = np.arange(len(ordered))[:, None]
    inner = (place >= cut) & (place < known - cut)
    mean = np.where(inner, ordered, 0.0).sum(axis=0) / np.maximum(known - 2 * cut, 1)
    if len(ordered) > 1:
        first, second = ordered[:2]
        nearer = np.where(np.abs(first - 1) < np.abs(second - 1), first, second)
        mean = np.where(known == 2, nearer, mean)  # noqa: PLR2004 # see above
    return mean, known >= 2  # noqa: PLR2004 # one week is an anecdote
