"""The embedded query engine: DuckDB behind Ibis, set up the same way everywhere."""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finops_cost_management.errors import AccessError, DataError, FinopsError

if TYPE_CHECKING:
    from types import TracebackType

    import ibis
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

    from finops_cost_management.settings import Settings


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

        if scratch is not None:
            scratch.mkdir(parents=True, exist_ok=True)
        self._folder = tempfile.TemporaryDirectory(
            prefix="engine-", dir=scratch, ignore_cleanup_errors=True
        )
        self.scratch = Path(self._folder.name)
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
    def of(cls, settings: Settings) -> Engine:
        """The engine that the settings describe, with its scratch folder in the home folder."""
        return cls(
            memory_limit=settings.memory_limit,
            threads=settings.threads,
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
            ((count, *_),) = self.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
        except duckdb.IOException as error:
            raise _io_error(error, target) from error
        except duckdb.Error as error:
            raise DataError(f"cannot read the rows: {_first_line(error)}") from error
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


def _io_error(error: Exception, target: Path) -> FinopsError:
    message = _first_line(error)
    full = (os.strerror(code) for code in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT))
    if any(words in message for words in full):
        return AccessError(
            f"the disk is full: cannot write {target.parent}",
            hint="free some space and run again; the store is as it was before",
        )
    return AccessError(message, hint="check the path and its permissions")


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
