"""Bands from the errors of back-tests: what would have held the truth will hold it again."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from finops_models.backtest import week_on_week

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from finops_models.robust import Floats

WEEK = 7
BUCKET_ENDS = (7, 14, 30, 60, 120, 240)
"""Horizons are pooled up to these days; what is beyond the last forms one more bucket."""

FEW_SCORES = 20
"""A bucket with fewer scores takes over the band before it, widened by the root of time."""

PRIOR_SERIES = 1.0
"""What is known of errors in general weighs as much as those of so many series."""

WIDER = 1.02
"""The future differs from the past by so much more than one past from another."""

WHOLE = 0.9
"""A back-tested total counts when at least this share of its days is known."""

PRIOR_ORIGINS = 6.0
"""What the panel says about a series' typical error weighs as much as this many back-tests."""

PRIOR_WEEKDAYS = 15.0
"""What all days say about the error of one weekday weighs as much as this many of its days."""

TAMING = 3
"""Rounds after which no single error rules the mean."""

WILD = 4.0
"""An error counts as so many mean ones at most when the usual size is told."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bands:
    """Distances of the bounds from the mean; all are zero or more.

    Attributes:
        below: Series × horizon.
        above: Series × horizon.
        total_below: Per series, for the sum over the horizon.
        total_above: Per series, for the sum over the horizon.
    """

    below: Floats
    above: Floats
    total_below: Floats
    total_above: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """Errors of back-tests in units of their usual sizes, by which all series are alike.

    Attributes:
        sizes: Usual error, series × 7; the weekday is the day of the panel modulo 7.
        scores: Errors in their units, origins × series × horizon, NaN where unknown.
        totals: The same of sums over the horizon, in units of a usual day, of all series.
    """

    sizes: Floats
    scores: Floats
    totals: Floats

    def bands(self, days: int, level: float) -> Bands:
        """Bands that would have held the given share of the back-tested days and totals.

        Split-conformal: the quantiles of the scores, pooled over series within each bucket of the
        horizon, each side for itself. The band of a day is never narrower than that of the same
        weekday before it.

        Args:
            days: Number of known days of the forecast.
            level: Share of the truth to hold, in (0, 1).
        """
        import numpy as np

        below, above = _widths(-self.scores, level), _widths(self.scores, level)
        sizes = WIDER * self.sizes
        of_day = sizes[:, (days + np.arange(self.scores.shape[2])) % WEEK]
        size, tested = sizes.mean(axis=1), len(self.totals)
        return Bands(
            below=of_day * below,
            above=of_day * above,
            # No past total to compare with: the daily bounds added up, which is wider.
            total_below=size * _quantile(-self.totals, level) if tested else of_day @ below,
            total_above=size * _quantile(self.totals, level) if tested else of_day @ above,
        )

    def coverage(self, level: float) -> Floats:
        """Share of each series' back-tested days that the band would have held; 0 without any."""
        import numpy as np

        below, above = WIDER * _widths(-self.scores, level), WIDER * _widths(self.scores, level)
        held = ((self.scores >= -below) & (self.scores <= above)).sum(axis=(0, 2))
        share: Floats = held / np.maximum(np.isfinite(self.scores).sum(axis=(0, 2)), 1)
        return share


def calibrate(errors: Floats, origins: Sequence[int], values: Floats) -> Calibration:
    """Bring the errors of all series to one scale.

    Args:
        errors: Actual minus forecast, origins × series × horizon, NaN where unknown.
        origins: Number of known days of each.
        values: The history, series × days.
    """
    import numpy as np

    horizon = errors.shape[2]
    sizes = _error_sizes(errors, origins, values)
    unit = np.where(sizes > 0, sizes, np.nan)
    scores = np.empty_like(errors)
    for place, origin in enumerate(origins):
        scores[place] = errors[place] / unit[:, (origin + np.arange(horizon)) % WEEK]
    scores[errors == 0] = 0.0

    size = sizes.mean(axis=1)
    of_total = errors / np.where(size > 0, size, np.nan)[:, None]
    known = np.isfinite(of_total).sum(axis=2)
    whole = known >= WHOLE * horizon
    totals = np.nansum(of_total, axis=2)[whole] * (horizon / known[whole])
    return Calibration(sizes=sizes, scores=scores, totals=totals)


