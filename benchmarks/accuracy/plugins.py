"""The models that are installed, by their entry points."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any


def installed(kind: str) -> dict[str, type[Any]]:
    """Name in pipelines → class of every plugin of a kind, such as ``detectors``.

    Classes, as their hooks go by names: the type of a component does not list them.
    """
    return {entry.name: entry.load() for entry in entry_points(group=f"finops.{kind}")}


def missing(*packages: str) -> str:
    """Why a model cannot run, in words; empty where it can."""
    absent = [package for package in packages if package and find_spec(package) is None]
    return f"{', '.join(absent)} not installed" if absent else ""
