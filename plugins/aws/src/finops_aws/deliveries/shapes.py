"""What an export holds, told by its columns, and which source reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_aws.cur.columns import normalised
from finops_cost_management import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape in which AWS delivers bills.

    Attributes:
        name: What people call it.
        use: The source that reads it.
    """

    name: str
    use: str


FOCUS = Shape("a FOCUS export", "aws.focus_export")
REPORT = Shape("a Cost and Usage Report", "aws.cost_and_usage")

_SIGNS = {
    FOCUS: {"billedcost", "chargeperiodstart", "chargecategory"},
    REPORT: {"line_item_unblended_cost", "line_item_line_item_type"},
}
"""Columns that the one has always, and the other never."""


class OtherShapeError(DataError):
    """The export is one that another source reads."""


def shape_of(columns: Iterable[str]) -> Shape | None:
    """What these columns are; None where they say neither the one nor the other."""
    columns = list(columns)
    names = {name.lower() for name in columns} | {normalised(name) for name in columns}
    return next((shape for shape, signs in _SIGNS.items() if signs <= names), None)


def refuse_other(columns: Iterable[str], wanted: Shape, where: object) -> None:
    """Say that another source reads it, where that is so.

    Args:
        columns: Of the export, or of one of its files.
        wanted: What the source reads.
        where: Where it lies.

    Raises:
        OtherShapeError: It is of the other shape.
    """
    found = shape_of(columns)
    if found is not None and found is not wanted:
        raise OtherShapeError(
            f"{where} holds {found.name}, not {wanted.name}",
            hint=f"read it with `use: {found.use}`, or give `path` the folder of {wanted.name}",
        )
