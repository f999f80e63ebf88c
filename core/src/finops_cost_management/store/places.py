"""Tells a local folder from an object store, so that nobody else needs to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from finops_cost_management.errors import ConfigurationError
from finops_cost_management.store.files import LocalFolder
from finops_cost_management.store.object_store import ObjectStoreFolder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finops_cost_management.store.files import TableFiles

SCHEMES = ("s3", "s3a", "abfs", "abfss", "az", "gs")
"""Kinds of object stores, as their addresses begin."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


def place_at(location: Path | str, storage_options: Mapping[str, str] | None = None) -> TableFiles:
    """The place that a path or an address names.

    Raises:
        ConfigurationError: No such kind of place is known, an option is not understood, or
            the packages for object stores are not installed.
    """
    scheme = _SCHEME.match(str(location))
    if scheme is None:
        return LocalFolder(Path(location))
    if scheme[1].lower() not in SCHEMES:
        raise ConfigurationError(
            f"the store cannot lie at {location}",
            hint=f"name a folder, or an address that begins with {'://, '.join(SCHEMES)}://",
        )
    return ObjectStoreFolder(str(location), storage_options or {})
