"""What a contest reports: models that do the same thing, side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What is promised of a score.

    Attributes:
        at_least: The score is not below.
        at_most: The score is not above.
    """

    at_least: float = float("-inf")
    at_most: float = float("inf")

    def holds(self, score: float) -> bool:
        """Whether the promise is kept."""
        return self.at_least <= score <= self.at_most

    def __str__(self) -> str:
        if self.at_most == float("inf"):
            return f"≥ {self.at_least:g}"
        if self.at_least == float("-inf"):
            return f"≤ {self.at_most:g}"
        return f"{self.at_least:g}-{self.at_most:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One table: a row for each model, those that lose included.

    Attributes:
        benchmark: Which benchmark it belongs to.
        title: What the models were asked, on what.
        ours: The row that the promises are about.
        rows: Model → score's name → score; a score that a model has none of is left out.
        promises: Score's name → what is promised of it.
        absent: Model → why it has no row.
    """

    benchmark: str
    title: str
    ours: str
    rows: Mapping[str, Mapping[str, float]]
    promises: Mapping[str, Bound] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> Mapping[str, bool]:
        """Score's name → whether our model keeps what is promised of it."""
        own = self.rows.get(self.ours, {})
        return {
            name: bound.holds(own[name]) for name, bound in self.promises.items() if name in own
        }
