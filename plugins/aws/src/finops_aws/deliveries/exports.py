"""From the manifests of an export to deliveries for the store."""

from __future__ import annotations

import shutil
import zipfile
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from finops_aws.deliveries.manifests import newest_manifests, read_manifest
from finops_aws.deliveries.shapes import OtherShapeError, refuse_other
from finops_cost_management import AccessError, DataError, Delivery, FinopsError, RetryLaterError
from finops_cost_management.window import days_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import ibis

    from finops_aws.deliveries.manifests import Manifest
    from finops_aws.deliveries.places import Place
    from finops_aws.deliveries.shapes import Shape
    from finops_cost_management import DateWindow, Engine


_ZIP = b"PK\x03\x04"
_TRIES = 3
"""How often a month is fetched that AWS overwrites meanwhile."""


def deliveries_of(
    place: Place,
    window: DateWindow,
    engine: Engine,
    read: Callable[[Engine, Sequence[Path]], ibis.Table],
    *,
    shape: Shape,
    version: int,
) -> Iterator[Delivery]:
    """One delivery for each billing month that the window touches.

    The files of a month are fetched when it is read, into the engine's scratch folder, and
    removed before the next month: the disk holds one month at a time. A month whose execution
    the store has is skipped without fetching anything.

    Args:
        place: Where the export delivers to.
        window: The days that are asked for.
        engine: Whose scratch folder is used.
        read: Makes rows of FOCUS from the files of a month.
        shape: What the files have to be. Other ones are said once, not for every month.
        version: Counts up when the same files would be read differently.

    Raises:
        AccessError: There is no manifest for these months, or the place cannot be read.
        DataError: A manifest cannot be understood, or this is an export of another shape.
    """
    manifests = newest_manifests(place, window)
    if not manifests:
        raise AccessError(
            f"no delivery for {window.start:%Y-%m} to {days_after(window.end, -1):%Y-%m} "
            f"at {place}",
            hint="check `path`: it is the folder that holds `data/` and `metadata/`, or the "
            "folders of billing periods; the first delivery takes up to a day",
        )
    refuse_other(manifests[-1].columns, shape, place)
    month = _Month(place, shape, read)
    for manifest in manifests:
        folder = Path(mkdtemp(dir=engine.scratch, prefix="aws-"))
        try:
            yield Delivery(
                name=manifest.key,
                # One execution may deliver several months.
                digest=f"{manifest.export}/{manifest.execution}/{manifest.period}/{version}",
                read=partial(month.read, manifest=manifest, folder=folder),
                covers=frozenset({manifest.period}),
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if month.was_other:
            return


class _Month:
    """Reads the months of an export, one after the other.

    Attributes:
        was_other: Whether one was of another shape: then so are the rest.
    """

    def __init__(
        self,
        place: Place,
        shape: Shape,
        read: Callable[[Engine, Sequence[Path]], ibis.Table],
    ) -> None:
        self.was_other = False
        self._place = place
        self._shape = shape
        self._rows = read

    def read(self, engine: Engine, manifest: Manifest, folder: Path) -> ibis.Table:
        """The rows of a month, as `Delivery.read` gives them."""
        paths = _files(self._place, manifest, folder)
        if not paths:
            raise DataError(
                f"{manifest.key} names no file",
                hint="an export without charges delivers none; else wait for the next delivery",
            )
        try:
            refuse_other(_header(engine, paths[0]), self._shape, self._place)
        except OtherShapeError:
            self.was_other = True
            raise
        return self._rows(engine, paths)


def _header(engine: Engine, path: Path) -> Sequence[str]:
    """The columns of a file; none of one that cannot be opened: reading it says why."""
    from finops_cost_management.focus.files import peek

    try:
        return tuple(peek(engine, path, alike=True).columns)
    except FinopsError:
        return ()


def _files(place: Place, manifest: Manifest, folder: Path) -> list[Path]:
    """The files of one delivery, and of no other.

    Where an export overwrites its files, the next delivery may come while these are fetched. The
    manifest comes last: as long as it says the same, its files are still those that it means.

    Raises:
        RetryLaterError: AWS overwrites the month again and again.
    """
    for number in range(_TRIES):
        target = folder / str(number)
        keys = [place.key_of(address) for address in manifest.files]
        try:
            paths = [
                path
                for part, key in enumerate(keys)
                for path in _fetched(place, key, target / str(part))
            ]
        except FinopsError:  # it may just be gone
            now = read_manifest(place, manifest.key, manifest.period)
            if now == manifest:
                raise
        else:
            now = read_manifest(place, manifest.key, manifest.period)
            if now == manifest:
                return paths
        shutil.rmtree(target, ignore_errors=True)
        manifest = now
    raise RetryLaterError(
        f"{manifest.key} changed {_TRIES} times while its files were read",
        hint="AWS delivers it right now: run again later",
    )


def _fetched(place: Place, key: str, folder: Path) -> list[Path]:
    """The files that one object is: itself, or what it packs."""
    folder.mkdir(parents=True, exist_ok=True)  # it was removed if the delivery is read late
    target = folder / key.rpartition("/")[2]
    if not target.exists():
        place.fetch(key, target)
    if target.stat().st_size == 0:
        raise DataError(f"{key} is empty", hint="wait for the next delivery")
    if not _is_zip(target):
        return [target]
    unpacked = folder / "unpacked"
    try:
        with zipfile.ZipFile(target) as archive:
            # `extract` keeps every member below the folder, whatever its name says.
            return [
                Path(archive.extract(member, unpacked))
                for member in archive.infolist()
                if not member.is_dir()
            ]
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{key} is damaged: {error}", hint="wait for the next delivery") from error


def _is_zip(file: Path) -> bool:
    """By how it begins: `zipfile.is_zipfile` also takes others, by a few bytes near their end."""
    with file.open("rb") as stream:
        return stream.read(len(_ZIP)) == _ZIP
