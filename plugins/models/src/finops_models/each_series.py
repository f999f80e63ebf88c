"""Models of libraries that know one series at a time: asked for many, on all cores."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from finops_models.robust import Floats

log = logging.getLogger(__name__)

WEEK = 7

ALONE = 32
"""So many series are worked on in this process: others would take longer to start."""

AT_ONCE = 16
"""Series handed to another process at a time."""

RUNAWAY = 10.0
"""A forecast beyond so many times the largest cost of the history is a model that failed."""


def continue_each(model: Callable[[Floats], Floats], values: Floats, horizon: int) -> Floats:
    """Continue each series with a model of one series.

    The model is given costs in units of their mean size, from the first known day on, a missing
    day as the same weekday before it. A series that never changes goes on as it is.

    Args:
        model: One series' known costs → its next ``horizon`` days; it may raise anything. It is
            sent to other processes: a function of a module, or a `functools.partial` of one.
        values: Series × days, NaN where unknown, each with a known day.
        horizon: Days to continue.

    Returns:
        Series × horizon; NaN where the model failed.
    """
    import joblib
    import numpy as np

    if len(values) <= ALONE:
        return _continue(model, values, horizon)
    blocks = [values[row : row + AT_ONCE] for row in range(0, len(values), AT_ONCE)]
    with joblib.parallel_config("loky", n_jobs=joblib.cpu_count(), inner_max_num_threads=1):
        answers = joblib.Parallel()(
            joblib.delayed(_continue)(model, block, horizon) for block in blocks
        )
    return np.concatenate(answers)


def _continue(model: Callable[[Floats], Floats], values: Floats, horizon: int) -> Floats:
    import numpy as np

    answers = np.full((len(values), horizon), np.nan)
    for row, series in enumerate(without_gaps(values)):
        history = series[np.flatnonzero(np.isfinite(series))[0] :]
        largest = np.abs(history).max()
        if np.ptp(history) == 0:
            answers[row] = history[-1]
            continue
        unit = np.abs(history).mean()
        try:
            with np.errstate(all="ignore"):
                answer = model(history / unit) * unit
        except Exception as error:  # noqa: BLE001 # libraries raise anything; another model takes over
            log.debug("a series could not be fitted: %s: %s", type(error).__name__, error)
            continue
        if np.isfinite(answer).all() and np.abs(answer).max() <= RUNAWAY * largest:
            answers[row] = answer
    return answers


def without_gaps(values: Floats) -> Floats:
    """Missing days after the first known one as the same weekday before them, else the day before.

    Args:
        values: Series × days, NaN where unknown.

    Returns:
        A copy; only the days before the first known one are NaN.
    """
    import numpy as np

    filled = values.copy()
    for day in range(1, values.shape[1]):
        before = filled[:, day - WEEK] if day >= WEEK else filled[:, day - 1]
        before = np.where(np.isfinite(before), before, filled[:, day - 1])
        filled[:, day] = np.where(np.isfinite(filled[:, day]), filled[:, day], before)
    return filled
