"""Where the files of a table lie: what every place can do, and the local folder.

No place needs a DuckDB extension, which would be fetched from the network.
"""

from __future__ import annotations

import contextlib
import re
import textwrap
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_cost_management import logs
from finops_cost_management.engine import literal_path
from finops_cost_management.errors import AccessError, ConfigurationError, RetryLaterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import ibis

    from finops_cost_management.engine import Engine

CHECK_PLACE = "check the path and its permissions; for an object store, the credentials, too"
"""What to do where a place refuses us."""

_QUERY = re.compile(r"(?<=\S)\?[^\s)>\"']+")
_NOISE = re.compile(
    r"""\x1b\[[0-9;]*m | ↳                 # how deltalake draws causes
    | \n\nDebug\ source.*               # what obstore adds for developers
    | ^Traceback.*?\n\w+Error:\ | \n\nLINE\ 1:.*  # what DuckDB puts around an error of ours
    """,
    re.DOTALL | re.VERBOSE,
)
_XML = re.compile(r"<\?xml.*?<Code>(.*?)</Code>.*?<Message>(.*?)</Message>.*", re.DOTALL)
_GAVE_UP = re.compile(r"after [1-9]\d* retries")


@dataclass(frozen=True, slots=True)
class TableFile:
    """One data file.

    Attributes:
        path: Relative to the table.
        size: In bytes.
        rows: How many rows it holds.
        written: When, milliseconds since 1970.
        partition: Partition column → value.
    """

    path: str
    size: int
    rows: int
    written: int
    partition: Mapping[str, str]


class TableFiles(ABC):
    """The place of one table.

    Attributes:
        uri: How `deltalake` names it.
        storage_options: What `deltalake` needs to get there; None where it needs nothing.
    """

    uri: str
    storage_options: dict[str, str] | None = None

    def __str__(self) -> str:
        """How messages name it."""
        return self.uri

    @abstractmethod
    def exists(self) -> bool:
        """Whether anything was ever committed here."""

    @abstractmethod
    def prepare(self) -> None:
        """Make room for a new table."""

    @abstractmethod
    def write(self, engine: Engine, rows: ibis.Table, path: str) -> tuple[int, int]:
        """Write rows to a new file, whole or not at all.

        Returns:
            How many rows, and how many bytes.
        """

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a file that no commit names."""

    @abstractmethod
    def readable(self, engine: Engine, files: Sequence[TableFile]) -> list[str]:
        """The names by which DuckDB reads the files."""

    @contextlib.contextmanager
    def access(self, doing: str, hint: str, *also: type[Exception]) -> Iterator[None]:
        """Say in words what is refused, instead of what `deltalake` and `obstore` raise.

        A commit that lost against another one is left to the caller.

        Args:
            doing: What is done to the place, as a message says it: ``read the store at``.
            hint: What to do where it refuses.
            also: Further errors that mean this.

        Raises:
            AccessError: The place refuses us.
            RetryLaterError: It does not answer.
        """
        from deltalake.exceptions import CommitFailedError

        try:
            yield
        except CommitFailedError:
            raise
        except self._errors() + also as error:
            what = f"cannot {doing} {self}: {in_words(error)}"
            # What an object store answers may hold a key: it is not kept as the cause.
            cause = None if self.storage_options is not None else error
            if _GAVE_UP.search(what):
                raise RetryLaterError(what, hint="run again later, or check the address") from cause
            raise AccessError(what, hint=hint) from cause

    def _errors(self) -> tuple[type[Exception], ...]:
        from deltalake.exceptions import DeltaError

        return (DeltaError, OSError)


class LocalFolder(TableFiles):
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        if "%" in str(folder.absolute()):
            raise ConfigurationError(
                f"the store cannot lie at {folder}",
                hint="Delta tables take a % in a path for an encoded character: choose another",
            )
        self.uri = str(folder)
        self._folder = folder

    def exists(self) -> bool:
        """Whether there is a commit: a folder alone is what a stopped creation leaves behind."""
        return any((self._folder / "_delta_log").glob("*.json"))

    def prepare(self) -> None:
        """Make the folder."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def write(self, engine: Engine, rows: ibis.Table, path: str) -> tuple[int, int]:
        """Let DuckDB write in place."""
        target = self._folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            count = engine.copy_to_parquet(rows, target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return count, target.stat().st_size

    def remove(self, path: str) -> None:
        """Unlink it."""
        (self._folder / path).unlink(missing_ok=True)

    def readable(self, engine: Engine, files: Sequence[TableFile]) -> list[str]:  # noqa: ARG002 # a local path needs no engine
        """Plain paths."""
        return [literal_path(self._folder / file.path) for file in files]


def in_words(error: BaseException) -> str:
    """What a library says, on one line and without secrets; a signature in an address is one."""
    said = _NOISE.sub("", logs.masked(str(error)))
    line = ": ".join(part.strip() for part in _XML.sub(r"\1: \2", said).split("\n") if part.strip())
    return textwrap.shorten(_QUERY.sub("?…", logs.masked(line)), 600) or type(error).__name__
