"""Exponential smoothing with a weekly season, of many series at several paces in one pass.

Nothing is fitted: a few paces run side by side, and the back-test says which of them a series
follows. What was known on any day of the past is the state of that day, so that forecasting again
from the past costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from finops_models.robust import Floats

WEEK = 7
FIRST_DAYS = 14
"""The days from which the first level and weekdays come; younger series wait for these."""

ERROR_PACE, WEEKDAY_ERROR_PACE = 0.06, 0.12
"""How fast the usual size of an error follows the errors, of all days and of each weekday."""

WILD = 4.0
"""An error counts as so many usual ones at most when the usual size is learnt."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a model follows what it sees.

    Attributes:
        level: Share of an error that moves the level.
        week: Share of an error that moves the weekday.
        slope: Share of the move of the level that moves the slope; 0 for no trend.
        damping: How much of one day's slope is left on the next.
        trust: Errors beyond so many usual ones pull no harder.
    """

    level: float
    week: float
    slope: float = 0.0
    damping: float = 0.0
    trust: float = 2.5


class WeeklySmoothing:
    """The states of all paces (rows) and series (columns) on the way through the days.

    Args:
        first: The first `FIRST_DAYS` days of each series from its own first day on, see
            `first_weeks`.
        paces: Which models to run.
    """

    def __init__(self, first: Floats, paces: Sequence[Pace]) -> None:
        import numpy as np

        columns = [(pace.level, pace.week, pace.slope, pace.damping, pace.trust) for pace in paces]
        self._level_pace, self._week_pace, self._slope_pace, self._damping, self._trust = (
            np.array(column)[:, None] for column in zip(*columns, strict=True)
        )
        shape = (len(paces), first.shape[2])
        known = np.isfinite(first)
        overall = _mean(first.reshape(-1, shape[1]))
        of_weekday = np.where(known.any(axis=1), _mean(first), overall)
        middle = of_weekday.mean(axis=0)
        spread = np.nan_to_num(_mean(np.abs(first - of_weekday[:, None]).reshape(-1, shape[1])))
        self._level = np.broadcast_to(middle, shape).copy()
        self._slope = np.zeros(shape)
        self._week = np.repeat((of_weekday - middle)[:, None], shape[0], axis=1)
        self._error = np.broadcast_to(spread, shape) + 1e-9
        self._weekday_error = np.repeat(self._error[None], WEEK, axis=0)
        self._days = np.zeros(shape[1])

    def expect(self, day: int) -> Floats:
        """What the day should cost, paces × series."""
        expected: Floats = self._level + self._damping * self._slope + self._week[day % WEEK]
        return expected

    def usual_error(self, day: int) -> Floats:
        """Usual size of an error on a day like this, paces × series."""
        import numpy as np

        usual: Floats = np.maximum(self._error, self._weekday_error[day % WEEK])
        return usual

    def learn(self, day: int, error: Floats) -> None:
        """Move on by a day.

        Args:
            day: Which.
            error: Actual minus expected, paces × series, NaN where unknown.
        """
        import numpy as np

        known = np.isfinite(error)
        error = np.where(known, error, 0.0)
        usual = self.usual_error(day)
        pull = np.clip(error, -self._trust * usual, self._trust * usual)
        size = np.minimum(np.abs(error), WILD * usual)
        self._error += np.where(known, ERROR_PACE * (size - self._error), 0.0)
        of_weekday = self._weekday_error[day % WEEK]
        of_weekday += np.where(known, WEEKDAY_ERROR_PACE * (size - of_weekday), 0.0)

        # The first weeks count alike, whatever the pace.
        self._days += known[0]
        level_pace = np.maximum(self._level_pace, 1 / (self._days + FIRST_DAYS))
        week_pace = np.maximum(self._week_pace, WEEK / (self._days + FIRST_DAYS))
        self._level += self._damping * self._slope + level_pace * pull
        self._slope = self._damping * self._slope + level_pace * self._slope_pace * pull
        move = week_pace * (1 - level_pace) * pull
        self._week[day % WEEK] += move
        self._week -= move / WEEK

    def ahead(self, day: int, horizon: int) -> Floats:
        """The continuation from the day on, paces × series × horizon."""
        import numpy as np

        days = np.arange(horizon)
        slopes = np.cumsum(self._damping ** (days + 1), axis=1)
        week = np.moveaxis(self._week[(day + days) % WEEK], 0, -1)
        continued: Floats = self._level[..., None] + self._slope[..., None] * slopes[:, None] + week
        return continued


def first_weeks(values: Floats) -> Floats:
    """What `WeeklySmoothing` starts from.

    Args:
        values: Series × days, NaN where unknown.

    Returns:
        Weekday (the day of the panel modulo `WEEK`) × weeks × series, NaN where unknown.
    """
    import numpy as np

    series, days = values.shape
    begin = np.argmax(np.isfinite(values), axis=1)
    place = begin[:, None] + np.arange(FIRST_DAYS)
    inside = np.minimum(place, days - 1)
    first = np.where(place < days, np.take_along_axis(values, inside, axis=1), np.nan)
    weeks = np.empty((WEEK, FIRST_DAYS // WEEK, series))
    for week in range(FIRST_DAYS // WEEK):
        own = first[:, week * WEEK : (week + 1) * WEEK]
        turned = (np.arange(WEEK) - begin[:, None]) % WEEK
        weeks[:, week] = np.take_along_axis(own, turned, axis=1).T
    return weeks


def _mean(values: Floats) -> Floats:
    """Mean over the last axis but one, of what is known; NaN where nothing is."""
    import numpy as np

    known = np.isfinite(values)
    count = known.sum(axis=-2)
    mean: Floats = np.where(
        count > 0, np.where(known, values, 0.0).sum(axis=-2) / np.maximum(count, 1), np.nan
    )
    return mean
