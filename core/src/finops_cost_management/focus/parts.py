"""The files of one delivery, read together although they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.errors import DataError
from finops_cost_management.focus import cells
from finops_cost_management.focus.files import open_files
from finops_cost_management.focus.header import Header
from finops_cost_management.focus.providers import ACCOUNTS, HOSTS, whole_account

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import ibis
    import ibis.expr.datatypes as dt
    import ibis.expr.types as ir

    from finops_cost_management.engine import Engine


def read_files(engine: Engine, paths: Sequence[Path]) -> ibis.Table:
    """The raw rows of FOCUS files, together.

    Files may be of any format that `open_files` knows, and differ in the order of their columns,
    in letter case and in types. Where two types meet, both become text that reads the same as
    the types do; together with CSV, its null words are null in every file.

    Raises:
        DataError: A file is damaged, empty or no table.
        AccessError: A file cannot be opened, or the disk is full.
    """
    if not paths:
        raise DataError("no FOCUS files to read", hint="check the path or the pattern")
    return _together(open_files(engine, paths))


def _together(tables: Sequence[ibis.Table]) -> ibis.Table:
    """All rows, every column by its name; null where a file has it not."""
    import ibis

    if len(tables) == 1:
        return tables[0]
    names: dict[str, str] = {}
    types: dict[str, set[dt.DataType]] = {}
    for table in tables:
        for name, kind in table.schema().items():
            names.setdefault(name.lower(), name)
            types.setdefault(name.lower(), set()).add(kind)
    return ibis.union(*(_shaped(table, names, types) for table in tables))


def _shaped(
    table: ibis.Table, names: Mapping[str, str], types: Mapping[str, set[dt.DataType]]
) -> ibis.Table:
    import ibis

    own = {name.lower(): name for name in table.columns}
    columns = {}
    for key, name in names.items():
        kinds = {kind for kind in types[key] if not kind.is_null()}
        kind = kinds.pop() if len(kinds) == 1 else "string"
        if key not in own or table[own[key]].type().is_null():
            columns[name] = ibis.null(kind)
        elif table[own[key]].type() == kind:
            columns[name] = table[own[key]]
        else:
            columns[name] = _as_text(table, own[key])
    return table.select(**columns)


def _as_text(table: ibis.Table, name: str) -> ir.StringValue:
    """A typed column as text, with what only its type tells."""
    import ibis

    cell = table[name]
    found = Header.of(table.columns).found
    if name == found.get("Tags") and cell.type().is_nested():
        return cells.tags(cell)
    text = cells.text(cell)
    if cell.type().is_numeric() and name in {found.get(column) for column in ACCOUNTS}:
        hosts = [table[found[column]] for column in HOSTS if column in found]
        return whole_account(text, ibis.coalesce(ibis.null("string"), *map(cells.text, hosts)))
    return text
