"""The default detector: what no habit of a series explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from finops_models.judging import JudgingOptions
from finops_models.panel_detector import PanelDetector
from finops_models.replay import Replay

if TYPE_CHECKING:
    from finops_cost_management.query.panel import CostPanel
    from finops_models.robust import Floats

CELLS_AT_ONCE = 2_000_000
"""Panels are worked on in blocks of series with so many days together, to bound memory."""

TOGETHER = 5
"""Fewer series than this cannot tell a day that is still filling up."""

BELOW = -2.0
"""Standard deviations below which a cost is clearly below what was expected."""


class SeasonalOptions(JudgingOptions):
    """How surprising and how expensive a day must be to be told, and how late bills are."""

    settling_days: int = Field(default=2, ge=0)
    """How many of the newest days of a panel may still be filling up. On these, costs below
    expectation are not told where most series (of at least five) are below together, unless they
    were so before."""


class Seasonal(PanelDetector[SeasonalOptions]):
    """Tells what weekday, level, growth and the billing calendar do not explain.

    All days are replayed in order, each judged by the days before it (`Replay`). Told are single
    days (spikes, drops, credits, days billed twice), new levels, series that begin or stop,
    monthly charges and weekends that fail to appear, and slow changes of the level.
    """

    Options: ClassVar[type[SeasonalOptions]] = SeasonalOptions

    def surprises(self, panel: CostPanel, days: slice) -> tuple[Floats, Floats]:
        """See `PanelDetector.surprises`."""
        import numpy as np

        lookback = self.options.lookback_days
        start = 0 if lookback is None else max(days.start - lookback, 0)
        dates = panel.dates[start : days.stop]
        costs = np.where(np.isfinite(panel.values), panel.values, np.nan)[:, start : days.stop]
        rows = max(CELLS_AT_ONCE // len(dates), 1)
        blocks = [
            Replay(
                costs[row : row + rows],
                dates,
                needed=self.options.surprise_needed,
                history=self.options.history,
            ).run()
            for row in range(0, len(costs), rows)
        ]
        expected, surprise = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        newest = len(panel.dates) - start - self.options.settling_days
        _excuse_unsettled(surprise, max(newest, 0))
        judged = slice(days.start - start, None)
        return expected[:, judged], surprise[:, judged]


def _excuse_unsettled(surprise: Floats, first: int) -> None:
    """Costs below expectation that most series share, from the day ``first`` on, are late data."""
    import numpy as np

    judged = np.isfinite(surprise).sum(axis=0)
    together = (judged >= TOGETHER) & (2 * (surprise < BELOW).sum(axis=0) > judged)
    if first > 0 and together[first - 1 : first].any():
        return
    late = np.zeros(len(together), dtype=bool)
    late[first:] = together[first:]
    surprise[:, late] = np.maximum(surprise[:, late], 0.0)
