"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from finops_cost_management.errors import AccessError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a name beside ``path`` to write to, and rename it at the end.

    An error leaves what was at ``path`` before as it was. Missing folders are created.

    Raises:
        AccessError: The file cannot be written.
    """
    # The suffix stays: writers tell the format by it.
    draft = path.with_name(f".{secrets.token_hex(4)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield draft
            os.replace(draft, path)  # noqa: PTH105 # Path.replace says no more
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise AccessError(
            f"cannot write {path}: {error.strerror or error}",
            hint="check the path, its permissions and the free space",
        ) from error
