"""The isolation forest of scikit-learn, asked for what the calendar does not explain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from finops_models.judging import JudgingOptions
from finops_models.panel_detector import PanelDetector

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from finops_cost_management.query.panel import CostPanel
    from finops_models.calendar_residual import Residual
    from finops_models.robust import Floats

WEEK = 7

SEASON = 4 * WEEK
"""Days that one forest judges; one grown each week finds the same and takes four times as long."""

FEWEST = 28
"""Fewer days of all series together make no forest."""

ENOUGH = 5_000
"""A forest is grown on so many days of all series together, evenly chosen where there are more."""

FINE = 10.0
"""Shares of the cost of a day are told apart from a tenth on."""


class IsolationForestOptions(JudgingOptions):
    """How the forest is grown, and what is told."""

    contamination: float = Field(default=0.05, gt=0, le=0.5)
    """Share of the days of all series that the forest may call odd. Of these, the surprising and
    expensive ones are told."""

    lookback_days: int = Field(default=60, ge=28)
    """Days that a forest is grown on. Habits of the calendar are learned from all days that the
    panel has."""

    trees: int = Field(default=100, ge=10)
    """Trees of a forest: more cost more time and depend less on chance."""


class IsolationForest(PanelDetector[IsolationForestOptions]):
    """One forest for all series picks the odd days; the surprising ones of these are told.

    Every fourth Monday a forest is grown on the last ``lookback_days`` days of all series, and
    judges the days up to the next. It sees no money but shapes, the same for series of any size:
    how many robust standard deviations a day is off what its habits explain (as `seasonal` knows
    them), which share of the usual cost that is, and how far the day is from the one a week
    before. Days that it calls odd, at most about ``contamination`` of all, are judged by their
    distance in standard deviations.
    """

    Options = IsolationForestOptions

    def surprises(self, panel: CostPanel, days: slice) -> tuple[Floats, Floats]:
        """See `PanelDetector.surprises`. A day that the forest calls ordinary is not surprising."""
        import numpy as np

        from finops_models.calendar_residual import calendar_residual

        # The forest of the first judged day was grown before it, and compares with a week before.
        before = SEASON + self.options.lookback_days + WEEK
        left = calendar_residual(panel, days, before=before, options=self.options)
        shapes = _shapes(left)
        known: NDArray[np.bool_] = np.asarray(np.isfinite(shapes).all(axis=-1))
        dates = panel.dates[days.stop - left.judged.stop : days.stop]
        surprise = np.full(left.cost.shape, np.nan)
        for planted, season in _seasons(dates, left.judged):
            past = slice(max(planted - self.options.lookback_days, 0), max(planted, 0))
            grown_on = shapes[:, past][known[:, past]]
            if len(grown_on) < FEWEST:
                continue
            now = known[:, season]
            odd = np.zeros(now.shape, dtype=bool)
            if now.any():
                odd[now] = self._odd(grown_on, shapes[:, season][now])
            surprise[:, season] = np.where(
                odd, left.surprise[:, season], np.where(now, 0.0, np.nan)
            )
        return (
            left.expected[:, left.judged],
            np.where(left.enough, surprise[:, left.judged], np.nan),
        )

    def _odd(self, past: Floats, now: Floats) -> NDArray[np.bool_]:
        """Which days a forest of the past calls odd; both are days × shapes."""
        import numpy as np
        from sklearn.ensemble import IsolationForest as Forest

        # In an order of their own: that of the series must not decide which trees grow.
        ordered = past[np.lexsort(past.T)]
        places = np.linspace(0, len(ordered) - 1, min(len(ordered), ENOUGH)).astype(np.int64)
        forest = Forest(
            n_estimators=self.options.trees,
            contamination=self.options.contamination,
            random_state=0,
        ).fit(ordered[places])
        odd: NDArray[np.bool_] = forest.predict(now) < 0
        return odd


def _shapes(left: Residual) -> Floats:
    """What the forest sees of each day, series × days × shapes; NaN where it is not known."""
    import numpy as np

    week_ago = np.pad(left.cost, ((0, 0), (WEEK, 0)), constant_values=np.nan)[:, :-WEEK]
    with np.errstate(over="ignore", invalid="ignore"):
        return np.stack(
            [
                _graded(left.surprise),
                _graded(FINE * _share(left.unexplained, left.size)),
                # No day to compare with is no change.
                np.nan_to_num(_graded(FINE * _share(left.cost - week_ago, left.size))),
            ],
            axis=-1,
        )


def _share(difference: Floats, size: Floats) -> Floats:
    """Of the usual cost; at most `CERTAIN`, also where nothing was usual."""
    import numpy as np

    from finops_models.replay import CERTAIN

    largest = CERTAIN * np.sign(difference)
    share = np.divide(difference, size, out=largest, where=size > 0)
    return np.clip(share, -CERTAIN, CERTAIN)


def _graded(distance: Floats) -> Floats:
    """Large distances drawn together: trees split between the smallest and the largest."""
    import numpy as np

    graded: Floats = np.sign(distance) * np.log1p(np.abs(distance))
    return graded


def _seasons(dates: NDArray[np.datetime64], judged: slice) -> Iterator[tuple[int, slice]]:
    """The column of each day on which a forest is grown, and the judged days up to the next.

    The first may be before the first column. The same days are chosen whatever is judged.
    """
    import numpy as np

    since_growing = (dates.astype("datetime64[D]").astype(np.int64) + 3) % SEASON  # 0 is a Monday
    column = judged.start
    while column < judged.stop:
        planted = column - int(since_growing[column])
        end = min(planted + SEASON, judged.stop)
        yield planted, slice(column, end)
        column = end
