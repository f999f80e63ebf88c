"""Which commands installed packages bring, as far as a list of commands needs to know.

`importlib.metadata` would say the same; importing it and asking it takes as long as all the rest
of `finops --help`. Who calls a command gets it from the `Registry`, which does ask it.
"""

from __future__ import annotations

import os
import sys

SECTION = "[finops.commands]"


def installed_commands() -> dict[str, str]:
    """Name of each command → what its package says of itself in one line; nothing is imported."""
    found: dict[str, str] = {}
    for folder in dict.fromkeys(sys.path):
        for metadata in _metadata_folders(folder):
            for name in _names(_text(f"{metadata}/entry_points.txt")):
                found.setdefault(name, _summary(_text(f"{metadata}/METADATA")))
    return dict(sorted(found.items()))


def _metadata_folders(folder: str) -> list[str]:
    try:
        with os.scandir(folder or ".") as entries:
            return sorted(entry.path for entry in entries if entry.name.endswith(".dist-info"))
    except OSError:  # an archive, or a folder that is not there
        return []


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 # as quick as can be: for each package
            return file.read()
    except OSError:
        return ""


def _names(entry_points: str) -> list[str]:
    _, found, rest = entry_points.partition(SECTION)
    if not found:
        return []
    lines = rest.partition("\n[")[0].splitlines()
    return [line.partition("=")[0].strip() for line in lines if "=" in line]


def _summary(metadata: str) -> str:
    head = metadata.partition("\n\n")[0]
    fields = dict(line.partition(": ")[::2] for line in head.splitlines() if ": " in line)
    return fields.get("Summary") or f"From {fields.get('Name', 'a plugin')}."
