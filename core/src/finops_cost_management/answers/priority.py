"""How soon a recommendation deserves somebody's time, by a formula that can be configured."""

from __future__ import annotations

from decimal import Decimal
from math import prod
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from finops_cost_management.answers.recommendations import Effort, Priority, Risk

if TYPE_CHECKING:
    from finops_cost_management.answers.recommendations import Recommendation

_Factor = Annotated[float, Field(gt=0, le=1)]


class PriorityFormula(BaseModel):
    """Score = saving a month × confidence × factor of the effort × factor of the risk.

    The score is money: what a month of the saving is worth when doubt, work and danger are taken
    off. It is compared with three levels, in the currency of the recommendation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    medium: Decimal = Field(default=Decimal(25), ge=0)
    """Score from which a recommendation is of medium priority; below it is low."""

    high: Decimal = Field(default=Decimal(100), ge=0)
    """Score from which it is of high priority."""

    critical: Decimal = Field(default=Decimal(1000), ge=0)
    """Score from which it is critical."""

    effort: dict[Effort, _Factor] = Field(
        default={Effort.LOW: 1.0, Effort.MEDIUM: 0.7, Effort.HIGH: 0.4}
    )
    """Factor of each effort; one that is not named counts 1."""

    risk: dict[Risk, _Factor] = Field(default={Risk.LOW: 1.0, Risk.MEDIUM: 0.8, Risk.HIGH: 0.5})
    """Factor of each risk; one that is not named counts 1."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.medium <= self.high <= self.critical:
            raise ValueError("medium, high and critical must rise: each is a higher score")
        return self

    def weight(self, one: Recommendation) -> Decimal:
        """What one unit of its saving is worth, after doubt, work and danger: in (0, 1]."""
        factors = (
            one.confidence,
            self.effort.get(one.implementation_effort, 1.0),
            self.risk.get(one.risk, 1.0),
        )
        return prod((Decimal(repr(factor)) for factor in factors), start=Decimal(1))

    def score(self, one: Recommendation) -> Decimal:
        """What a month of the saving is worth, in the recommendation's currency."""
        return one.estimated_monthly_savings * self.weight(one)

    def priority(self, one: Recommendation) -> Priority:
        """The level that the score reaches."""
        score = self.score(one)
        levels = ((Priority.CRITICAL, self.critical), (Priority.HIGH, self.high))
        for priority, level in (*levels, (Priority.MEDIUM, self.medium)):
            if score >= level:
                return priority
        return Priority.LOW
