"""When a series began, whether it has ended, and whether it comes and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from finops_models.robust import Floats

BEFORE = 14
"""So many days without cost at the beginning are a time before the series, and not its level."""

HABIT_DAYS = 91
"""Days before the last ones that tell how often a series costs anything."""

DOUBT, UNLIKELY = 0.25, 0.005
"""A silence ends a series where it is this unlikely, with some doubt added to each day of it."""

WEEK = 7
IRREGULAR = 0.12
"""From this share of days on that the weekday does not tell to be with or without cost, the days
of cost are irregular."""


def without_time_before(values: Floats) -> Floats:
    """The series, NaN before their first cost where that was preceded by a long silence.

    Args:
        values: Series × days, NaN where unknown.
    """
    import numpy as np

    costs = np.nan_to_num(values) != 0
    first = np.where(costs.any(axis=1), costs.argmax(axis=1), 0)
    before = np.arange(values.shape[1]) < np.where(first >= BEFORE, first, 0)[:, None]
    return np.where(before, np.nan, values)


def has_ended(values: Floats) -> NDArray[np.bool_]:
    """Whether a series is silent for longer than it ever would be, per series.

    A daily cost has ended after four days without, one of working days after two weekends, and
    one of every other day after three weeks.

    Args:
        values: Series × days, NaN where unknown.
    """
    import numpy as np

    known = np.isfinite(values)
    costs = known & (values != 0)
    days = values.shape[1]
    last = np.where(costs.any(axis=1), days - 1 - costs[:, ::-1].argmax(axis=1), -1)[:, None]
    day = np.arange(days)
    silence = (known & (day > last)).sum(axis=1)
    before = known & (day <= last) & (day > last - HABIT_DAYS)
    habit = (costs & before).sum(axis=1) / np.maximum(before.sum(axis=1), 1)
    ended: NDArray[np.bool_] = (1 - habit + DOUBT) ** silence < UNLIKELY
    return ended


def irregular_mean(values: Floats) -> Floats:
    """The mean cost of a day of series whose days of cost follow no week; NaN for all others.

    The likeliest cost of such a day is often nothing, and the sum over a month never is.

    Args:
        values: Series × days, NaN where unknown.
    """
    import numpy as np

    recent = values[:, -HABIT_DAYS:]
    known = np.isfinite(recent)
    costs = known & (recent != 0)
    unsure = np.zeros(len(values))
    for weekday in range(WEEK):
        days, with_cost = known[:, weekday::WEEK].sum(axis=1), costs[:, weekday::WEEK].sum(axis=1)
        unsure += np.minimum(with_cost, days - with_cost)
    days = known.sum(axis=1)
    mean = np.nansum(recent, axis=1) / np.maximum(days, 1)
    irregular = (days >= 2 * WEEK) & (unsure > IRREGULAR * days)
    return np.where(irregular, mean, np.nan)
