"""Folders for files that nobody needs once their process is gone, however it went."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from finops_cost_management.errors import AccessError

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # a system without such locks
    fcntl = None  # type: ignore[assignment] # that it is absent is what we ask

_PREFIX = "engine-"
_ABANDONED_SECONDS = 7 * 86_400
"""Age at which a folder without a lock is nobody's."""


class ScratchFolder:
    """A new folder; folders beside it whose process was killed are removed.

    A lock file beside the folder tells: the system releases the lock with the process that holds
    it. Where there are no such locks, a folder that was not touched for a week is abandoned.

    Args:
        parent: Where the folder is made; a folder of the system's where None.

    Attributes:
        path: The folder.

    Raises:
        AccessError: The folder cannot be made.
    """

    def __init__(self, parent: Path | None) -> None:
        self._lock: int | None = None
        try:
            if parent is None:
                self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
                return
            parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(parent)
            self.path = parent / f"{_PREFIX}{secrets.token_hex(8)}"
            # The lock first: a folder without one would look abandoned for a moment.
            self._lock = _locked(_lock_of(self.path))
            self.path.mkdir(mode=0o700)
        except OSError as error:
            raise AccessError(
                f"cannot make a scratch folder in {parent or tempfile.gettempdir()}: "
                f"{error.strerror or error}",
                hint="check FINOPS_HOME, its permissions and the free space",
            ) from error

    def cleanup(self) -> None:
        """Remove the folder and all that is in it, as far as that is possible."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            _unlock(self.path, self._lock)
            self._lock = None


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _locked(file: Path) -> int | None:
    """A descriptor that holds the lock; None where there are no locks.

    Raises:
        BlockingIOError: Somebody else holds it.
    """
    if fcntl is None:
        return None
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _unlock(folder: Path, descriptor: int) -> None:
    with contextlib.suppress(OSError):
        _lock_of(folder).unlink(missing_ok=True)
    os.close(descriptor)


def _remove_abandoned(parent: Path) -> None:
    for folder in _folders(parent):
        with contextlib.suppress(OSError):  # in use, another's, or just removed: it can wait
            if not _lock_of(folder).exists():
                if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
            elif (descriptor := _locked(_lock_of(folder))) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                _unlock(folder, descriptor)


def _folders(parent: Path) -> Iterator[Path]:
    return (path for path in parent.glob(f"{_PREFIX}*") if path.suffix != ".lock")
