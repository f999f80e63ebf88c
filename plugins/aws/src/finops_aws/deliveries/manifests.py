"""Manifests: which files are a billing period, and which delivery of it they are."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_cost_management import DataError
from finops_cost_management.window import days_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from finops_aws.deliveries.places import Place
    from finops_cost_management import DateWindow

SUFFIX = "-Manifest.json"

_MONTH = re.compile(r"BILLING_PERIOD=(\d{4}-\d{2})(?:/|$)")
_RANGE = re.compile(r"(?:^|/)(\d{4})(\d{2})\d{2}-\d{8}(?:/|$)")
_REFRESH = re.compile(r"BILLING_PERIOD=\d{4}-\d{2}/(\d{4}-\d{2}-\d{2}T[^/]*|\d{8}T[^/]*)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One complete delivery of a billing period.

    Attributes:
        key: Where it lies.
        period: The billing month, ``2026-11``.
        export: What is exported, as far as the manifest says.
        execution: Identity of this delivery: another one has other files or other content.
        files: The addresses of its files, as the manifest has them.
    """

    key: str
    period: str
    export: str
    execution: str
    files: tuple[str, ...]


def newest_manifests(place: Place, window: DateWindow) -> list[Manifest]:
    """The newest delivery of each billing period that the window touches, oldest period first.

    Both layouts are understood: a report that overwrites its files, and one that makes a folder
    for each delivery. A delivery without its manifest is not complete and not seen.

    Args:
        place: Where the export delivers to.
        window: The days that are asked for.

    Raises:
        DataError: A manifest cannot be understood, or a period has those of several exports.
    """
    first, last = f"{window.start:%Y-%m}", f"{days_after(window.end, -1):%Y-%m}"
    found: dict[tuple[str, str], list[tuple[tuple[bool, str], str]]] = {}
    for key, period in _keys(place):
        if first <= period <= last:
            found.setdefault((period, _export(key)), []).append((_age(key), key))
    _refuse_two_exports(place, found)
    return [_read(place, max(keys)[1], period) for (period, _), keys in sorted(found.items())]


def _keys(place: Place) -> Iterator[tuple[str, str]]:
    # Data exports keep manifests apart: the many data files need not be listed.
    some = False
    for key in place.keys("metadata/"):
        if (period := _period(key)) and key.endswith(SUFFIX):
            some = True
            yield key, period
    if not some:
        for key in place.keys():  # noqa: SIM118 # no dictionary: the keys of a bucket
            if (period := _period(key)) and key.endswith(SUFFIX):
                yield key, period


def _period(key: str) -> str | None:
    if month := _MONTH.search(key):
        return month[1]
    days = _RANGE.search(key)
    return f"{days[1]}-{days[2]}" if days else None


def _export(key: str) -> str:
    """Whose manifest it is: its name, after the folder in which the periods are."""
    folder = re.split(_RANGE if _MONTH.search(key) is None else _MONTH, key, maxsplit=1)[0]
    name = key.rpartition("/")[2].removesuffix(SUFFIX)
    above = folder.removesuffix("metadata/").rstrip("/")
    return f"{above}/{name}" if above else name


def _age(key: str) -> tuple[bool, str]:
    """Sorts the newest last.

    A report's current manifest stands directly under its period; those of single deliveries, one
    folder deeper, are copies. Where an export makes a folder for each delivery, the folder begins
    with the time.
    """
    if refresh := _REFRESH.search(key):
        return False, refresh[1]
    folder = f"{key.rpartition('/')[0].rpartition('/')[2]}/"
    return bool(_RANGE.search(folder) or _MONTH.search(folder)), ""


def _read(place: Place, key: str, period: str) -> Manifest:
    try:
        content = json.loads(place.read(key))
        files = content["dataFiles"] if "dataFiles" in content else content["reportKeys"]
        execution = content.get("executionId") or content["assemblyId"]
        export = content.get("exportArn") or content.get("reportName") or ""
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{place}{'' if str(place).endswith('/') else '/'}{key} is no manifest of AWS: "
            f"{type(error).__name__}: {error}",
            hint="point `path` at the folder of one export; wait for its next delivery",
        ) from error
    if not execution:
        raise DataError(
            f"{key} does not say which delivery it is", hint="wait for the next delivery"
        )
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        raise DataError(f"{key} names no files", hint="wait for the next delivery")
    return Manifest(
        key=key, period=period, export=str(export), execution=str(execution), files=tuple(files)
    )


def _refuse_two_exports(place: Place, found: Iterable[tuple[str, str]]) -> None:
    names: dict[str, set[str]] = {}
    for period, name in found:
        names.setdefault(period, set()).add(name)
    if several := sorted({name for same in names.values() if len(same) > 1 for name in same}):
        raise DataError(
            f"{place} holds several exports of the same months: {', '.join(several)}",
            hint="give each export a source of its own: one would replace the other",
        )
