"""What a benchmark reports, and how two ways of doing the same thing are timed side by side."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class WrongAnswerError(Exception):
    """Something was fast, and wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Ours over the baseline, of pairs that ran one after the other.

    Attributes:
        median: Of all pairs.
        least: The smallest.
        most: The largest.
    """

    median: float
    least: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the report.

    Attributes:
        benchmark: Which benchmark it belongs to.
        measure: What was measured.
        ours: The median, in ``unit``.
        unit: ``s``, ``MB`` or ``/s``.
        baseline: The baseline's median, in ``unit``; None where there is nothing to compare with.
        ratio: Ours over the baseline; None where there is no baseline.
        at_most: What is promised of the ratio's median; None where nothing is promised.
        proof: How we know that the answer is right.
    """

    benchmark: str
    measure: str
    ours: float
    unit: str
    baseline: float | None = None
    ratio: Ratio | None = None
    at_most: float | None = None
    proof: str = ""

    @property
    def kept(self) -> bool | None:
        """Whether the promise is kept; None where there is none."""
        if self.at_most is None or self.ratio is None:
            return None
        return self.ratio.median <= self.at_most


def side_by_side(
    benchmark: str,
    measure: str,
    *,
    ours: Callable[[], float],
    baseline: Callable[[], float],
    repeats: int,
    at_most: float | None = None,
    proof: str = "",
) -> Figure:
    """Time two functions in turns.

    Turns, because a machine is not equally fast at all times: each pair shares its moment. Which
    one goes first alternates. A pair before the first one warms the caches and is not counted.

    Args:
        benchmark: Which benchmark it belongs to.
        measure: What is measured.
        ours: Does it our way and returns the seconds that count.
        baseline: Does the same with the tool alone.
        repeats: How many pairs are counted.
        at_most: What is promised of the ratio.
        proof: How we know that the answer is right.
    """
    ours(), baseline()
    pairs = []
    for turn in range(repeats):
        if turn % 2:
            second, first = baseline(), ours()
            pairs.append((first, second))
        else:
            pairs.append((ours(), baseline()))
    ratios = [first / second for first, second in pairs]
    return Figure(
        benchmark=benchmark,
        measure=measure,
        ours=statistics.median(first for first, _ in pairs),
        baseline=statistics.median(second for _, second in pairs),
        unit="s",
        ratio=Ratio(median=statistics.median(ratios), least=min(ratios), most=max(ratios)),
        at_most=at_most,
        proof=proof,
    )


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes, by the clock on the wall."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