def _error_sizes(errors: Floats, origins: Sequence[int], values: Floats) -> Floats:
    """The size of each series' errors by weekday, by which they are comparable between series.

    The mean absolute error of its own back-tests, drawn towards what noise of its size means for
    the other series of the panel, and by weekday towards that of all days: who works on weekdays
    is more certain at weekends.

    Args:
        errors: Actual minus forecast, origins × series × horizon, NaN where unknown.
        origins: Number of known days of each.
        values: The history, series × days.

    Returns:
        Series × 7; the weekday is the day of the panel modulo 7.
    """
    import numpy as np

    known = np.isfinite(errors)
    size = np.where(known, np.abs(errors), 0.0)
    count = known.sum(axis=(0, 2))
    own = size.sum(axis=(0, 2)) / np.maximum(count, 1)
    for _ in range(TAMING):
        size = np.minimum(size, WILD * own[:, None])
        own = size.sum(axis=(0, 2)) / np.maximum(count, 1)
    noise = week_on_week(values)
    tested = known.any(axis=2).sum(axis=0)
    comparable = (tested > 0) & (noise > 0)
    ratio = float(np.median(own[comparable] / noise[comparable])) if comparable.any() else 1.0
    overall = (tested * own + PRIOR_ORIGINS * ratio * noise) / (tested + PRIOR_ORIGINS)

    weekday = (np.array(origins, dtype=np.int64)[:, None] + np.arange(errors.shape[2])) % WEEK
    sizes = np.empty((len(values), WEEK))
    for one in range(WEEK):
        here = weekday == one
        days, sums = known.swapaxes(1, 2)[here].sum(axis=0), size.swapaxes(1, 2)[here].sum(axis=0)
        sizes[:, one] = (sums + PRIOR_WEEKDAYS * overall) / (days + PRIOR_WEEKDAYS)
    return sizes


def _widths(scores: Floats, level: float) -> Floats:
    """Half-width per day of the horizon, in typical errors; never falls."""
    import numpy as np

    series, horizon = scores.shape[1:]
    # Each side of a Laplace distribution whose mean absolute value is one.
    usual = -np.log(1 - level)
    widths = np.zeros(horizon)
    width, day_before = 0.0, 0.0
    for start, end in _buckets(horizon):
        bucket = scores[..., start:end]
        known = bucket[np.isfinite(bucket)]
        middle = (start + end + 1) / 2
        if len(known) >= FEW_SCORES or not day_before:
            own = _quantile(known, level)
            width = max(width, (series * own + PRIOR_SERIES * usual) / (series + PRIOR_SERIES))
        else:
            width *= (middle / day_before) ** 0.5
        widths[start:end] = width
        day_before = middle
    return widths


def _buckets(horizon: int) -> Iterator[tuple[int, int]]:
    start = 0
    for end in (*BUCKET_ENDS, horizon):
        if start < min(end, horizon):
            yield start, min(end, horizon)
            start = end


def _quantile(scores: Floats, level: float) -> float:
    """The conformal quantile of one side of a central band, not below zero.

    Where there are too few scores for the level, the largest is stretched as a normal tail
    would be; without any score the tail is the normal one itself.
    """
    import numpy as np

    side = (1 + level) / 2
    if not len(scores):
        return NormalDist().inv_cdf(side)
    rank = int(np.ceil((len(scores) + 1) * side))
    if rank <= len(scores):
        return max(float(np.partition(scores, rank - 1)[rank - 1]), 0.0)
    reached = max(len(scores) / (len(scores) + 1), 0.75)
    stretch = max(NormalDist().inv_cdf(side) / NormalDist().inv_cdf(reached), 1.0)
    return max(float(scores.max()) * stretch, 0.0)
