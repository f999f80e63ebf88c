"""Changes that no single day shows: slow leaks, ramps, and small steps that stay."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from finops_models.cost_memory import Bools, CostMemory, Outlook
    from finops_models.robust import Floats

SPANS = (2, 3, 5, 7, 14, 28)
"""The mean of so many days is compared with the level that was known before them."""

KNOWN_SHARE = 0.6
"""Share of the days of a span that must be ordinary."""

LEVEL_VARIANCE = 0.05
"""Variance of the slow level itself, as a share of that of a day."""

LEVEL_FLOOR = 0.012
"""No level is believed to be steadier than this share of itself."""

WANDERING_DAYS = 90
"""How long a difference counts for what is usual of a series."""

FEW = 10
"""Differences until what is usual of a series is believed; before that its noise is doubled."""

USUAL_SHARE = 0.8
"""Share of the usual variance of the differences that counts: they hold true changes, too."""

SETTLED_DAYS = 35
"""Days after its first cost until the level of a series may be compared with."""

CAUTION = 1.1
"""Six spans at once find more by chance than one day does."""

NEW_LEVEL_DAYS = 5
"""The level after a change is the mean of at most so many days."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drifts:
    """How far each series has moved; arrays have one entry per series.

    Attributes:
        distance: Standard deviations of the most surprising span; 0 where there is none.
        reference: The level that its days were compared with, in money.
        level: The level now.
    """

    distance: Floats
    reference: Floats
    level: Floats


class DriftWatch:
    """Compares the mean of the last days with the level before, at several spans at once.

    The level before is believed both to stay and to grow on as it did; what lies between both is
    no drift. How far series wander by themselves is learned for each series and span.
    """

    def __init__(self, series: int) -> None:
        import numpy as np

        self.usual, self.compared = np.zeros((2, len(SPANS), series))

    def look(self, memory: CostMemory, today: Outlook, watched: Bools) -> Drifts:
        """Judge the spans that end today, then learn from them.

        Args:
            memory: The past, today included.
            today: The day.
            watched: Series that have a history and no open incident.
        """
        import numpy as np

        distance, reference, level = np.zeros((3, len(today.cost)))
        newest = level
        for place, (span, mean, count) in enumerate(_recent_means(memory.steady, today.day)):
            newest = mean if span <= NEW_LEVEL_DAYS else newest
            before = memory.slow[today.day - span]
            grown = before * (1 + memory.trend[today.day - span] * (span + 1) / 2)
            unit = np.where(before != 0, np.abs(before), 1.0)
            judged = watched & (count >= KNOWN_SHARE * span) & np.isfinite(before) & (before != 0)
            judged &= memory.age >= span + SETTLED_DAYS
            beyond = mean - np.clip(mean, np.minimum(before, grown), np.maximum(before, grown))
            variance = self._variance(place, span, today.spread)
            found = np.where(judged, beyond / unit / np.sqrt(variance) / CAUTION, 0.0)
            further = np.abs(found) > np.abs(distance)
            distance = np.where(further, found, distance)
            reference = np.where(further, grown, reference)
            level = np.where(further, newest, level)
            off = np.minimum(((mean - grown) / unit) ** 2, 6 * variance)
            self.usual[place] += np.where(judged, (off - self.usual[place]) / WANDERING_DAYS, 0.0)
            self.compared[place] += judged
        return Drifts(distance=distance, reference=reference, level=level)

    def _variance(self, place: int, span: int, noise: Floats) -> Floats:
        """Of the difference of a span, as a share of the level squared."""
        import numpy as np

        least = noise**2 * (1 / span + LEVEL_VARIANCE) + LEVEL_FLOOR**2
        compared = np.maximum(self.compared[place], 1)
        warm = 1 - (1 - 1 / WANDERING_DAYS) ** compared
        usual = self.usual[place] / warm * USUAL_SHARE * (1 + 2 * span / compared)
        return np.maximum(least, np.where(compared >= FEW, usual, 2 * least))


def _recent_means(steady: Floats, day: int) -> Iterator[tuple[int, Floats, NDArray[np.int64]]]:
    """Per span with all its days: the span, mean and number of its known values."""
    import numpy as np

    total = np.zeros(steady.shape[1])
    count = np.zeros(steady.shape[1], dtype=np.int64)
    for before, span in pairwise((0, *SPANS)):
        if span > day:
            return
        values = steady[day - span + 1 : day - before + 1]
        known = np.isfinite(values)
        total = total + np.where(known, values, 0.0).sum(axis=0)
        count = count + known.sum(axis=0)
        yield span, total / np.maximum(count, 1), count
