"""What explains an anomaly: the parts of its impact, dimension by dimension."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from finops_cost_management.answers.anomalies import Driver

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from finops_cost_management.answers.anomalies import Anomaly

MOST_VALUES = 5
"""So many values of a dimension are named; the others are one sum."""

SANE_SCALE = (0.5, 2.0)
"""How far the cost of the weeks before may be stretched to what the detector expected."""

_MENTIONED = Decimal("0.01")
"""Share of all that moved from which a value is named."""

_ABOUT = Decimal("0.1")
"""Shares that differ by less say about the same."""

_NEGLIGIBLE = Decimal("0.001")
"""Share of the impact up to which a remainder is rounding, and not worth a line."""

_DIGITS = 60
"""Wide enough for sums of DECIMAL(38,12)."""

_FINENESS = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What rows of one value cost.

    Attributes:
        value: The value; None for rows without one.
        actual: Cost on the days of the anomaly.
        reference: Cost of as many days of the weeks before.
    """

    value: str | None
    actual: Decimal
    reference: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """The rows of an anomaly, broken down by one dimension.

    Attributes:
        dimension: The FOCUS column or ``tags.<key>``.
        parts: Those that differ most, at least one.
        values: How many values there are in all.
        actual: Cost of all values on the days of the anomaly.
        reference: Cost of all values on as many days of the weeks before.
    """

    dimension: str
    parts: Sequence[Part]
    values: int
    actual: Decimal
    reference: Decimal


def drivers_of(anomaly: Anomaly, breakdowns: Iterable[Breakdown]) -> tuple[Driver, ...]:
    """Say what explains the impact of an anomaly.

    What a value was expected to cost is what it cost in the weeks before, stretched so that all
    values together cost what the detector expected; where that would stretch them beyond reason,
    they are left as they were, and what is missing is a line of its own.

    Args:
        anomaly: The anomaly.
        breakdowns: The same rows by one dimension after another.

    Returns:
        The dimension first of which one value explains most; of dimensions that explain about as
        much, the one with more values. The lines of a dimension add up to the impact exactly. A
        dimension with a single value comes last; with none it is left out.
    """
    ranked = []
    with localcontext(prec=_DIGITS):
        for place, breakdown in enumerate(breakdowns):
            lines = _lines(anomaly, breakdown)
            single = breakdown.values == 1
            if lines and not (single and breakdown.parts[0].value is None):
                about = round(_concentration(lines) / _ABOUT)
                ranked.append((single, -about, -breakdown.values, place, lines))
    return tuple(line for *_, lines in sorted(ranked, key=lambda one: one[:4]) for line in lines)


def _lines(anomaly: Anomaly, breakdown: Breakdown) -> list[Driver]:
    scale = _scale(anomaly.expected_cost, breakdown.reference)

    def impact(actual: Decimal, reference: Decimal) -> Decimal:
        return (actual - scale * reference).quantize(_FINENESS)

    lines = [
        Driver(
            dimension=breakdown.dimension,
            value=part.value,
            impact=impact(part.actual, part.reference),
        )
        for part in breakdown.parts
    ]
    worth_a_line = _MENTIONED * sum(abs(line.impact) for line in lines)
    lines = sorted(lines, key=lambda line: -abs(line.impact))[:MOST_VALUES]
    lines = lines[:1] + [line for line in lines[1:] if abs(line.impact) >= worth_a_line]
    if others := breakdown.values - len(lines):
        told = {line.value for line in lines}
        parts = [part for part in breakdown.parts if part.value in told]
        rest = impact(
            breakdown.actual - sum(part.actual for part in parts),
            breakdown.reference - sum(part.reference for part in parts),
        )
        lines.append(Driver(dimension=breakdown.dimension, value=None, impact=rest, others=others))
    left = anomaly.cost_impact - sum(line.impact for line in lines)
    if abs(left) > _NEGLIGIBLE * abs(anomaly.cost_impact):
        lines.append(
            Driver(dimension=breakdown.dimension, value=None, impact=left, unexplained=True)
        )
    else:
        first = lines[0]
        lines[0] = Driver(dimension=first.dimension, value=first.value, impact=first.impact + left)
    return [line for line in lines if line.impact]


def _scale(expected: Decimal, reference: Decimal) -> Decimal:
    if not reference:
        return Decimal(1)
    scale = expected / reference
    return scale if SANE_SCALE[0] <= scale <= SANE_SCALE[1] else Decimal(1)


def _concentration(lines: Sequence[Driver]) -> Decimal:
    """The share of the largest value in everything that moved."""
    values = [line.impact for line in lines if not (line.others or line.unexplained)]
    return abs(max(values, key=abs, default=Decimal(0))) / sum(abs(line.impact) for line in lines)
