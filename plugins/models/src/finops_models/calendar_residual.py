"""What no habit explains of each day: the ground that the plain methods stand on.

A z-score or an isolation forest of the bare costs alarms at each weekend and each first of the
month. Of what is left beside level, weekdays and recurring charges, they are worth asking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_models.robust import mean_size, trailing
from finops_models.seasonal import Seasonal, SeasonalOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from finops_cost_management.query.panel import CostPanel
    from finops_models.judging import JudgingOptions
    from finops_models.robust import Floats

USUAL = 28
"""Days whose mean size is the usual cost of a day."""

BEGUN = 14
"""Known days from which on something is expected of a series."""

CELLS_AT_ONCE = 100_000
"""Windows over the past are taken for so many days of all series together, to bound memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Residual:
    """Judged days and so many days before them as were asked for; all are series × days.

    Attributes:
        cost: What was charged; NaN where unknown.
        expected: What the habits of the series explain; NaN where nothing is expected.
        surprise: Distance from it in robust standard deviations.
        size: Mean absolute cost of the four weeks before; 0 where they cost nothing.
        judged: Columns of the judged days.
        enough: Whether a judged day has enough history, series × judged days.
    """

    cost: Floats
    expected: Floats
    surprise: Floats
    size: Floats
    judged: slice
    enough: NDArray[np.bool_]

    @property
    def unexplained(self) -> Floats:
        """Charged minus expected."""
        return self.cost - self.expected


def calendar_residual(
    panel: CostPanel, days: slice, *, before: int, options: JudgingOptions
) -> Residual:
    """Take from each day what the habits of its series explain, as `Seasonal` knows them.

    Args:
        panel: Daily costs.
        days: The judged columns of the panel.
        before: How many days before the judged ones are wanted too, as far as there are any.
        options: How sensitive the detector is, and how much history it needs.
    """
    import numpy as np

    first = max(days.start - before, 0)
    wanted = slice(first, days.stop)
    # Late bills are excused on the newest days alone: what a day teaches must not depend on that.
    habits = Seasonal(
        SeasonalOptions(history=BEGUN, sensitivity=options.sensitivity, settling_days=0)
    )
    expected, surprise = habits.surprises(panel, wanted)
    known = np.isfinite(panel.values)
    costs = np.where(known, panel.values, np.nan)[:, : days.stop]
    return Residual(
        cost=costs[:, wanted],
        expected=expected,
        surprise=surprise,
        size=_size(costs[:, max(first - USUAL, 0) :])[:, first - days.stop :],
        judged=slice(days.start - first, days.stop - first),
        enough=(np.cumsum(known, axis=1) - known)[:, days] >= options.history,
    )


def _size(values: Floats) -> Floats:
    import numpy as np

    rows = max(CELLS_AT_ONCE // values.shape[1], 1)
    with np.errstate(over="ignore"):
        return np.concatenate(
            [
                mean_size(trailing(values[row : row + rows], USUAL))
                for row in range(0, len(values), rows)
            ]
        )
