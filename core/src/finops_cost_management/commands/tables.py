"""Answers as tables: for people on a terminal, plain in a pipe, JSON and CSV for programs."""

from __future__ import annotations

import sys
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

Row = dict[str, Any]
FORMATS = ("table", "json", "csv")
MONEY_COLUMNS = frozenset({"BilledCost", "EffectiveCost", "ListCost", "ContractedCost"})


def show(
    rows: Sequence[Row],
    fmt: str,
    *,
    stream: TextIO | None = None,
    title: str = "",
    width: int = 10_000,
    figures: Collection[str] = (),
    nothing: str = "There is nothing to show.",
) -> None:
    """Print rows that all have the same columns.

    Args:
        rows: In their order.
        fmt: One of `FORMATS`.
        stream: Where to; standard output by default.
        title: Above a table.
        width: Of a table in a pipe, in characters: so long are its lines at most.
        figures: Columns of a table that hold figures, though they are text.
        nothing: What to say to a person where there is no row; programs get an empty list.
    """
    stream = stream or sys.stdout
    if not rows and fmt != "json":
        sys.stderr.write(f"{nothing}\n")
    elif fmt == "json":
        _as_json(rows, stream)
    elif fmt == "csv":
        _as_csv(rows, stream)
    else:
        _as_table(rows, stream, title, width, figures)


def _as_table(
    rows: Sequence[Row], stream: TextIO, title: str, width: int, figures: Collection[str]
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(file=stream, width=None if stream.isatty() else width)
    table = Table(box=box.SIMPLE_HEAD)
    columns = [name for name in rows[0] if name != "BillingCurrency"]
    for name in columns:
        number = name in figures or any(
            isinstance(row[name], Decimal | int | float) for row in rows
        )
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row, name) for name in columns))
    # Padding to a width is for eyes; a pipe gets lines without trailing blanks.
    with console.capture() as capture:
        if title:
            console.print(title, style="italic")
        console.print(table)
    stream.write("\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n")


def _cell(row: Mapping[str, Any], name: str) -> str:
    from rich.markup import escape

    from finops_cost_management.query.dimensions import NONE
    from finops_cost_management.report.wording import money, plain

    value = row[name]
    if value is None:
        return NONE
    if name in MONEY_COLUMNS:
        return money(value, row["BillingCurrency"])
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return escape(plain(str(value)))


def _as_json(rows: Sequence[Row], stream: TextIO) -> None:
    import json

    json.dump(
        [{key: _plain(value) for key, value in row.items()} for row in rows], stream, indent=2
    )
    stream.write("\n")


def _as_csv(rows: Sequence[Row], stream: TextIO) -> None:
    import csv

    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows([_harmless(_cell_text(value)) for value in row.values()] for row in rows)


def _plain(value: Any) -> Any:
    """Decimals as text: JSON's numbers are floats to most readers, and money is exact."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date):
        return value.isoformat()
    return value


def _cell_text(value: Any) -> Any:
    """A value in one cell: lists and mappings as JSON."""
    import json

    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, (dict, list)) else _plain(value)


def _harmless(value: Any) -> Any:
    """A spreadsheet runs cells that begin like a formula; a quote makes them text."""
    text = str(value)
    if text[:1] in ("=", "+", "@", "\t", "\r") or (text[:1] == "-" and not _is_number(text)):
        return f"'{text}"
    return value


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except ArithmeticError:
        return False
    return True
