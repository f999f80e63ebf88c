"""How wrong the forecasts of the past would have been, and the bands that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finops_models.robust import Floats

WEEK = 7
SHORT_ORIGINS = 4
FULL_ORIGINS = 8
BUCKET_ENDS = (7, 14, 30, 60, 120, 240)
"""Horizons are pooled up to these days; what is beyond the last forms one more bucket."""

FEW_SCORES = 20
"""A bucket with fewer scores takes over the band before it, widened by the root of time."""

WHOLE = 0.9
"""A back-tested total counts when at least this share of its days is known."""

PRIOR_ORIGINS = 6.0
"""What the panel says about a series' typical error weighs as much as this many back-tests."""


def origins(days: int, horizon: int) -> list[int]:
    """Numbers of days after which the past is forecast again.

    The last weeks test short horizons on the newest data, and weekly steps before the last
    full horizon test totals.
    """
    backs = {WEEK * step for step in range(1, SHORT_ORIGINS + 1)}
    backs |= {horizon + WEEK * step for step in range(FULL_ORIGINS)}
    return [days - back for back in sorted(backs) if days - back > 0]


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


def typical_error(errors: Floats, noise: Floats) -> Floats:
    """The size of each series' error, by which scores are comparable between series.

    The mean absolute error of its own back-tests, drawn towards what noise of its size means
    for the other series of the panel.

    Args:
        errors: Actual minus forecast, origins × series × horizon, NaN where unknown.
        noise: Robust standard deviation of the days around the fit, per series.
    """
    import numpy as np

    known = np.isfinite(errors)
    count = known.sum(axis=(0, 2))
    own = np.where(known, np.abs(errors), 0.0).sum(axis=(0, 2)) / np.maximum(count, 1)
    tested = known.any(axis=2).sum(axis=0)
    comparable = (tested > 0) & (noise > 0)
    ratio = float(np.median(own[comparable] / noise[comparable])) if comparable.any() else 1.0
    scale: Floats = (tested * own + PRIOR_ORIGINS * ratio * noise) / (tested + PRIOR_ORIGINS)
    return scale


def conformal_bands(errors: Floats, scale: Floats, level: float) -> Bands:
    """Bands that would have held the given share of the back-tested days and totals.

    Split-conformal: the quantiles of the scaled errors, pooled over series within each bucket
    of the horizon, each side for itself. A band never narrows with the horizon.

    Args:
        errors: Actual minus forecast, origins × series × horizon, NaN where unknown.
        scale: Typical error per series.
        level: Share of the truth to hold, in (0, 1).
    """
    import numpy as np

    unit = np.where(scale > 0, scale, np.nan)[:, None]
    scores = errors / unit
    below, above = _widths(-scores, level), _widths(scores, level)

    horizon = errors.shape[2]
    days = np.isfinite(scores).sum(axis=2)
    whole = days >= WHOLE * horizon
    totals = np.nansum(scores, axis=2)[whole] * (horizon / days[whole])
    return Bands(
        below=scale[:, None] * below,
        above=scale[:, None] * above,
        # No past total to compare with: the daily bounds added up, which is wider.
        total_below=scale * (_quantile(-totals, level) if len(totals) else below.sum()),
        total_above=scale * (_quantile(totals, level) if len(totals) else above.sum()),
    )


def _widths(scores: Floats, level: float) -> Floats:
    """Half-width per day of the horizon, in typical errors; never falls."""
    import numpy as np

    horizon = scores.shape[2]
    widths = np.zeros(horizon)
    width, day_before = 0.0, 0.0
    for start, end in _buckets(horizon):
        bucket = scores[..., start:end]
        known = bucket[np.isfinite(bucket)]
        middle = (start + end + 1) / 2
        if len(known) >= FEW_SCORES or not day_before:
            width = max(width, _quantile(known, level))
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
