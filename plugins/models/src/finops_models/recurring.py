"""The billing calendar under a series: charges that come back each month, and monthly prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_models.billing_calendar import days_in_month, same_places
from finops_models.holidays import holiday_factors
from finops_models.robust import mean_size, median
from finops_models.weekly_smoothing import Pace, WeeklySmoothing, first_weeks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from finops_models.billing_calendar import Dates
    from finops_models.robust import Floats

WEEK = 7
MONTHS = 4
"""Months back in which occurrences are looked for."""

RECENT = 3
"""Of so many known occurrences, the last ones, two must agree."""

UNUSUAL = 3.75
"""Usual errors (three standard deviations) that an occurrence must be off the other days."""

LEAST = 0.02
"""An occurrence is at least this share of the mean cost of a day."""

BUSY = 0.25
"""With more unusual days than this share, a day out of line is no charge of its own."""

BUSY_PACE = 0.05
"""How fast the share of unusual days follows."""

USUAL_MONTH = 30.4375
"""Days to which monthly prices are brought."""

PRICED = 0.4
"""A monthly price is believed where it leaves less than this share of the jumps at month starts."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BillingCalendar:
    """Series without what the calendar of invoices does to them, and the way back.

    Attributes:
        costs: Without recurring charges, at a usual length of the month, in units of the mean
            size; series × days, NaN where unknown. Each day by the days before it.
        charges: Number of known days → the charges of the days after these, series × horizon.
        factors: What turns ``costs`` and ``charges`` into money, series × (days + horizon).
    """

    costs: Floats
    charges: Mapping[int, Floats]
    factors: Floats

    def bill(self, costs: Floats, origin: int) -> Floats:
        """What models said of ``costs`` after the origin, in money: models × series × horizon."""
        charges = self.charges[origin]
        bill: Floats = (costs + charges) * self.factors[:, origin : origin + charges.shape[1]]
        return bill


def billing_calendar(
    values: Floats, dates: Dates, horizon: int, origins: Collection[int]
) -> BillingCalendar:
    """Take monthly prices and recurring charges out of the series.

    Args:
        values: Series × days, NaN where unknown.
        dates: The days, without gaps.
        horizon: Days ahead.
        origins: Numbers of known days from which to look ahead.
    """
    import numpy as np

    size = mean_size(values)
    unit = np.where(size > 0, size, 1.0)[:, None]
    everything = dates[0] + np.arange(len(dates) + horizon)
    monthly = monthly_prices(values, dates)[:, None]
    factors = unit * np.where(monthly, USUAL_MONTH / days_in_month(everything), 1.0)
    factors = factors * holiday_factors(values, everything)
    costs = values / factors[:, : len(dates)]
    past, ahead = _recurring_charges(costs, everything, horizon, origins)
    return BillingCalendar(costs=costs - past, charges=ahead, factors=factors)


