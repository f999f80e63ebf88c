"""Rows that were refused, kept aside as they came, each with its reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from finops_cost_management.errors import DefectError
from finops_cost_management.focus.header import REFUSED_REASON
from finops_cost_management.store.paths import PARTITION_BY, digest_of, file_beside
from finops_cost_management.store.table import PartitionedTable

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis
    import pyarrow as pa

    from finops_cost_management.engine import Engine
    from finops_cost_management.store.files import TableFile, TableFiles


class RefusedRows:
    """The refused rows of a store, in a table of their own.

    They are written before the delivery's accepted rows are committed, and go only after those
    went: whatever happens in between, no refused row is lost.

    Args:
        place: Where the table lies.
    """

    def __init__(self, place: TableFiles) -> None:
        self.table = PartitionedTable(place, _schema, PARTITION_BY[:1])

    def read(self, engine: Engine) -> ibis.Table:
        """All of them."""
        if not self.table.exists():
            return engine.table_of(_schema().empty_table())
        return self.table.read(engine, self.table.delta())

    def keep(
        self,
        source: str,
        delivery: str,
        digest: str,
        raw: ibis.Table,
        engine: Engine,
        *,
        expected: int,
    ) -> None:
        """Write down the refused rows of a delivery.

        Args:
            source: The source's name.
            delivery: The delivery's name.
            digest: Its short digest.
            raw: All its rows, as they came.
            engine: The engine of the rows.
            expected: How many of them are refused.

        Raises:
            DefectError: Another number of rows is refused now.
        """
        import ibis

        from finops_cost_management.focus.reading import to_focus

        whole = raw.mutate(
            x_RefusedRow=ibis.struct({column: raw[column] for column in raw.columns})
            .cast("json")
            .cast("string")
        )
        rows = to_focus(whole)
        rows = rows.filter(rows[REFUSED_REASON].notnull()).select(
            Delivery=ibis.literal(delivery),
            Digest=ibis.literal(digest),
            ReceivedAt=ibis.literal(datetime.now(UTC), type="timestamp('UTC')"),
            Reason=rows[REFUSED_REASON],
            Row=rows.x_RefusedRow,
        )
        self.table.create()
        written = self.table.write_file(engine, rows, file_beside(source, digest))
        try:
            if written.rows != expected:
                raise DefectError(  # noqa: TRY301 # the file is discarded below, as for any error
                    f"{delivery}: {expected} rows were refused and {written.rows} are kept aside",
                    hint="nothing was changed; please report this",
                )
            self.table.swap(
                [written], lambda file: _is_of(file, source, digest), log={}, lock=source
            )
        except BaseException:
            self.table.discard([written])
            raise

    def forget(self, source: str, obsolete: Callable[[str], bool]) -> None:
        """Remove the rows of deliveries.

        Args:
            source: The source's name.
            obsolete: Says of a short digest whether its rows go.
        """

        def goes(file: TableFile) -> bool:
            return file.partition["x_Source"] == source and obsolete(digest_of(file.path))

        if self.table.exists() and any(map(goes, self.table.files(self.table.delta()))):
            self.table.swap([], goes, log={}, lock=source)


def _is_of(file: TableFile, source: str, digest: str) -> bool:
    return file.partition["x_Source"] == source and digest_of(file.path) == digest


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            ("Delivery", pa.string()),
            ("Digest", pa.string()),
            ("ReceivedAt", pa.timestamp("us", tz="UTC")),
            ("Reason", pa.string()),
            ("Row", pa.string()),
            ("x_Source", pa.string()),
        ]
    )
