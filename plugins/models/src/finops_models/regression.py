"""A robust regression of many series at once: level, trend, weekdays and recurring charges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_models.billing_calendar import same_places
from finops_models.robust import SIGMA_PER_MEDIAN, mean_size, median

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from finops_models.robust import Floats

WEEK = 7
FIT_DAYS = 18 * WEEK
"""Days of the past that the regression sees: four occurrences of a monthly charge."""

ANCHOR_DAYS = 10
"""The level is moved to the median of this many last days: they know of a shift."""

ROUNDS = 6
"""Rounds of reweighting; the weights hardly move after these."""

HUBER = 1.345
"""Robust standard deviations beyond which a day pulls no harder (95 % efficient if normal)."""

TREND_SHRINKAGE = 2.0
"""Evidence for "no trend", in days of the full time span."""

WEEKDAY_SHRINKAGE = 0.1
"""Evidence for "a weekday like the others", in days."""

RECURRENCES = 2
"""A monthly charge is believed once its last occurrences of this number agree."""

UNUSUAL = 3.0
"""Robust standard deviations that a day must be off to be an occurrence of a charge."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Projection:
    """The continuation of each series, in two versions.

    Attributes:
        flat: Cost if the level stays, series × horizon; NaN where nothing is known.
        trend: What the damped trend adds to it, series × horizon.
        noise: Robust standard deviation of the days around the fit, per series.
    """

    flat: Floats
    trend: Floats
    noise: Floats


def project(
    values: Floats,
    dates: NDArray[np.datetime64],
    horizon: int,
    *,
    half_life: float,
    damping: float,
) -> Projection:
    """Fit the last `FIT_DAYS` days and continue them.

    Args:
        values: Series × days, NaN where unknown.
        dates: The days, without gaps.
        horizon: Days to continue.
        half_life: Age in days at which a day weighs half as much as the newest.
        damping: How much of one day's trend is left on the next.
    """
    import numpy as np

    values, dates = values[:, -FIT_DAYS:], dates[-FIT_DAYS:]
    ahead = dates[-1] + np.arange(1, horizon + 1)
    size = mean_size(values)
    unit = np.where(size > 0, size, 1.0)[:, None]
    known = np.isfinite(values)
    scaled = np.where(known, values / unit, 0.0)

    age = np.arange(len(dates))[::-1]
    coefficients, errors = _huber(scaled, known, _design(dates), 0.5 ** (age / half_life))
    level, slope, weekdays = coefficients[:, :1], coefficients[:, 1:2], coefficients[:, 2:]
    noise = SIGMA_PER_MEDIAN * median(np.abs(errors))[:, None]

    # The weekday profile grows with the level.
    moved = np.nan_to_num(median(errors[:, -ANCHOR_DAYS:]))[:, None]
    now = level + moved
    average = level + slope * _time(dates).mean()
    grown = np.clip(np.divide(now, average, out=np.ones_like(now), where=average > 0), 0.0, 2.0)
    flat = now + grown * weekdays[:, _weekday(ahead)]
    ended = known.any(1, keepdims=True) & (_last_known(values, WEEK) == 0).all(1, keepdims=True)
    flat = np.where(ended, 0.0, flat) + _recurring(errors, noise, dates, ahead)
    trend = np.where(ended, 0.0, slope / FIT_DAYS * np.cumsum(damping ** np.arange(1, horizon + 1)))
    return Projection(
        flat=np.where(np.isfinite(size)[:, None], flat * unit, np.nan),
        trend=trend * unit,
        noise=(noise * unit)[:, 0],
    )


def _design(dates: NDArray[np.datetime64]) -> Floats:
    """Columns: one, time (0 on the last day), and the seven weekdays."""
    import numpy as np

    weekdays = np.eye(WEEK)[_weekday(dates)]
    return np.column_stack([np.ones(len(dates)), _time(dates), weekdays])


def _time(dates: NDArray[np.datetime64]) -> Floats:
    """Time up to the last day, in units of `FIT_DAYS`."""
    import numpy as np

    time: Floats = (dates - dates[-1]).astype(np.float64) / FIT_DAYS
    return time


def _weekday(dates: NDArray[np.datetime64]) -> NDArray[np.int64]:
    import numpy as np

    weekday: NDArray[np.int64] = dates.astype("datetime64[D]").astype(np.int64) % WEEK
    return weekday


def _huber(
    values: Floats, known: NDArray[np.bool_], design: Floats, recency: Floats
) -> tuple[Floats, Floats]:
    """Iteratively reweighted least squares, all series in one batch.

    Returns:
        Coefficients (series × columns) and errors (series × days, NaN where unknown).
    """
    import numpy as np

    days, columns = design.shape
    products = (design[:, :, None] * design[:, None, :]).reshape(days, columns * columns)
    ridge = np.diag([1e-6, TREND_SHRINKAGE, *[WEEKDAY_SHRINKAGE] * WEEK])
    base = known * recency
    middle = np.nan_to_num(median(np.where(known, values, np.nan)))[:, None]
    errors: Floats = np.where(known, values - middle, np.nan)
    for _ in range(ROUNDS):
        limit = HUBER * SIGMA_PER_MEDIAN * np.nan_to_num(median(np.abs(errors)))[:, None]
        far = np.nan_to_num(np.abs(errors))
        weights = base * np.where(far > limit, (limit + 1e-9) / (far + 1e-9), 1.0)
        normal = (weights @ products).reshape(-1, columns, columns) + ridge
        moments = (weights * values) @ design
        coefficients = np.linalg.solve(normal, moments[..., None])[..., 0].astype(np.float64)
        errors = np.where(known, values - coefficients @ design.T, np.nan)
    return coefficients, errors


def _last_known(values: Floats, count: int) -> Floats:
    """The last known values of each series, NaN in front where there are fewer."""
    import numpy as np

    order = np.argsort(np.isfinite(values), axis=1, kind="stable")
    return np.take_along_axis(values, order[:, -count:], axis=1)


def _recurring(
    errors: Floats, noise: Floats, dates: NDArray[np.datetime64], ahead: NDArray[np.datetime64]
) -> Floats:
    """Charges that come back at the same place of the month, series × horizon.

    A place counts when its last `RECURRENCES` known occurrences are both unusual, on the same
    side; it is then expected to cost the median of its last three.
    """
    import numpy as np

    months = len(dates) // 28 + len(ahead) // 28 + 1
    places = same_places(np.concatenate([dates, ahead]), months=months)[:, len(dates) :]
    places = np.where(places < len(dates), places, -1).reshape(months, 2, len(ahead))
    past = np.where(places >= 0, errors[:, places], np.nan)

    latest_first = np.argsort(np.isnan(past), axis=1, kind="stable")
    past = np.take_along_axis(past, latest_first, axis=1)[:, :3]
    recent = past[:, :RECURRENCES]
    unusual = (np.abs(recent) > UNUSUAL * noise[..., None, None]).all(axis=1)
    one_sided = np.abs(np.sign(recent).sum(axis=1)) == RECURRENCES
    charge = np.where(unusual & one_sided, median(np.moveaxis(past, 1, -1)), 0.0)
    return np.where(charge[:, 0] != 0, charge[:, 0], charge[:, 1])
