"""The statistical detector: how many standard deviations from the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from finops_models.judging import JudgingOptions
from finops_models.panel_detector import PanelDetector

if TYPE_CHECKING:
    from finops_cost_management.query.panel import CostPanel
    from finops_models.robust import Floats

FEWEST = 14
"""Fewer known days say nothing about a standard deviation."""

FLOOR = 0.02
"""A standard deviation is never believed to be less than this share of the cost of a day."""


class ZScoreOptions(JudgingOptions):
    """Over which days mean and standard deviation are taken, and what is told."""

    lookback_days: int = Field(default=60, ge=FEWEST)
    """Days before a judged day over which mean and standard deviation are taken. Habits of the
    calendar are learned from all days that the panel has."""


class ZScore(PanelDetector[ZScoreOptions]):
    """Standard deviations from the rolling mean, of what the calendar does not explain.

    Level, weekdays and recurring charges are taken out first, as `seasonal` knows them; the mean
    and the standard deviation of the rest over ``lookback_days`` judge the day. Four standard
    deviations are told at the default ``sensitivity``, three at 0.5. Known as ``statistical``,
    too.

    Simple to explain, and easily blinded: an incident widens the standard deviation until it has
    left the look-back. The default detector, `seasonal`, is not.
    """

    Options = ZScoreOptions

    def surprises(self, panel: CostPanel, days: slice) -> tuple[Floats, Floats]:
        """See `PanelDetector.surprises`."""
        import numpy as np

        from finops_models.calendar_residual import CELLS_AT_ONCE, calendar_residual
        from finops_models.replay import CERTAIN

        lookback = self.options.lookback_days
        left = calendar_residual(panel, days, before=lookback, options=self.options)
        rows = max(CELLS_AT_ONCE // left.cost.shape[1], 1)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            blocks = [
                _rolling(left.unexplained[row : row + rows], lookback)
                for row in range(0, len(panel), rows)
            ]
            mean, deviation, count = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
            # The mean itself is uncertain by its share of the deviation.
            deviation = np.maximum(deviation, FLOOR * left.size) * np.sqrt(1 + 1 / count)
            off = left.unexplained - mean
            score = np.where(off == 0, 0.0, np.clip(off / deviation, -CERTAIN, CERTAIN))
        judged = left.enough & (count >= FEWEST)[:, left.judged]
        return (
            (left.expected + mean)[:, left.judged],
            np.where(judged, score[:, left.judged], np.nan),
        )


def _rolling(values: Floats, days: int) -> tuple[Floats, Floats, Floats]:
    """Mean, standard deviation and number of the known values of the days before each day."""
    import numpy as np

    from finops_models.robust import trailing

    windows = trailing(values, days)
    known = np.isfinite(windows)
    count = known.sum(axis=-1).astype(np.float64)
    mean = np.where(known, windows, 0.0).sum(axis=-1) / np.maximum(count, 1)
    squares = np.where(known, (windows - mean[..., None]) ** 2, 0.0).sum(axis=-1)
    return mean, np.sqrt(squares / np.maximum(count - 1, 1)), count
