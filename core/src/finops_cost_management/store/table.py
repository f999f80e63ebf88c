"""A Delta table whose files are written by DuckDB and committed by delta-rs."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finops_cost_management.errors import AccessError, RetryLaterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import ibis
    import pyarrow as pa
    from deltalake import DeltaTable

    from finops_cost_management.store.engine import Engine

COMMIT_ATTEMPTS = 8
LOG_KEY = "finops"
"""Key of our entry in a commit's metadata."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """One current data file.

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


class PartitionedTable:
    """A Delta table that is changed by swapping whole files in one commit.

    Args:
        folder: Where it lies.
        schema: Gives its first schema; columns may be added later, never changed.
        partition_by: Partition columns; part of the schema, kept in paths and not in files.
    """

    def __init__(self, folder: Path, schema: Callable[[], pa.Schema], partition_by: Sequence[str]) -> None:
        self.folder = folder
        self._schema = schema
        self.partition_by = list(partition_by)

    def exists(self) -> bool:
        """Whether anything was ever committed."""
        return (self.folder / "_delta_log").is_dir()

    def delta(self, as_of: int | datetime | None = None) -> DeltaTable:
        """The table now, or as of a version or an instant.

        Raises:
            AccessError: The folder cannot be read, or there is no such version.
        """
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        try:
            table = DeltaTable(str(self.folder))
            if as_of is not None:
                table.load_as_version(as_of)
        except (DeltaError, OSError) as error:
            moment = "" if as_of is None else f" as of {as_of}"
            raise AccessError(
                f"cannot read the store at {self.folder}{moment}: {_first_line(error)}",
                hint="`finops store history` lists the versions that can be read"
                if as_of is not None
                else "check the path and its permissions",
            ) from error
        return table

    def create(self) -> None:
        """Create the table where there is none."""
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        if self.exists():
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            DeltaTable.create(
                str(self.folder),
                schema=self._schema(),
                partition_by=self.partition_by,
                mode="ignore",
                configuration={
                    # The log answers "what did we believe last Tuesday": it is kept for long.
                    "delta.logRetentionDuration": "interval 3650 days",
                    "delta.deletedFileRetentionDuration": "interval 90 days",
                },
            )
        except (DeltaError, OSError) as error:
            if not self.exists():  # another process may have been faster
                raise AccessError(
                    f"cannot create the store at {self.folder}: {_first_line(error)}",
                    hint="check the path and its permissions",
                ) from error

    def files(self, table: DeltaTable) -> list[TableFile]:
        """The current files of a version."""
        import pyarrow as pa

        return [
            TableFile(
                path=row["path"],
                size=row["size_bytes"],
                rows=row["num_records"] or 0,
                written=row["modification_time"],
                partition={name: row[f"partition.{name}"] for name in self.partition_by},
            )
            for row in pa.table(table.get_add_actions(flatten=True)).to_pylist()
        ]

    def read(self, engine: Engine, table: DeltaTable) -> ibis.Table:
        """The rows of a version, with all columns of its schema."""
        import ibis
        import pyarrow as pa

        schema = pa.schema(table.schema().to_arrow())
        uris = [str(self.folder / file.path) for file in self.files(table)]
        if not uris:
            return engine.table_of(schema.empty_table())
        rows = engine.ibis.read_parquet(
            uris, hive_partitioning=True, hive_types_autocast=0, union_by_name=True
        )
        wanted = ibis.schema(schema)
        return rows.select(
            [
                rows[name] if name in rows.columns else ibis.null(kind).name(name)
                for name, kind in wanted.items()
            ]
        )

    def write_file(self, engine: Engine, rows: ibis.Table, path: str) -> TableFile:
        """Write rows to a new file, invisible until it is committed."""
        target = self.folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            columns = rows.drop(*(name for name in self.partition_by if name in rows.columns))
            count = engine.copy_to_parquet(columns, target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        partition = dict(part.split("=", 1) for part in path.split("/")[:-1])
        return TableFile(path, target.stat().st_size, count, time.time_ns() // 10**6, partition)

    def discard(self, files: Sequence[TableFile]) -> None:
        """Remove files that were written and never committed."""
        for file in files:
            (self.folder / file.path).unlink(missing_ok=True)

    def add_columns(self, names: Sequence[str]) -> None:
        """Widen the schema by text columns that it does not have yet."""
        from deltalake import Field
        from deltalake.exceptions import CommitFailedError
        from deltalake.schema import PrimitiveType

        for _ in range(COMMIT_ATTEMPTS):
            table = self.delta()
            known = {field.name for field in table.schema().fields}
            missing = [name for name in names if name not in known]
            if not missing:
                return
            try:
                table.alter.add_columns(
                    [Field(name, PrimitiveType("string"), nullable=True) for name in missing]
                )
            except CommitFailedError:
                continue
            return
        raise self._busy()

    def swap(
        self,
        added: Sequence[TableFile],
        replaced: Callable[[TableFile], bool],
        *,
        log: Mapping[str, Any],
        lock: str,
    ) -> list[TableFile]:
        """Add files and remove those that they replace, in one commit.

        Args:
            added: Files written by `write_file`.
            replaced: Says of a current file whether it goes.
            log: Kept with the commit, as JSON.
            lock: Two commits with the same lock at once: one is done over.

        Returns:
            The files that went.
        """
        from deltalake import CommitProperties, Transaction
        from deltalake.exceptions import CommitFailedError
        from deltalake.transaction import AddAction, RemoveAction

        for attempt in range(COMMIT_ATTEMPTS):
            table = self.delta()
            now = time.time_ns() // 10**6
            gone = [file for file in self.files(table) if replaced(file)]
            actions: list[AddAction | RemoveAction] = [
                AddAction(
                    file.path,
                    file.size,
                    dict(file.partition),
                    file.written,
                    data_change=True,
                    stats=json.dumps({"numRecords": file.rows}),
                )
                for file in added
            ]
            actions += [
                RemoveAction(file.path, True, now, file.size, dict(file.partition)) for file in gone
            ]
            try:
                table.create_write_transaction(
                    actions,
                    "append",
                    table.schema(),
                    self.partition_by,
                    commit_properties=CommitProperties(
                        custom_metadata={LOG_KEY: json.dumps(log)},
                        app_transactions=[
                            Transaction(lock, (table.transaction_version(lock) or 0) + 1)
                        ],
                    ),
                )
            except CommitFailedError:
                time.sleep(0.05 * 2**attempt)
                continue
            return gone
        raise self._busy()

    def _busy(self) -> RetryLaterError:
        return RetryLaterError(
            f"the store at {self.folder} is being written by others all the time",
            hint="nothing was lost: run again when they are done",
        )


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0] or os.strerror(getattr(error, "errno", 0) or 0)
