"""Read FOCUS files that another job drops into a folder or a bucket mount."""

from __future__ import annotations

import glob
import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from finops_cost_management.errors import AccessError
from finops_cost_management.focus.reading import read_files, to_focus
from finops_cost_management.plugins.component import Options, Source
from finops_cost_management.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from finops_cost_management.engine import Engine
    from finops_cost_management.store.delivery import Delivery

SUFFIXES = (".parquet", ".csv", ".csv.gz")


class FocusFilesOptions(Options):
    """Where the files are."""

    path: str | tuple[str, ...]
    """A file, a folder with all its levels, or a glob such as `exports/**/*.parquet`; or several.

    Files are FOCUS 1.0-preview to 1.4, as `.parquet`, `.csv` or `.csv.gz`."""


class FocusFiles(Source[FocusFilesOptions]):
    """Read FOCUS CSV, gzipped CSV and Parquet files.

    Files that hold rows of the same billing month belong together and are taken in as one
    delivery, so that a month in several parts, and several months in one file, both come out
    right. Months whose files did not change are skipped.
    """

    Options = FocusFilesOptions

    @hookimpl
    def collect_costs(self, engine: Engine) -> Iterator[Delivery]:
        """One delivery for each set of files that share billing months."""
        from finops_cost_management.store.delivery import Delivery

        files = self._files()
        # A file on its own shares its months with nobody: no need to look into it.
        months = {file: _months(engine, file) for file in files} if len(files) > 1 else {}
        for group in _sharing_months(months) if months else [files]:
            yield Delivery(
                name=", ".join(file.name for file in group),
                digest=_digest(group),
                read=partial(read_files, paths=group),
            )

    def _files(self) -> list[Path]:
        patterns = self.options.path
        if isinstance(patterns, str):
            patterns = (patterns,)
        found = sorted({file for pattern in patterns for file in _find(pattern)})
        if not found:
            raise AccessError(
                f"no FOCUS file at {', '.join(patterns)}",
                hint=f"check the path; files must end in {', '.join(SUFFIXES)}",
            )
        return found


def _find(pattern: str) -> list[Path]:
    path = Path(pattern).expanduser()
    if path.is_file():
        return [path]
    inside = f"{glob.escape(str(path))}/**/*" if path.is_dir() else str(path)
    return [
        Path(name)
        for name in glob.glob(inside, recursive=True)  # noqa: PTH207 # Path.glob takes no absolute pattern
        if name.endswith(SUFFIXES) and Path(name).is_file()
    ]


def _months(engine: Engine, file: Path) -> frozenset[object]:
    raw = read_files(engine, [file])
    rows = to_focus(raw)
    return frozenset(rows.select("BillingPeriodStart").distinct().to_pyarrow()[0].to_pylist())


def _sharing_months(months: Mapping[Path, frozenset[object]]) -> list[list[Path]]:
    """Group files so that no billing month is in two groups."""
    groups: list[tuple[set[object], list[Path]]] = []
    for file, own in months.items():
        touching = [group for group in groups if group[0] & own]
        groups = [group for group in groups if group not in touching]
        groups.append(
            (
                set(own).union(*(shared for shared, _ in touching)),
                sorted([file, *(one for _, members in touching for one in members)]),
            )
        )
    return [members for _, members in groups]


def _digest(files: Iterable[Path]) -> str:
    """Of the content alone: a file that is only moved or touched is the same delivery."""
    digests = []
    for file in files:
        try:
            with file.open("rb") as stream:
                digests.append(hashlib.file_digest(stream, "blake2b").hexdigest())
        except OSError as error:
            raise AccessError(
                f"cannot read {file}: {error.strerror}", hint="check its permissions"
            ) from error
    return hashlib.blake2b("".join(sorted(digests)).encode()).hexdigest()
