"""Open FOCUS files as they are: raw rows under the names and types of the files."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import os
import re
import zlib
from collections import Counter
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from finops_cost_management.errors import AccessError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import ibis
    import ibis.expr.datatypes as dt

    from finops_cost_management.engine import Engine

_PARQUET, _GZIP, _ZIP = b"PAR1", b"\x1f\x8b", b"PK\x03\x04"
_DELIMITERS = ",;\t"
_PEEK = 1 << 20


def read_files(engine: Engine, paths: Sequence[Path]) -> ibis.Table:
    """The raw rows of FOCUS files, together.

    Parquet is read where it lies. CSV (comma, semicolon or tab, UTF-8, gzipped or not) is taken
    as text and staged once in the engine's scratch folder as Parquet. What a file is, its content
    says. Files may differ in the order of their columns, in letter case and in types: where two
    types meet, the text of both is kept.

    A CSV file with a line that cannot be split into its columns is refused as a whole, with the
    line's number: such a file is damaged, and what the rest of it says cannot be trusted.

    Raises:
        DataError: A file is damaged, empty or no table.
        AccessError: A file cannot be opened.
    """
    if not paths:
        raise DataError("no FOCUS files to read", hint="check the path or the pattern")
    staged = {path: _as_parquet(engine, path) for path in paths}
    groups: dict[tuple[tuple[str, dt.DataType], ...], list[Path]] = {}
    tables: dict[tuple[tuple[str, dt.DataType], ...], ibis.Table] = {}
    for path, parquet in staged.items():
        with _explained(path):
            table = engine.ibis.read_parquet(parquet, binary_as_string=True)
        schema = tuple(sorted(table.schema().items(), key=lambda item: item[0]))
        groups.setdefault(schema, []).append(parquet)
        tables[schema] = table
    for schema, members in groups.items():
        if len(members) > 1:
            tables[schema] = engine.ibis.read_parquet(
                members, binary_as_string=True, union_by_name=True
            )
    return _together(list(tables.values()))


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

    from finops_cost_management.focus import cells

    own = {name.lower(): table[name] for name in table.columns}
    columns = {}
    for key, name in names.items():
        kinds = {kind for kind in types[key] if not kind.is_null()}
        kind = kinds.pop() if len(kinds) == 1 else "string"
        cell = own.get(key)
        if cell is None or cell.type().is_null():
            columns[name] = ibis.null(kind)
        else:
            columns[name] = cell if cell.type() == kind else cells.text(cell)
    return table.select(**columns)


def _as_parquet(engine: Engine, path: Path) -> Path:
    """The file itself, or its rows staged as Parquet."""
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
            stat = os.fstat(stream.fileno())
    except OSError as error:
        raise AccessError(
            f"cannot read {path}: {error.strerror}", hint="check that it exists and its permissions"
        ) from error
    if not start:
        raise DataError(f"{path} is empty", hint="deliver it again")
    if start == _PARQUET:
        return path
    if start == _ZIP:
        raise DataError(f"{path} is a zip archive", hint="unpack it first")
    if path.name.endswith(".parquet"):
        raise DataError(f"{path} is no Parquet file", hint="deliver it again")
    # Named by what it is made of: a second reading finds it, a changed file is staged anew.
    identity = f"{path.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}"
    staged = engine.scratch / f"{hashlib.sha256(identity.encode()).hexdigest()}.parquet"
    if not staged.exists():
        _stage(engine, path, gzipped=start[:2] == _GZIP, target=staged)
    return staged


def _stage(engine: Engine, path: Path, *, gzipped: bool, target: Path) -> None:
    delimiter, names = _csv_header(path, gzipped=gzipped)
    partial = target.with_suffix(".partial")
    with _explained(path):
        rows = engine.ibis.read_csv(
            path,
            auto_detect=False,
            columns=dict.fromkeys(names, "VARCHAR"),
            header=True,
            delim=delimiter,
            quote='"',
            escape='"',
            compression="gzip" if gzipped else "none",
            strict_mode=True,
            null_padding=False,
        )
        engine.ibis.to_parquet(rows, partial)
        if not engine.ibis.read_parquet(partial).limit(1).count().to_pyarrow().as_py():
            partial.unlink()
            raise DataError(f"{path} has a header and no rows", hint="deliver it again")
    partial.rename(target)


def _csv_header(path: Path, *, gzipped: bool) -> tuple[str, list[str]]:
    """The delimiter and the column names, checked."""
    line = _first_record(path, gzipped=gzipped)
    delimiter = max(_DELIMITERS, key=lambda sign: len(next(csv.reader([line], delimiter=sign))))
    names = next(csv.reader([line], delimiter=delimiter))
    twice = [name for name, count in Counter(name.lower() for name in names).items() if count > 1]
    if twice:
        raise DataError(
            f"{path}, line 1: the header names {', '.join(twice)} more than once",
            hint="every column needs a name of its own, letter case aside",
        )
    if "" in names:
        raise DataError(
            f"{path}, line 1: column {names.index('') + 1} of {len(names)} has no name",
            hint="give every column a name",
        )
    return delimiter, names


def _first_record(path: Path, *, gzipped: bool) -> str:
    try:
        with cast("IO[bytes]", gzip.open(path) if gzipped else path.open("rb")) as stream:
            start = stream.readline(_PEEK)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}", hint="deliver it again") from error
    if b"\0" in start:
        raise DataError(
            f"{path} is neither Parquet nor UTF-8 text",
            hint="FOCUS files are Parquet, CSV or gzipped CSV",
        )
    try:
        return start.removeprefix(codecs.BOM_UTF8).decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}, line 1, is not UTF-8", hint="save it as UTF-8") from error


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say what is wrong with a file in words, with its name and line."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        message = str(error)
        line = re.search(r"Line: (\d+)", message)
        where = f"{path}, line {line[1]}" if line else str(path)
        raise DataError(
            f"{where}: {_reason(message)}", hint="the file is damaged: deliver it again"
        ) from error


def _reason(message: str) -> str:
    if found := re.search(r"^(Expected Number of Columns.*)$", message, re.MULTILINE):
        return found[1]
    if "not utf-8" in message:
        return "the text is not UTF-8"
    if "quote" in message.lower() and "CSV Error" in message:
        return "a quote is not closed"
    return message.strip().split("\n", 1)[0]
