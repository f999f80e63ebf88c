"""Manifests: which files are a billing period, and which delivery of it they are."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finops_aws.deliveries.shapes import shape_of
from finops_cost_management import DataError
from finops_cost_management.window import days_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from finops_aws.deliveries.places import Place
    from finops_cost_management import DateWindow

SUFFIX = "-manifest.json"
"""How the names of manifests end, letter case aside."""

# CUR 2.0 has `BILLING_PERIOD=`, exports in FOCUS have `billing_period=`.
_MONTH = re.compile(r"billing_period=(\d{4}-\d{2})(?:/|$)", re.IGNORECASE)
_RANGE = re.compile(r"(?:^|/)(\d{4})(\d{2})\d{2}-\d{8}(?:/|$)")
_REFRESH = re.compile(
    r"billing_period=\d{4}-\d{2}/(\d{4}-\d{2}-\d{2}T[^/]*|\d{8}T[^/]*)/", re.IGNORECASE
)
_METADATA = re.compile(r"(^|/)metadata/$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One complete delivery of a billing period.

    Attributes:
        key: Where it lies.
        period: The billing month, ``2026-11``.
        export: What is exported, as far as the manifest says.
        execution: Identity of this delivery: another one has other files or other content.
        files: The addresses of its files, as the manifest has them.
        columns: The columns of its files, as far as the manifest says.
    """

    key: str
    period: str
    export: str
    execution: str
    files: tuple[str, ...]
    columns: tuple[str, ...] = ()


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
    newest = {
        (period, export): read_manifest(place, max(keys)[1], period)
        for (period, export), keys in sorted(found.items())
    }
    _refuse_two_exports(place, newest)
    return list(newest.values())


def _keys(place: Place) -> Iterator[tuple[str, str]]:
    # Data exports keep manifests apart: the many data files need not be listed.
    some = False
    for key in place.keys("metadata/"):
        if (period := _period(key)) and _is_manifest(key):
            some = True
            yield key, period
    if not some:
        for key in place.keys():  # noqa: SIM118 # no dictionary: the keys of a bucket
            if (period := _period(key)) and _is_manifest(key):
                yield key, period


def _is_manifest(key: str) -> bool:
    return key.lower().endswith(SUFFIX)


def _period(key: str) -> str | None:
    if month := _MONTH.search(key):
        return month[1]
    days = _RANGE.search(key)
    return f"{days[1]}-{days[2]}" if days else None


def _export(key: str) -> str:
    """Whose manifest it is: its name, after the folder in which the periods are."""
    folder = re.split(_RANGE if _MONTH.search(key) is None else _MONTH, key, maxsplit=1)[0]
    name = key.rpartition("/")[2][: -len(SUFFIX)]
    above = _METADATA.sub("", folder).rstrip("/")
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


def read_manifest(place: Place, key: str, period: str) -> Manifest:
    """What a manifest says now: an export that overwrites its files overwrites this one, too.

    Args:
        place: Where the export delivers to.
        key: Where the manifest lies.
        period: The billing month, ``2026-11``.

    Raises:
        AccessError: It cannot be read.
        DataError: It cannot be understood.
    """
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
        key=key,
        period=period,
        export=str(export),
        execution=str(execution),
        files=tuple(files),
        columns=tuple(_columns(content)),
    )


def _columns(content: dict[str, Any]) -> Iterator[str]:
    """The names of the columns, where the manifest has them: with a category in legacy reports."""
    told = content.get("columns")
    for column in told if isinstance(told, list) else ():
        if isinstance(column, dict) and isinstance(name := column.get("name"), str):
            category = column.get("category")
            yield f"{category}/{name}" if category else name


def _refuse_two_exports(place: Place, newest: Mapping[tuple[str, str], Manifest]) -> None:
    names: dict[str, set[str]] = {}
    told: dict[str, str] = {}
    for (period, name), manifest in newest.items():
        names.setdefault(period, set()).add(name)
        if shape := shape_of(manifest.columns):
            told[name] = f" ({shape.name}, for `use: {shape.use}`)"
    if several := sorted({name for same in names.values() if len(same) > 1 for name in same}):
        raise DataError(
            f"{place} holds several exports of the same months: "
            + ", ".join(f"{name}{told.get(name, '')}" for name in several),
            hint="give each export a source of its own, its folder as `path`: one would replace "
            "the other",
        )
