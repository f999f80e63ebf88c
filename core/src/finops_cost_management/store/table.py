"""A Delta table whose files are written by DuckDB and committed by delta-rs."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from finops_cost_management.errors import AccessError, FinopsError, RetryLaterError
from finops_cost_management.store.files import CHECK_PLACE, TableFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import ibis
    import pyarrow as pa
    from deltalake import DeltaTable

    from finops_cost_management.engine import Engine
    from finops_cost_management.store.files import TableFiles

COMMIT_ATTEMPTS = 8
LOG_KEY = "finops"
"""Key of our entry in a commit's metadata."""


class PartitionedTable:
    """A Delta table that is changed by swapping whole files in one commit.

    Args:
        place: Where its files lie.
        schema: Gives its first schema; columns may be added later, never changed.
        partition_by: Partition columns. Files have them, too, so that no reader needs to guess
            them from a path.
    """

    def __init__(
        self, place: TableFiles, schema: Callable[[], pa.Schema], partition_by: Sequence[str]
    ) -> None:
        self._place = place
        self._schema = schema
        self.partition_by = list(partition_by)

    def exists(self) -> bool:
        """Whether anything was ever committed."""
        return self._place.exists()

    def delta(self, as_of: int | datetime | None = None) -> DeltaTable:
        """The table now, or as of a version or an instant (of an object store: to the second).

        Raises:
            AccessError: The place cannot be read, or there is no such version.
        """
        from deltalake import DeltaTable

        with self._place.access("read the store at", CHECK_PLACE):
            table = DeltaTable(self._place.uri, storage_options=self._place.storage_options)
        if isinstance(as_of, int) and not 0 <= as_of <= table.version():
            raise AccessError(
                f"the store at {self._place} has no version {as_of}",
                hint=f"it has 0 to {table.version()}; `finops store history` lists them",
            )
        if as_of is not None:
            with self._place.access(
                f"go back to {as_of} in the store at",
                "`finops store history` lists the versions that can be read",
            ):
                table.load_as_version(as_of)
        return table

    def create(self) -> None:
        """Create the table where there is none."""
        from deltalake import DeltaTable
        from deltalake.exceptions import CommitFailedError

        if self.exists():
            return
        try:
            with self._place.access("create the store at", CHECK_PLACE):
                self._place.prepare()
                DeltaTable.create(
                    self._place.uri,
                    schema=self._schema(),
                    partition_by=self.partition_by,
                    mode="ignore",
                    configuration={
                        # The log answers "what did we believe last Tuesday": it is kept for long.
                        "delta.logRetentionDuration": "interval 3650 days",
                        "delta.deletedFileRetentionDuration": "interval 90 days",
                    },
                    storage_options=self._place.storage_options,
                )
        except (FinopsError, CommitFailedError):
            if not self.exists():  # another process may have been faster
                raise

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
        """The rows of a version, with all columns of its schema.

        Raises:
            AccessError: A file is not there or cannot be read.
        """
        import duckdb
        import ibis
        import pyarrow as pa

        schema = pa.schema(table.schema().to_arrow())
        files = self.files(table)
        if not files:
            return engine.table_of(schema.empty_table())
        with self._place.access("read the store at", CHECK_PLACE, duckdb.Error):
            rows = engine.ibis.read_parquet(
                self._place.readable(engine, files),
                hive_partitioning=False,
                union_by_name=True,
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
        import ibis

        partition = dict(part.split("=", 1) for part in path.split("/")[:-1])
        constants = {name: ibis.literal(value) for name, value in partition.items()}
        count, size = self._place.write(engine, rows.mutate(**constants), path)
        return TableFile(path, size, count, time.time_ns() // 10**6, partition)

    def discard(self, files: Sequence[TableFile]) -> None:
        """Remove files that were written and never committed.

        A commit whose answer was lost may have succeeded: its files stay. So do all where the log
        cannot be read; the next `vacuum` takes those that no version names.
        """
        try:
            current = {file.path for file in self.files(self.delta())}
        except FinopsError:
            return
        for file in files:
            if file.path not in current:
                self._place.remove(file.path)

    def add_columns(self, names: Sequence[str]) -> dict[str, str]:
        """Widen the schema by text columns that it does not have yet.

        A column is one and the same whatever case it is written in, as in every Delta table.

        Returns:
            Name in the table → name that was given, where the two differ.
        """
        from deltalake import Field
        from deltalake.exceptions import CommitFailedError
        from deltalake.schema import PrimitiveType

        for attempt in range(COMMIT_ATTEMPTS):
            table = self.delta()
            known = {field.name.lower(): field.name for field in table.schema().fields}
            missing = [name for name in names if name.lower() not in known]
            if not missing:
                return {known[name.lower()]: name for name in names if known[name.lower()] != name}
            fields = [Field(name, PrimitiveType("string"), nullable=True) for name in missing]
            try:
                with self._place.access("write to the store at", CHECK_PLACE):
                    table.alter.add_columns(fields)
            except CommitFailedError:
                time.sleep(0.05 * 2**attempt)
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

        gone: list[TableFile] = []
        for attempt in range(COMMIT_ATTEMPTS):
            table = self.delta()
            now = time.time_ns() // 10**6
            current = self.files(table)
            if added and {file.path for file in added} <= {file.path for file in current}:
                return gone  # the commit had succeeded: only its answer was lost
            gone = [file for file in current if replaced(file)]
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
                RemoveAction(file.path, True, now, file.size, dict(file.partition))  # noqa: FBT003 # takes it by place only
                for file in gone
            ]
            try:
                with self._place.access("write to the store at", CHECK_PLACE):
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

    def history(self, limit: int | None) -> list[dict[str, Any]]:
        """What was committed, newest first, as Delta tells it."""
        with self._place.access("read the store at", CHECK_PLACE):
            return self.delta().history(limit)

    def vacuum(self, keep: timedelta, *, dry_run: bool) -> list[str]:
        """Remove files that no version younger than ``keep`` needs, and return their paths."""
        with self._place.access("tidy the store at", CHECK_PLACE):
            return self.delta().vacuum(
                retention_hours=keep // timedelta(hours=1),
                dry_run=dry_run,
                enforce_retention_duration=False,
                full=True,  # files of an ingest that was killed are in no commit
            )

    def _busy(self) -> RetryLaterError:
        return RetryLaterError(
            f"the store at {self._place} is being written by others all the time",
            hint="nothing was lost: run again when they are done",
        )
