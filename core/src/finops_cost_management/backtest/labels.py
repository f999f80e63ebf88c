"""Days on which something is known to have happened, as a person wrote them down."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from finops_cost_management.errors import AccessError, ConfigurationError
from finops_cost_management.query.dimensions import NONE, Dimension
from finops_cost_management.window import DateWindow, days_after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_DAY, _START, _END, _KIND = "date", "start", "end", "kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One known event.

    Attributes:
        days: The days on which an alert is right.
        dimensions: Which series it is about: each of these must have this value; empty for all.
        kind: What it is, in the words of who wrote it; empty where nobody said.
        line: Where it stands in the file, counted from 1.
    """

    days: DateWindow
    dimensions: Mapping[str, str | None] = field(default_factory=dict)
    kind: str = ""
    line: int = 0

    def is_about(self, series: Mapping[str, str | None]) -> bool:
        """Whether a series is meant."""
        return all(
            name in series and series[name] == value for name, value in self.dimensions.items()
        )


def read_labels(path: Path) -> list[Label]:
    """Read a CSV file of labels.

    The first line names the columns: ``date``, or ``start`` and ``end`` (both inside), then any
    dimensions as ``over`` names them, and ``kind`` if it is known. An empty cell means any value,
    ``(none)`` means charges without one.

    Raises:
        AccessError: The file cannot be read.
        ConfigurationError: It is not such a file; the line is named.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
    except OSError as error:
        raise AccessError(
            f"cannot read {path}: {error.strerror}", hint="check the path and its permission"
        ) from error
    rows = csv.reader(lines)
    header = [name.strip() for name in next(rows, [])]
    dimensions = _dimensions(path, header)
    labels = [
        _label(path, rows.line_num, header, dimensions, [cell.strip() for cell in row])
        for row in rows
        if any(cell.strip() for cell in row)
    ]
    if not labels:
        raise ConfigurationError(f"{path} holds no label", hint="write one line for each event")
    return labels


def _dimensions(path: Path, header: Sequence[str]) -> dict[str, str]:
    """Column → the dimension that it names."""
    when = {_DAY} if _DAY in header else {_START, _END}
    if not when <= set(header) or len(set(header)) != len(header):
        raise ConfigurationError(
            f"{path}:1: the columns are {', '.join(header) or 'missing'}",
            hint="write `date` or `start,end` first, then dimensions such as `service`, each once",
        )
    try:
        return {name: Dimension.parse(name).name for name in header if name not in {*when, _KIND}}
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}:1: {error.what}", hint=error.hint) from error


def _label(
    path: Path, line: int, header: Sequence[str], dimensions: Mapping[str, str], row: Sequence[str]
) -> Label:
    if len(row) != len(header):
        raise ConfigurationError(
            f"{path}:{line}: {len(row)} cells where the first line names {len(header)} columns",
            hint="put a value with a comma in quotes",
        )
    cells = dict(zip(header, row, strict=True))
    start, end = (
        _day(path, line, cells[name])
        for name in ((_DAY, _DAY) if _DAY in cells else (_START, _END))
    )
    if end < start:
        raise ConfigurationError(
            f"{path}:{line}: it ends on {end}, before it starts on {start}",
            hint="both days are inside",
        )
    return Label(
        days=DateWindow(start, days_after(end, 1)),
        dimensions={
            dimensions[name]: None if cells[name] == NONE else cells[name]
            for name in dimensions
            if cells[name]
        },
        kind=cells.get(_KIND, ""),
        line=line,
    )


def _day(path: Path, line: int, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{path}:{line}: {text!r} is no day", hint="write it as 2026-11-17"
        ) from None


def check_labels(
    path: Path,
    labels: Sequence[Label],
    series: Sequence[Mapping[str, str | None]],
) -> None:
    """Refuse labels that no series can ever meet: they would count as missed for ever.

    Args:
        path: Their file, for messages.
        labels: What was read from it.
        series: The keys of all series that are judged.

    Raises:
        ConfigurationError: A column is no dimension of the series, or no series is meant.
    """
    for label in labels:
        if not any(label.is_about(key) for key in series):
            raise ConfigurationError(
                f"{path}:{label.line}: no series is {_in_words(label)}",
                hint=_hint(label, series),
            )


def _in_words(label: Label) -> str:
    return " and ".join(f"{name} {value or NONE!r}" for name, value in label.dimensions.items())


def _hint(label: Label, series: Sequence[Mapping[str, str | None]]) -> str:
    from finops_cost_management.did_you_mean import did_you_mean

    known = sorted({name for key in series for name in key})
    for name, value in label.dimensions.items():
        if name not in known:
            return f"the series have {' and '.join(known) or 'no dimension'} (`over`)"
        values = sorted({key[name] or NONE for key in series if name in key})
        if (value or NONE) not in values:
            near = did_you_mean(value or NONE, values)
            return near or f"values of {name} are compared as `finops cost` prints them"
    return "no series has these values together"
