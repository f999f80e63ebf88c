"""The store: all cost rows, replaced by (source, unit), with a memory of what was believed when."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from finops_cost_management.errors import ConfigurationError, DataError
from finops_cost_management.store.ingest import IngestResult, StoreVersion
from finops_cost_management.store.paths import PARTITION_BY, data_file, digest_of, short_digest
from finops_cost_management.store.places import place_at
from finops_cost_management.store.table import LOG_KEY, PartitionedTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import ibis
    import ibis.expr.types as ir
    import pyarrow as pa

    from finops_cost_management.engine import Engine
    from finops_cost_management.store.delivery import Delivery, Grain
    from finops_cost_management.store.files import TableFile

REFUSED_REASON = "x_RefusedReason"
_SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUnit:
    """One unit of one source, as the store holds it.

    Attributes:
        source: The source's name.
        unit: Billing month or day.
        rows: How many rows.
        bytes: Size of its files.
        digest: Short digest of the delivery it came with.
        written: When, UTC.
    """

    source: str
    unit: str
    rows: int
    bytes: int
    digest: str
    written: datetime


class CostStore:
    """FOCUS rows on Delta Lake in one place.

    Args:
        location: A folder, or an address in an object store (``s3://bucket/costs``); created by
            the first ingest.
        storage_options: Access to the object store, as `deltalake` names it (text → text); the
            environment's where absent.

    Raises:
        ConfigurationError: The address or an option is not understood, or the packages for object
            stores are not installed.

    Example:
        >>> store = CostStore(Path(".finops/costs"))
        >>> store.units()
        []
    """

    def __init__(
        self, location: Path | str, storage_options: Mapping[str, str] | None = None
    ) -> None:
        self.location = location
        charges = place_at(f"{location}/charges", storage_options)
        refused = place_at(f"{location}/refused", storage_options)
        self._costs = PartitionedTable(charges, _cost_schema, PARTITION_BY)
        self._refused = PartitionedTable(refused, _refused_schema, PARTITION_BY[:1])

    def ingest(self, source: str, delivery: Delivery, engine: Engine) -> IngestResult:
        """Take one delivery in, whole or not at all.

        Every unit that the delivery touches or covers is replaced. A delivery that the store
        holds already is skipped without being read.

        Raises:
            DataError: The delivery cannot be read, or holds no acceptable row.
            AccessError: The store cannot be written.
        """
        from finops_cost_management.focus.reading import to_focus

        if not _SOURCE_NAME.fullmatch(source):
            raise ConfigurationError(
                f"{source!r} cannot name a source",
                hint="use small letters, digits, - and _; it becomes part of a path",
            )
        digest = _identity(delivery)
        if any(file.digest == digest for file in self.units() if file.source == source):
            return IngestResult(source=source, delivery=delivery.name, digest=digest, skipped=True)

        self._costs.create()
        raw = _as_table(delivery.read(engine), engine)
        rows = engine.view_of(self._with_known_names(to_focus(raw)))
        accepted = rows.filter(rows[REFUSED_REASON].isnull()).drop(REFUSED_REASON)
        units = sorted(_units_of(accepted, delivery.grain) | delivery.covers)
        written: list[TableFile] = []
        try:
            for unit in units:
                chosen = accepted.filter(_within(accepted, unit, delivery.grain))
                path = data_file(source, unit, digest)
                written.append(self._costs.write_file(engine, chosen, path))
            kept = sum(file.rows for file in written)
            refused = int(raw.count().to_pyarrow().as_py()) - kept
            self._keep_aside(source, delivery, raw if refused else None, engine)
            if refused and not kept:
                raise DataError(  # noqa: TRY301 # what was written is discarded below, as for any error
                    f"{delivery.name}: none of the {refused} rows is acceptable",
                    hint="`finops store refused` shows each with its reason",
                )
            result = IngestResult(
                source=source,
                delivery=delivery.name,
                digest=digest,
                units=tuple(units),
                rows=kept,
                refused=refused,
            )
            self._costs.add_columns([name for name in accepted.columns if name.startswith("x_")])
            gone = self._costs.swap(
                written,
                lambda file: (
                    file.partition["x_Source"] == source and file.partition["x_Period"] in units
                ),
                log=result.to_log(),
                lock=source,
            )
        except BaseException:
            self._costs.discard(written)
            raise
        self._forget_refused(source, {digest_of(file.path) for file in gone})
        return result

    def table(
        self, engine: Engine, *, as_of: int | datetime | None = None
    ) -> tuple[ibis.Table, int]:
        """All rows as of a version or an instant (now by default), and the version.

        Raises:
            AccessError: The store cannot be read, or has no such version.
        """
        if not self._costs.exists():
            return engine.table_of(_cost_schema().empty_table()), -1
        delta = self._costs.delta(as_of)
        return engine.view_of(self._costs.read(engine, delta)), delta.version()

    def refused(self, engine: Engine) -> ibis.Table:
        """Rows that were refused, as they came, each with its reason.

        Columns: ``x_Source``, ``Delivery``, ``Digest``, ``ReceivedAt``, ``Reason``, ``Row`` (the
        row as JSON text).
        """
        if not self._refused.exists():
            return engine.table_of(_refused_schema().empty_table())
        return self._refused.read(engine, self._refused.delta())

    def units(self) -> list[StoredUnit]:
        """What the store holds now, by source and unit."""
        if not self._costs.exists():
            return []
        return sorted(
            (
                StoredUnit(
                    source=file.partition["x_Source"],
                    unit=file.partition["x_Period"],
                    rows=file.rows,
                    bytes=file.size,
                    digest=digest_of(file.path),
                    written=datetime.fromtimestamp(file.written / 1000, UTC),
                )
                for file in self._costs.files(self._costs.delta())
            ),
            key=lambda unit: (unit.source, unit.unit),
        )

    def history(self, limit: int | None = None) -> list[StoreVersion]:
        """What was committed, newest first."""
        if not self._costs.exists():
            return []
        return [
            StoreVersion(
                version=entry["version"],
                committed=datetime.fromtimestamp(entry["timestamp"] / 1000, UTC),
                ingest=IngestResult.from_log(json.loads(entry[LOG_KEY]))
                if LOG_KEY in entry
                else None,
            )
            for entry in self._costs.history(limit)
        ]

    def vacuum(self, keep: timedelta, *, dry_run: bool = False) -> list[str]:
        """Remove files that no version younger than ``keep`` needs; older versions are forgotten.

        Args:
            keep: At least a day: a younger file may belong to an ingest that is still running.
            dry_run: Only say what would go.

        Returns:
            The files that went, relative to the store.

        Raises:
            ConfigurationError: ``keep`` is shorter than a day.
        """
        if keep < timedelta(days=1):
            raise ConfigurationError(
                "the store keeps at least one day of history",
                hint="a younger file may belong to an ingest that is still running",
            )
        return [
            f"{name}/{path}"
            for name, table in (("charges", self._costs), ("refused", self._refused))
            if table.exists()
            for path in table.vacuum(keep, dry_run=dry_run)
        ]

    def _with_known_names(self, rows: ibis.Table) -> ibis.Table:
        """Extra columns are one and the same whatever case a source writes them in."""
        known = {field.name.lower(): field.name for field in self._costs.delta().schema().fields}
        return rows.rename(
            {
                known[name.lower()]: name
                for name in rows.columns
                if known.get(name.lower(), name) != name
            }
        )

    def _keep_aside(
        self, source: str, delivery: Delivery, raw: ibis.Table | None, engine: Engine
    ) -> None:
        """Replace what was refused of this delivery before by what is refused now."""
        import ibis

        from finops_cost_management.focus.reading import to_focus

        name = short_digest(delivery.name)
        mine = f"x_Source={source}/{name}-"
        if raw is None and not any(path.startswith(mine) for path in self._refused_paths()):
            return
        self._refused.create()
        written = []
        if raw is not None:
            whole = raw.mutate(
                x_RefusedRow=ibis.struct({column: raw[column] for column in raw.columns})
                .cast("json")
                .cast("string")
            )
            rows = to_focus(whole)
            rows = rows.filter(rows[REFUSED_REASON].notnull()).select(
                Delivery=ibis.literal(delivery.name),
                Digest=ibis.literal(_identity(delivery)),
                ReceivedAt=ibis.literal(datetime.now(UTC), type="timestamp('UTC')"),
                Reason=rows[REFUSED_REASON],
                Row=rows.x_RefusedRow,
            )
            path = f"{mine}{_identity(delivery)}-{secrets.token_hex(4)}.parquet"
            written.append(self._refused.write_file(engine, rows, path))
        try:
            self._refused.swap(
                written, lambda file: file.path.startswith(mine), log={}, lock=source
            )
        except BaseException:
            self._refused.discard(written)
            raise

    def _forget_refused(self, source: str, replaced: set[str]) -> None:
        """Refused rows go with the delivery that they came with."""
        obsolete = replaced - {unit.digest for unit in self.units() if unit.source == source}

        def goes(path: str) -> bool:
            return path.startswith(f"x_Source={source}/") and path.split("-")[-2] in obsolete

        if any(goes(path) for path in self._refused_paths()):
            self._refused.swap([], lambda file: goes(file.path), log={}, lock=source)

    def _refused_paths(self) -> list[str]:
        if not self._refused.exists():
            return []
        return [file.path for file in self._refused.files(self._refused.delta())]


def _identity(delivery: Delivery) -> str:
    """The same content read by a newer reader is another delivery: it is taken in again."""
    from finops_cost_management.focus.reading import READER_VERSION

    return short_digest(f"{READER_VERSION}:{delivery.digest}")


def _as_table(rows: ibis.Table | pa.Table, engine: Engine) -> ibis.Table:
    import pyarrow as pa

    return engine.table_of(rows) if isinstance(rows, pa.Table) else rows


def _units_of(rows: ibis.Table, grain: Grain) -> set[str]:
    # Few instants for many rows: only these are written out as months or days.
    begin = "BillingPeriodStart" if grain == "month" else "ChargePeriodStart"
    begins = rows.select(begin).distinct()
    unit = (
        (begins.BillingPeriodStart + _HALF_A_DAY).strftime("%Y-%m")
        if grain == "month"
        else begins.ChargePeriodStart.strftime("%Y-%m-%d")
    )
    return set(begins.select(unit=unit).distinct().to_pyarrow()["unit"].to_pylist())


def _within(rows: ibis.Table, unit: str, grain: Grain) -> ir.BooleanValue:
    """Whether a row belongs to a unit: a range, so that Parquet's statistics can skip the rest.

    A billing month is told by its start, give or take half a day: providers whose months do not
    begin at midnight UTC (Google Cloud's begin in Pacific time) still land in the right one.
    """
    import ibis

    if grain == "month":
        first = datetime.strptime(unit, "%Y-%m").replace(tzinfo=UTC)
        after = (first + timedelta(days=32)).replace(day=1)
        column, start, end = rows.BillingPeriodStart, first - _HALF_A_DAY, after - _HALF_A_DAY
    else:
        start = datetime.strptime(unit, "%Y-%m-%d").replace(tzinfo=UTC)
        column, end = rows.ChargePeriodStart, start + timedelta(days=1)
    instant = "timestamp('UTC')"
    return (column >= ibis.literal(start, type=instant)) & (
        column < ibis.literal(end, type=instant)
    )


def _cost_schema() -> pa.Schema:
    import pyarrow as pa

    from finops_cost_management.focus.columns import COST_AND_USAGE

    types = {
        "Decimal": pa.decimal128(38, 12),
        "Date/Time": pa.timestamp("us", tz="UTC"),
    }
    columns = [
        (name, types.get(column.type, pa.string())) for name, column in COST_AND_USAGE.items()
    ]
    return pa.schema([*columns, *((name, pa.string()) for name in PARTITION_BY)])


def _refused_schema() -> pa.Schema:
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
