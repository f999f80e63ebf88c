"""CSV as it is delivered: its delimiter, its header, and its rows as text."""

from __future__ import annotations

import codecs
import csv
import gzip
from collections import Counter
from typing import IO, TYPE_CHECKING, cast

from finops_cost_management.engine import literal_path
from finops_cost_management.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import ibis

    from finops_cost_management.engine import Engine

ALIKE = "#"
"""What tells columns apart whose names differ in letter case only: `Team`, `team#2`."""

_DELIMITERS = ",;\t"
_PEEK = 1 << 20


def csv_rows(
    engine: Engine, path: Path, *, gzipped: bool, skip_damaged: bool = False, alike: bool = False
) -> ibis.Table:
    """The rows of a CSV file, all text, under the names of its header; the rest is not read yet.

    Errors of the engine and of gzip are put in words by `files.explained`.

    Args:
        engine: Where to read it.
        path: The file.
        gzipped: Whether it is packed.
        skip_damaged: Whether lines that cannot be split into the columns are passed over.
        alike: Whether names may differ in letter case only, which engines do not tell apart: all
            but the first of them then end in `ALIKE` and a number.

    Raises:
        DataError: The header names no columns, or the same one twice.
    """
    delimiter, names = _header(path, gzipped=gzipped, alike=alike)
    return engine.ibis.read_csv(
        literal_path(path),
        auto_detect=False,
        columns=dict.fromkeys(names, "VARCHAR"),
        header=True,
        delim=delimiter,
        quote='"',
        escape='"',
        compression="gzip" if gzipped else "none",
        strict_mode=True,
        null_padding=False,
        ignore_errors=skip_damaged,
        hive_partitioning=False,
    )


def _header(path: Path, *, gzipped: bool, alike: bool) -> tuple[str, list[str]]:
    """The delimiter and the column names, checked."""
    lines = _first_lines(path, gzipped=gzipped)
    try:
        headers = {sign: _first_record(lines, sign) for sign in _DELIMITERS}
    except UnicodeDecodeError as error:
        raise DataError(f"{path}, line 1, is not UTF-8", hint="save it as UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{path}, line 1: {error}", hint="deliver it again") from error
    delimiter, names = max(headers.items(), key=lambda item: len(item[1]))
    same = Counter(name if alike else name.lower() for name in names)
    if twice := [name for name, count in same.items() if count > 1]:
        raise DataError(
            f"{path}, line 1: the header names {', '.join(twice)} more than once",
            hint="every column needs a name of its own" + ("" if alike else ", letter case aside"),
        )
    for number, name in enumerate(names, 1):
        if not name:
            raise DataError(
                f"{path}, line 1: column {number} of {len(names)} has no name",
                hint="give every column a name",
            )
        if "\n" in name or "\r" in name:
            # DuckDB would lose rows without a word.
            raise DataError(
                f"{path}, line 1: the name of column {number} of {len(names)} holds a line break",
                hint="write every name on one line",
            )
    return delimiter, _told_apart(names)


def _told_apart(names: Iterable[str]) -> list[str]:
    """The same names; of those that differ in letter case only, all but the first are marked."""
    seen: Counter[str] = Counter()
    told = []
    for name in names:
        seen[name.lower()] += 1
        number = seen[name.lower()]
        told.append(name if number == 1 else f"{name}{ALIKE}{number}")
    return told


def _first_record(lines: list[bytes], delimiter: str) -> list[str]:
    """The fields of the header, over as many lines as its quotes span."""
    return next(csv.reader((line.decode() for line in lines), delimiter=delimiter)) or [""]


def _first_lines(path: Path, *, gzipped: bool) -> list[bytes]:
    with cast("IO[bytes]", gzip.open(path) if gzipped else path.open("rb")) as stream:
        start = stream.read(_PEEK)
    lines = start.removeprefix(codecs.BOM_UTF8).splitlines(keepends=True)
    if not lines:
        raise DataError(f"{path} is empty", hint="deliver it again")
    if b"\0" in lines[0]:
        raise DataError(
            f"{path} is neither Parquet nor UTF-8 text",
            hint="FOCUS files are Parquet, CSV or gzipped CSV",
        )
    return lines
