"""How `auto` chooses: the models that were right lately, each told by a back-test of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from finops_models.robust import Floats

WEEK, MONTH = 7, 30
RECENT_ORIGINS, WHOLE_ORIGINS, LONG_ORIGINS = 3, 24, 4
"""Origins a week apart on the newest days; of whole months; of horizons beyond a month."""

STEP = 12
"""Days between whole months told again: they begin on every weekday."""

SHARPNESS = 16.0
"""A model that is wrong by 1 % more has 16 % less say."""

PRIOR_ORIGINS = 3.0
"""What is known of the models in general weighs as much as so many back-tests."""

FADING = 0.97
"""A back-test counts by so much less than the next newer one."""

LOUDEST = 10.0
"""The last weeks count so many times as much, at most, where all models were wrong by far more than
usual: the series has a new level, and the past tells little of who follows it."""

CLIP = 1.0
"""A back-test speaks against a model by this much at most, as a logarithm: none is ruled out."""


def choosing_origins(days: int, horizon: int) -> list[int]:
    """Numbers of days after which the past is forecast again, newest first.

    The last weeks tell who follows a new level; whole months of the last year tell who is right in
    general.

    Args:
        days: Days of the history.
        horizon: Days to forecast.
    """
    whole = min(horizon, MONTH)
    backs = {WEEK * step for step in range(1, RECENT_ORIGINS + 1)}
    backs |= {whole + STEP * step for step in range(WHOLE_ORIGINS)}
    backs |= {horizon + MONTH * step for step in range(LONG_ORIGINS) if horizon > MONTH}
    return [days - back for back in sorted(backs) if days - back >= WEEK]


def say(forecasts: Floats, truth: Floats, origins: Sequence[int], prior: Floats) -> list[Floats]:
    """How much each model has to say at each origin, by what was known then.

    Args:
        forecasts: Origins × models × series × horizon, the newest origin first.
        truth: Origins × series × horizon, NaN where unknown.
        origins: Numbers of known days, falling.
        prior: Log error of each model relative to the median model, in general.

    Returns:
        Per origin models × series; each series' weights add up to one.
    """
    import numpy as np

    known = np.isfinite(truth)
    errors = np.where(known[:, None], np.abs(truth[:, None] - forecasts), 0.0)
    sums, counts = np.cumsum(errors, axis=-1), np.cumsum(known, axis=-1)
    horizon = truth.shape[-1]
    size = sums[..., -1].sum(axis=0).min(axis=0) / np.maximum(counts[..., -1].sum(axis=0), 1)
    means = sums[..., -1] / np.maximum(counts[:, None, :, -1], 1)
    usual = np.median(np.median(means, axis=1), axis=0) + 1e-12
    answer = []
    for place, origin in enumerate(origins):
        earlier = range(place + 1, len(origins))
        score = np.broadcast_to(prior[:, None] * PRIOR_ORIGINS, sums.shape[1:3])
        weight = np.full(sums.shape[2], PRIOR_ORIGINS)
        for other in earlier:
            seen = min(origin - origins[other], horizon)
            count = counts[other, :, seen - 1]
            error = sums[other, :, :, seen - 1] / np.maximum(count, 1)
            middle = np.median(error, axis=0)
            least = 0.02 * middle + 0.01 * size + 1e-12
            wrong = np.clip(np.log((error + least) / (middle + least)), -3 * CLIP, CLIP)
            counted = FADING ** (other - place - 1) * np.sqrt(count / horizon)
            if other - place <= RECENT_ORIGINS:
                counted = counted * np.clip(middle / usual, 1.0, LOUDEST)
            score = score + counted * wrong
            weight = weight + counted
        relative = score / weight
        power = np.exp(-SHARPNESS * (relative - relative.min(axis=0)))
        answer.append(power / power.sum(axis=0))
    return answer


def weighted_median(forecasts: Floats, weights: Floats) -> Floats:
    """The forecast that half of the say is below, series × horizon.

    Args:
        forecasts: Models × series × horizon.
        weights: Models × series, adding up to one.
    """
    import numpy as np

    order = np.argsort(forecasts, axis=0)
    ordered = np.take_along_axis(forecasts, order, axis=0)
    said = np.take_along_axis(np.broadcast_to(weights[..., None], forecasts.shape), order, axis=0)
    reached = np.cumsum(said, axis=0)
    middle = (reached >= 0.5 - 1e-12).argmax(axis=0)
    median: Floats = np.take_along_axis(ordered, middle[None], axis=0)[0]
    return median
