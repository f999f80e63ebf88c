"""From the manifests of an export to deliveries for the store."""

from __future__ import annotations

import shutil
import zipfile
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from finops_aws.deliveries.manifests import newest_manifests
from finops_cost_management import AccessError, DataError, Delivery
from finops_cost_management.window import days_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import ibis

    from finops_aws.deliveries.manifests import Manifest
    from finops_aws.deliveries.places import Place
    from finops_cost_management import DateWindow, Engine


_ZIP = b"PK\x03\x04"


def deliveries_of(
    place: Place,
    window: DateWindow,
    engine: Engine,
    read: Callable[[Engine, Sequence[Path]], ibis.Table],
    *,
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
        version: Counts up when the same files would be read differently.

    Raises:
        AccessError: There is no manifest for these months, or the place cannot be read.
        DataError: A manifest cannot be understood.
    """
    manifests = newest_manifests(place, window)
    if not manifests:
        raise AccessError(
            f"no delivery for {window.start:%Y-%m} to {days_after(window.end, -1):%Y-%m} "
            f"at {place}",
            hint="check `path`: it is the folder that holds `data/` and `metadata/`, or the "
            "folders of billing periods; the first delivery takes up to a day",
        )
    for manifest in manifests:
        folder = Path(mkdtemp(dir=engine.scratch, prefix="aws-"))
        try:
            yield Delivery(
                name=manifest.key,
                # One execution may deliver several months.
                digest=f"{manifest.export}/{manifest.execution}/{manifest.period}/{version}",
                read=partial(_read, place=place, manifest=manifest, folder=folder, read=read),
                covers=frozenset({manifest.period}),
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _read(
    engine: Engine,
    place: Place,
    manifest: Manifest,
    folder: Path,
    read: Callable[[Engine, Sequence[Path]], ibis.Table],
) -> ibis.Table:
    paths = [
        path
        for number, address in enumerate(manifest.files)
        for path in _fetched(place, place.key_of(address), folder / str(number))
    ]
    if not paths:
        raise DataError(
            f"{manifest.key} names no file",
            hint="an export without charges delivers none; else wait for the next delivery",
        )
    return read(engine, paths)


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
