"""The columns of FOCUS 1.0-preview to 1.4, Cost and Usage dataset, as data."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from finops_cost_management.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

ColumnType = Literal["String", "Decimal", "Date/Time", "JSON"]
Level = Literal["Mandatory", "Conditional", "Recommended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the Cost and Usage dataset.

    Where versions differ, the newest that has the column is told.

    Attributes:
        name: Its name in FOCUS.
        type: String, Decimal, Date/Time (UTC) or JSON (as text).
        nullable: Whether FOCUS allows null.
        level: Mandatory, Conditional or Recommended.
        since: First version with it; what FOCUS 0.5 had counts from 1.0-preview.
        until: Last version with it; None while it is current.
        values: All values that FOCUS allows; empty where it does not restrict them.
        formerly: Names that it had before ``since``, or in FOCUS 0.5.
        former_values: Value of an earlier version → value today.
    """

    name: str
    type: ColumnType
    nullable: bool
    level: Level
    since: str
    until: str | None = None
    values: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()
    former_values: Mapping[str, str] = field(default_factory=dict)


def _column(entry: dict[str, Any]) -> Column:
    lists = ("values", "formerly")
    fields: dict[str, Any] = {
        key: tuple(value) if key in lists else value for key, value in entry.items()
    }
    return Column(**fields)


def _load() -> tuple[tuple[str, ...], tuple[Column, ...], dict[str, tuple[str, ...]]]:
    text = resources.files(__package__).joinpath("columns.json").read_text(encoding="utf-8")
    data = json.loads(text)
    pairs = {category: tuple(names) for category, names in data["service_subcategories"].items()}
    return tuple(data["versions"]), tuple(map(_column, data["columns"])), pairs


VERSIONS, _COLUMNS, _SUBCATEGORIES = _load()

SERVICE_SUBCATEGORIES: Mapping[str, tuple[str, ...]] = MappingProxyType(_SUBCATEGORIES)
"""ServiceCategory → its ServiceSubcategory values."""


def columns_of(version: str) -> tuple[Column, ...]:
    """The columns of one version, in the order of the specification (alphabetical).

    Raises:
        ConfigurationError: FOCUS has no such version, or it is not known here.
    """
    if version not in VERSIONS:
        raise ConfigurationError(
            f"{version!r} is not a known version of FOCUS", hint=f"use one of {', '.join(VERSIONS)}"
        )
    asked = VERSIONS.index(version)
    return tuple(
        column
        for column in _COLUMNS
        if VERSIONS.index(column.since) <= asked
        and (column.until is None or asked <= VERSIONS.index(column.until))
    )


COST_AND_USAGE: Mapping[str, Column] = MappingProxyType(
    {column.name: column for column in columns_of(VERSIONS[-1])}
)
"""The model: name → column of the newest version, in a stable order."""
