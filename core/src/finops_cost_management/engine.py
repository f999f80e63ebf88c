"""The embedded query engine: DuckDB behind Ibis, set up the same way everywhere."""

from __future__ import annotations

import errno
import os
import re
import secrets
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from finops_cost_management.errors import AccessError, DataError
from finops_cost_management.scratch import ScratchFolder

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    import ibis
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

    from finops_cost_management.settings import Settings

ROWS_A_GROUP = 61_440
"""Half of DuckDB's default: a month of a hundred thousand rows still keeps several cores busy."""


class Engine(AbstractContextManager["Engine"]):
    """One DuckDB connection with a scratch folder, both gone when it is closed.

    Attributes:
        ibis: The Ibis backend.
        scratch: A folder for files that live as long as the engine.
    """

    def __init__(
        self,
        *,
        memory_limit: str = "2GB",
        threads: int | None = None,
        scratch: Path | None = None,
    ) -> None:
        import ibis

        self._folder = ScratchFolder(scratch)
        self.scratch = self._folder.path
        settings: dict[str, Any] = {
            "TimeZone": "UTC",
            "preserve_insertion_order": False,
            "temp_directory": str(self.scratch / "spill"),
            "autoinstall_known_extensions": False,
            "memory_limit": memory_limit,
        }
        if threads is not None:
            settings["threads"] = threads
        self.ibis: Backend = ibis.duckdb.connect(**settings)

    @classmethod
    def of(cls, settings: Settings, *, at_once: int = 1) -> Engine:
        """The engine that the settings describe, with its scratch folder in the home folder.

        Args:
            settings: What all engines may use together.
            at_once: How many engines share that.
        """
        threads = settings.threads
        if at_once > 1:  # the threads, too: each needs its part of the memory
            threads = max(1, (threads or os.cpu_count() or 1) // at_once)
        return cls(
            memory_limit=_part_of(settings.memory_limit, at_once),
            threads=threads,
            scratch=settings.home / "scratch",
        )

    def table_of(self, rows: pa.Table) -> ibis.Table:
        """Rows in memory as a table of this engine, without a copy.

        Unlike `ibis.memtable`, it is there for SQL that was compiled from an expression, too.
        """
        name = f"rows_{secrets.token_hex(8)}"
        self.ibis.con.register(name, rows)
        return self.ibis.table(name)

    def view_of(self, rows: ibis.Table) -> ibis.Table:
        """The same rows under a name: a long expression is compiled once, not per question."""
        name = f"rows_{secrets.token_hex(8)}"
        self.sql(f"CREATE TEMP VIEW {name} AS {self.ibis.compile(rows)}")
        return self.ibis.table(name)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement that Ibis has no expression for (COPY), and return its rows."""
        rows: list[tuple[Any, ...]] = self.ibis.raw_sql(statement).fetchall()
        return rows

    def copy_to_parquet(self, rows: ibis.Table, target: Path) -> int:
        """Stream rows to a Parquet file, in bounded memory.

        Returns:
            How many rows were written.

        Raises:
            AccessError: The file cannot be written, the disk being full for one.
            DataError: A row cannot be read.
        """
        import duckdb

        query = self.ibis.compile(rows)
        path = str(target).replace("'", "''")
        try:
            ((count, *_),) = self.sql(
                f"COPY ({query}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {ROWS_A_GROUP})"
            )
        except duckdb.Error as error:
            refusal = io_error(error, f"cannot write {target}")
            raise refusal or DataError(f"cannot read the rows: {_first_line(error)}") from error
        return int(count)

    def close(self) -> None:
        """Close the connection and remove the scratch folder."""
        self.ibis.disconnect()
        self._folder.cleanup()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _part_of(memory_limit: str, parts: int) -> str:
    """A limit such as ``2GB`` or ``80%``, divided."""
    if parts == 1:
        return memory_limit
    number = memory_limit.rstrip("kKmMgGtTiIbB% ")
    return f"{float(number) / parts:.3f}{memory_limit[len(number) :].strip()}"


def literal_path(path: Path | str) -> str:
    """A path that DuckDB reads as it is written: ``[``, ``*`` and ``?`` would be a pattern."""
    return re.sub(r"[\[*?]", r"[\g<0>]", str(path))


def io_error(error: Exception, doing: str) -> AccessError | None:
    """What the operating system refused DuckDB, in words.

    Args:
        error: An error of DuckDB.
        doing: What could not be done: ``cannot write costs.parquet``.

    Returns:
        None where the operating system refused nothing: what was read is at fault.
    """
    import duckdb

    if not isinstance(error, (duckdb.IOException, duckdb.OutOfMemoryException)):
        return None
    message = str(error)  # with the words of the system
    full = [os.strerror(code) for code in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)]
    # What does not fit into memory is spilled to the disk, up to what that holds.
    if any(words in message for words in [*full, "max_temp_directory_size"]):
        return AccessError(
            f"the disk is full: {doing}",
            hint="free some space and run again; everything is as it was before",
        )
    if any(os.strerror(code) in message for code in errno.errorcode):
        return AccessError(
            f"{doing}: {_first_line(error)}", hint="check the path and its permissions"
        )
    return None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
