"""Read FOCUS files that another job drops into a folder or a bucket mount."""

from __future__ import annotations

import glob
import hashlib
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from finops_cost_management.errors import AccessError, DataError, FinopsError
from finops_cost_management.focus import cells
from finops_cost_management.focus.files import content_digest, explained, peek
from finops_cost_management.focus.header import Header
from finops_cost_management.focus.reading import read_files
from finops_cost_management.focus.validation import plausible
from finops_cost_management.plugins.component import Options, Source
from finops_cost_management.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import ibis

    from finops_cost_management.engine import Engine
    from finops_cost_management.store.delivery import Delivery

SUFFIXES = (".parquet", ".csv", ".csv.gz")
_NAMED = 3


class FocusFilesOptions(Options):
    """Where the files are."""

    path: str | tuple[str, ...]
    """A file, a folder with all its levels, or a glob such as `exports/**/*.parquet`; or several.

    Files are FOCUS 1.0-preview to 1.4, as `.parquet`, `.csv` or `.csv.gz`."""


@dataclass(frozen=True, slots=True)
class _Bill:
    """One file whose content can be told.

    Attributes:
        path: Where it is.
        name: The same in short.
        digest: Of its content.
        months: The billing months that it has rows of.
    """

    path: Path
    name: str
    digest: str
    months: frozenset[str]


class FocusFiles(Source[FocusFilesOptions]):
    """Read FOCUS CSV, gzipped CSV and Parquet files.

    Files that hold rows of the same billing month belong together and are taken in as one
    delivery, so that a month in several parts, and several months in one file, both come out
    right. Months whose files did not change are skipped. A file that cannot be read is a delivery
    of its own that fails: the months of the others come in.
    """

    Options = FocusFilesOptions

    @hookimpl
    def collect_costs(self, engine: Engine) -> Iterator[Delivery]:
        """One delivery for each set of files that share billing months."""
        from finops_cost_management.store.delivery import Delivery

        bills: list[_Bill] = []
        files = self._files()
        for path, name in files.items():
            try:
                digest = content_digest(path)
                # A file on its own shares its months with nobody: no need to look into it.
                months = _months(engine, path) if len(files) > 1 else frozenset()
            except FinopsError as error:
                yield Delivery(name=name, digest=_digest([name]), read=partial(_fail, error=error))
            else:
                bills.append(_Bill(path, name, digest, months))
        for group in _sharing_months(bills):
            yield Delivery(
                name=_name(group),
                digest=_digest(bill.digest for bill in group),
                read=partial(_read, bills=group),
            )

    def _files(self) -> dict[Path, str]:
        """The files, each with its path as seen from where all patterns begin."""
        given = self.options.path
        patterns = [
            Path(pattern).expanduser().absolute()
            for pattern in ((given,) if isinstance(given, str) else given)
        ]
        found = sorted({file for pattern in patterns for file in _find(pattern)})
        if not found:
            raise AccessError(
                f"no FOCUS file at {', '.join(map(str, patterns))}",
                hint=f"check the path; files must end in {', '.join(SUFFIXES)}",
            )
        root = os.path.commonpath([_fixed_part(pattern) for pattern in patterns])
        return {file: file.relative_to(root).as_posix() for file in found}


def _find(pattern: Path) -> list[Path]:
    if pattern.is_file():
        return [pattern]
    inside = f"{glob.escape(str(pattern))}/**/*" if pattern.is_dir() else str(pattern)
    return [
        Path(name)
        for name in glob.glob(inside, recursive=True)  # noqa: PTH207 # Path.glob takes no absolute pattern
        if name.endswith(SUFFIXES) and Path(name).is_file()
    ]


def _fixed_part(pattern: Path) -> Path:
    """The folder below which a pattern finds all its files."""
    if pattern.is_dir():
        return pattern
    folder = pattern.parent
    if pattern.is_file():
        return folder
    while glob.has_magic(str(folder)):
        folder = folder.parent
    return folder


def _months(engine: Engine, file: Path) -> frozenset[str]:
    """The units of the store that a file touches: one column is read for it."""
    from finops_cost_management.store.units import units_of

    raw = peek(engine, file)
    column = Header.of(raw.columns).found["BillingPeriodStart"]
    given = raw.select(given=raw[column]).distinct()
    starts = given.select(BillingPeriodStart=cells.instant(given.given))
    # The store refuses rows of other times: no month is theirs.
    starts = starts.filter(plausible(starts.BillingPeriodStart))
    with explained(file):
        return frozenset(units_of(starts, "month"))


def _sharing_months(bills: Iterable[_Bill]) -> list[list[_Bill]]:
    """Group files so that no billing month is in two groups."""
    groups: list[tuple[frozenset[str], list[_Bill]]] = []
    for bill in bills:
        touching = [group for group in groups if group[0] & bill.months]
        groups = [group for group in groups if group not in touching]
        groups.append(
            (
                bill.months.union(*(months for months, _ in touching)),
                [*(one for _, members in touching for one in members), bill],
            )
        )
    return [sorted(members, key=lambda bill: bill.path) for _, members in groups]


def _read(engine: Engine, bills: Sequence[_Bill]) -> ibis.Table:
    """All rows of files, unless some would count twice."""
    same: dict[str, list[str]] = {}
    for bill in bills:
        same.setdefault(bill.digest, []).append(bill.name)
    copies = [names for names in same.values() if len(names) > 1]
    if copies:
        raise DataError(
            "; ".join(f"{', '.join(names)} have the same content" for names in copies),
            hint="keep one of them: every charge would count more than once",
        )
    return read_files(engine, [bill.path for bill in bills])


def _fail(_: Engine, error: FinopsError) -> NoReturn:
    raise error


def _name(bills: Sequence[_Bill]) -> str:
    names = [bill.name for bill in bills]
    if len(names) > _NAMED:
        return f"{names[0]} and {len(names) - 1} more"
    return ", ".join(names)


def _digest(parts: Iterable[str]) -> str:
    """Of the content alone: a file that is only moved or touched is the same delivery."""
    return hashlib.blake2b("".join(sorted(parts)).encode()).hexdigest()
