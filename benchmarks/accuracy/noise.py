"""The chance in daily series: noise around a level, and levels that wander."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def happens(random: np.random.Generator, share: float) -> bool:
    """True in such a share of all cases."""
    return bool(random.random() < share)


def multiplicative_noise(
    random: np.random.Generator, days: int, *, spread: float, memory: float = 0.0
) -> NDArray[np.float64]:
    """Lognormal factors around 1.

    Args:
        random: Where chance comes from.
        days: How many.
        spread: Standard deviation of their logarithms.
        memory: Correlation of a day with the day before.
    """
    shocks = random.normal(0, spread * np.sqrt(1 - memory**2), days)
    shocks[0] = random.normal(0, spread)
    return np.exp(_remembered(shocks, memory) - spread**2 / 2)


def wandering_level(
    random: np.random.Generator, days: int, *, step: float, back: float = 0.0
) -> NDArray[np.float64]:
    """Factors that start at 1 and walk at random.

    Args:
        random: Where chance comes from.
        days: How many.
        step: Standard deviation of a day's step of their logarithm.
        back: Share of the way that they come back each day.
    """
    steps = random.normal(0, step, days)
    steps[0] = 0
    return np.exp(_remembered(steps, 1 - back))


def _remembered(shocks: NDArray[np.float64], memory: float) -> NDArray[np.float64]:
    """Each value is `memory` times the one before, plus its shock."""
    if not memory:
        return shocks
    values = np.empty_like(shocks)
    value = 0.0
    for day, shock in enumerate(shocks):
        value = memory * value + shock
        values[day] = value
    return values