def _recurring_charges(
    values: Floats, dates: Dates, horizon: int, origins: Collection[int]
) -> tuple[Floats, dict[int, Floats]]:
    """Find what comes back on the same day of the month, or as many days before its end.

    A day out of line with level and weekday is an occurrence. A charge is expected again where
    two of its last three known occurrences agree in their direction, and costs their median.

    Args:
        values: Series × days, in units of their mean size; NaN where unknown.
        dates: The days and those of the horizon, without gaps.
        horizon: Days ahead.
        origins: Numbers of known days from which to look ahead.

    Returns:
        The charge expected on each day, and those ahead of each origin.
    """
    import numpy as np

    series, days = values.shape
    places = same_places(dates, months=MONTHS).reshape(MONTHS, 2, -1)
    # 0 is an ordinary day, NaN one that is not known: both are no occurrence.
    found = np.where(np.isfinite(values), 0.0, np.nan)[:, None].repeat(2, axis=1)
    past = np.zeros((series, days))
    ahead: dict[int, Floats] = {}
    known = np.isfinite(values)
    busy = np.zeros(series)
    state = WeeklySmoothing(first_weeks(values), [Pace(0.15, 0.1)])

    def charges(first: int, end: int, until: int) -> Floats:
        here = places[:, :, first:end]
        charge = _charges(found, np.where(here < until, here, -1))
        return np.where((busy < BUSY)[:, None, None], charge, 0.0)

    for day in range(days + 1):
        if day in origins:
            ahead[day] = _first(charges(day, day + horizon, day))
        if day == days:
            break
        charge = charges(day, day + 1, day)
        past[:, day] = _first(charge)[:, 0]
        error = values[:, day] - state.expect(day)[0]
        limit = np.maximum(UNUSUAL * state.usual_error(day)[0], LEAST)
        unusual = np.abs(error) > limit
        # A charge known by its day of the month is no evidence for its distance to the end.
        elsewhere = (charge == 0) & (charge[:, ::-1] != 0)
        occurs = unusual[:, None] & ~elsewhere[..., 0]
        found[..., day] = np.where(occurs | ~known[:, day, None], error[:, None], 0.0)
        busy += np.where(known[:, day], BUSY_PACE * (unusual - busy), 0.0)
        state.learn(day, (error - past[:, day])[None])
    return past, ahead


def _charges(found: Floats, places: NDArray[np.int64]) -> Floats:
    """The charges that the occurrences at these places announce, series × 2 × days.

    Args:
        found: Series × 2 × days: how far an unusual day is off, 0 for a usual one, NaN where
            unknown; by day of the month, and by distance to its end.
        places: Months × 2 × days: indices of the same places, newest first, -1 for none.
    """
    import numpy as np

    anchor = np.arange(2)[:, None]
    seen = np.where(places >= 0, found[:, anchor, places], np.nan)
    newest_first = np.argsort(np.isnan(seen), axis=1, kind="stable")[:, :RECENT]
    recent = np.take_along_axis(seen, newest_first, axis=1)
    up, down = recent > 0, recent < 0
    rises, falls = up.sum(axis=1) > 1, down.sum(axis=1) > 1
    agreeing = np.where((up & rises[:, None]) | (down & falls[:, None]), recent, np.nan)
    return np.nan_to_num(median(np.moveaxis(agreeing, 1, -1)))


def _first(charges: Floats) -> Floats:
    """By day of the month where there is such a charge, else by distance to its end."""
    import numpy as np

    return np.where(charges[:, 0] != 0, charges[:, 0], charges[:, 1])


def monthly_prices(values: Floats, dates: Dates) -> NDArray[np.bool_]:
    """Which series are a price per month, spread over its days: they jump where months do.

    Args:
        values: Series × days, NaN where unknown.
        dates: The days, without gaps.
    """
    import numpy as np

    length = days_in_month(dates)
    starts = np.flatnonzero(np.diff(dates.astype("datetime64[M]")).astype(np.int64)) + 1
    changes = [
        day
        for day in starts.tolist()
        if length[day] != length[day - 1] and WEEK <= day <= len(dates) - WEEK
    ]
    if len(changes) < 2:  # noqa: PLR2004 # one jump is an anecdote
        return np.zeros(len(values), dtype=np.bool_)
    jumps, expected = [], []
    for day in changes:
        before, after = median(values[:, day - WEEK : day]), median(values[:, day : day + WEEK])
        both = (before > 0) & (after > 0)
        ratio = np.where(both, after, 1.0) / np.where(both, before, 1.0)
        jumps.append(np.where(both, np.log(ratio), np.nan))
        expected.append(np.log(length[day - 1] / length[day]))
    jump = np.stack(jumps, axis=-1)
    left = median(np.abs(jump - np.array(expected)))
    enough = np.isfinite(jump).sum(axis=-1) > 1
    priced: NDArray[np.bool_] = enough & (left < PRICED * median(np.abs(jump)))
    return priced
