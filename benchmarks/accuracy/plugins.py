"""The models that are installed, by their entry points."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def installed(kind: str) -> dict[str, type[Any]]:
    """Name in pipelines → class of every plugin of a kind, such as ``detectors``.

    Classes, as their hooks go by names: the type of a component does not list them.
    """
    return {entry.name: entry.load() for entry in entry_points(group=f"finops.{kind}")}


def usable(models: Mapping[str, Any], absent: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """The models whose packages are installed; why the others cannot run goes into ``absent``."""
    for name, model in models.items():
        if missing := [package for package in model.needs if find_spec(package) is None]:
            absent[name] = f"{', '.join(missing)} not installed"
        else:
            yield name, model
