"""How DuckDB reads committed files of an object store: by ranges, with what the log knows."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fsspec import AbstractFileSystem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from finops_cost_management.store.files import TableFile

    ReadRange = Callable[[str, int, int], bytes]
    """Path, first byte, length → bytes."""


class CommittedFiles(AbstractFileSystem):  # type: ignore[misc] # fsspec is untyped
    """Files of a table that never change: sizes and times come from its log, not from requests.

    Args:
        protocol: The scheme by which the engine knows them.
        read_range: Reads a part of a file.
        files: What there is.
    """

    cachable = False

    def __init__(self, protocol: str, read_range: ReadRange, files: Sequence[TableFile]) -> None:
        super().__init__()
        self.protocol = protocol
        self._read_range = read_range
        self._files = {file.path: file for file in files}

    def glob(self, path: str, maxdepth: int | None = None, **_: Any) -> list[str]:  # noqa: ARG002 # fsspec's signature
        """The file itself: names of committed files are no patterns."""
        return [path]

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Its size in bytes."""
        return {"name": path, "size": self._file(path).size, "type": "file"}

    def modified(self, path: str) -> datetime:
        """When it was written."""
        return datetime.fromtimestamp(self._file(path).written / 1000, UTC)

    def open(self, path: str, mode: str = "rb", **_: Any) -> CommittedFile:  # noqa: ARG002 # fsspec's signature
        """Open it for reading; nothing is asked of the store yet."""
        return CommittedFile(self._read_range, self._file(path).path)

    def _file(self, path: str) -> TableFile:
        return self._files[path.split("://", 1)[1]]


class CommittedFile:
    """One open file.

    DuckDB's threads share it, each going to a place and reading there: the position is a thread's
    own, or one would read at the place that another has gone to.
    """

    closed = False

    def __init__(self, read_range: ReadRange, path: str) -> None:
        self._read_range = read_range
        self._path = path
        self._position = threading.local()

    def seek(self, offset: int, _whence: int = 0) -> int:
        """Go to a byte, counted from the start of the file."""
        self._position.byte = offset
        return offset

    def tell(self) -> int:
        """The byte that is read next."""
        return getattr(self._position, "byte", 0)

    def read(self, length: int) -> bytes:
        """Read exactly so many bytes, or up to the end of the file."""
        start = self.tell()
        data = self._read_range(self._path, start, length)
        self._position.byte = start + len(data)
        return data

    def close(self) -> None:
        """Nothing is held open."""
