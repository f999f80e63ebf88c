"""Open FOCUS files as they are: raw rows under the names and types of the files."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from finops_cost_management.engine import io_error, literal_path
from finops_cost_management.errors import AccessError, DataError
from finops_cost_management.focus.csv_files import csv_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import BufferedReader
    from pathlib import Path

    import ibis
    import ibis.expr.datatypes as dt

    from finops_cost_management.engine import Engine

_PARQUET, _GZIP, _ZIP = b"PAR1", b"\x1f\x8b", b"PK\x03\x04"


def open_files(engine: Engine, paths: Sequence[Path], *, alike: bool = False) -> list[ibis.Table]:
    """The raw rows of files, one table for all that have the same columns and types.

    Parquet is read where it lies. CSV (comma, semicolon or tab, UTF-8, gzipped or not) is taken
    as text and staged once in the engine's scratch folder as Parquet. What a file is, its content
    says.

    A CSV file with a line that cannot be split into its columns is refused as a whole, with the
    line's number: such a file is damaged, and what the rest of it says cannot be trusted.

    Args:
        engine: Where to read them.
        paths: The files.
        alike: Whether columns of CSV may differ in letter case only, as in `csv_files.csv_rows`.

    Raises:
        DataError: A file is damaged, empty or no table.
        AccessError: A file cannot be opened, or the disk is full.
    """
    members: dict[tuple[tuple[str, dt.DataType], ...], list[Path]] = {}
    tables: dict[tuple[tuple[str, dt.DataType], ...], ibis.Table] = {}
    for path in paths:
        start = _start_of(path)
        parquet = path if _is_parquet(start) else _staged(engine, path, start, alike=alike)
        with explained(path):
            table = _parquet(engine, [parquet])
        schema = tuple(sorted(table.schema().items(), key=lambda item: item[0]))
        members.setdefault(schema, []).append(parquet)
        tables[schema] = table
    return [
        tables[schema] if len(same) == 1 else _parquet(engine, same)
        for schema, same in members.items()
    ]


def peek(engine: Engine, path: Path, *, alike: bool = False) -> ibis.Table:
    """The raw rows of one file where it lies, for a look at a column or two.

    Nothing is staged, and CSV lines that cannot be split are passed over. Ask for the rows inside
    `explained`.

    Args:
        engine: Where to read it.
        path: The file.
        alike: As in `open_files`.

    Raises:
        DataError: The file is empty or no table.
        AccessError: The file cannot be opened.
    """
    start = _start_of(path)
    with explained(path):
        if _is_parquet(start):
            return _parquet(engine, [path])
        return csv_rows(engine, path, gzipped=_is_gzip(start), skip_damaged=True, alike=alike)


def content_digest(path: Path) -> str:
    """A digest of what a file holds: the same whether it is packed with gzip or not.

    Raises:
        DataError: The packed file is damaged.
        AccessError: The file cannot be opened.
    """
    with explained(path), path.open("rb") as stream:
        packed = _is_gzip(stream.read(len(_GZIP)))
        stream.seek(0)
        content: BufferedReader | gzip.GzipFile = (
            gzip.GzipFile(fileobj=stream) if packed else stream
        )
        return hashlib.file_digest(content, "blake2b").hexdigest()


def _parquet(engine: Engine, paths: Sequence[Path]) -> ibis.Table:
    return engine.ibis.read_parquet(
        [literal_path(path) for path in paths],
        binary_as_string=True,
        union_by_name=True,
        hive_partitioning=False,  # what a folder is called says nothing about the rows
    )


def _start_of(path: Path) -> bytes:
    """The bytes by which a file says what it is."""
    with explained(path), path.open("rb") as stream:
        start = stream.read(4)
    if not start:
        raise DataError(f"{path} is empty", hint="deliver it again")
    if start == _ZIP:
        raise DataError(f"{path} is a zip archive", hint="unpack it first")
    if path.name.endswith(".parquet") and not _is_parquet(start):
        raise DataError(f"{path} is no Parquet file", hint="deliver it again")
    return start


def _is_parquet(start: bytes) -> bool:
    return start == _PARQUET


def _is_gzip(start: bytes) -> bool:
    return start.startswith(_GZIP)


def _staged(engine: Engine, path: Path, start: bytes, *, alike: bool) -> Path:
    """The rows of a CSV file as Parquet, written once."""
    with explained(path):
        stat = path.stat()
    # Named by what it is made of: a second reading finds it, a changed file is staged anew.
    identity = f"{path.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}"
    staged = engine.scratch / f"{hashlib.sha256(identity.encode()).hexdigest()}.parquet"
    if staged.exists():
        return staged
    partial = staged.with_suffix(".partial")
    try:
        with explained(path):
            rows = csv_rows(engine, path, gzipped=_is_gzip(start), alike=alike)
            target = str(partial).replace("'", "''")
            engine.sql(f"COPY ({engine.ibis.compile(rows)}) TO '{target}' (FORMAT parquet)")
        partial.rename(staged)
    finally:
        partial.unlink(missing_ok=True)
    return staged


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say what is wrong with a file in words, with its name and line.

    Raises:
        DataError: It is damaged.
        AccessError: It cannot be opened, or the disk is full.
    """
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        message = str(error)
        line = re.search(r"Line: (\d+)", message)
        where = f"{path}, line {line[1]}" if line else str(path)
        raise io_error(error, f"cannot read {path}") or DataError(
            f"{where}: {_reason(message)}", hint="the file is damaged: deliver it again"
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}", hint="deliver it again") from error
    except OSError as error:
        raise AccessError(
            f"cannot read {path}: {error.strerror}", hint="check that it exists and its permissions"
        ) from error


def _reason(message: str) -> str:
    if found := re.search(r"^(Expected Number of Columns.*)$", message, re.MULTILINE):
        return found[1]
    if "not utf-8" in message:
        return "the text is not UTF-8"
    if "quote" in message.lower() and "CSV Error" in message:
        return "a quote is not closed"
    return message.strip().split("\n", 1)[0]
