"""The store: all cost rows, replaced by (source, unit), with a memory of what was believed when."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from finops_cost_management.engine import literal_path
from finops_cost_management.errors import ConfigurationError, DataError
from finops_cost_management.focus.header import REFUSED_REASON
from finops_cost_management.store.accounts import Accounts, StoredAccounts
from finops_cost_management.store.delivery import AccountsDelivery
from finops_cost_management.store.ingest import IngestResult, StoreVersion
from finops_cost_management.store.paths import (
    PARTITION_BY,
    data_file,
    digest_of,
    short_digest,
    units_with,
)
from finops_cost_management.store.places import place_at
from finops_cost_management.store.refused import RefusedRows
from finops_cost_management.store.table import LOG_KEY, PartitionedTable
from finops_cost_management.store.units import units_of, within

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import ibis
    import pyarrow as pa

    from finops_cost_management.engine import Engine
    from finops_cost_management.store.delivery import Delivery, Grain
    from finops_cost_management.store.files import TableFile

PASSES_OF_TYPED_ROWS = 6
"""Units up to which reading typed rows once per unit beats sorting them before."""

_SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUnit:
    """One unit of one source, as the store holds it.

    Attributes:
        source: The source's name.
        unit: Billing month or day.
        rows: How many rows.
        bytes: Size of its files.
        digest: Short digest of the delivery it came with.
        units: How many units came with that delivery.
        written: When, UTC.
    """

    source: str
    unit: str
    rows: int
    bytes: int
    digest: str
    units: int
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
        self._costs = PartitionedTable(charges, _cost_schema, PARTITION_BY)
        self._refused = RefusedRows(place_at(f"{location}/refused", storage_options))
        self._accounts = Accounts(place_at(f"{location}/accounts", storage_options))

    def ingest(
        self, source: str, delivery: Delivery | AccountsDelivery, engine: Engine
    ) -> IngestResult:
        """Take one delivery in, whole or not at all.

        Every unit that the delivery touches or covers is replaced. A delivery that the store
        holds already is skipped without being read. Accounts are kept beside the charges.

        Raises:
            ConfigurationError: The source's name is no part of a path, or the source delivered
                whole months before and delivers days of them now.
            DataError: The delivery cannot be read, or holds no acceptable row.
            AccessError: The store cannot be written.
        """
        if not _SOURCE_NAME.fullmatch(source):
            raise ConfigurationError(
                f"{source!r} cannot name a source",
                hint="use small letters, digits, - and _; it becomes part of a path",
            )
        if isinstance(delivery, AccountsDelivery):
            return self._accounts.ingest(source, delivery, engine)
        return self._ingest_charges(source, delivery, engine)

    def _ingest_charges(self, source: str, delivery: Delivery, engine: Engine) -> IngestResult:
        from finops_cost_management.focus.reading import to_focus

        digest = _identity(delivery)
        if self._holds(source, digest):
            return IngestResult(source=source, delivery=delivery.name, digest=digest, skipped=True)

        self._costs.create()
        raw = _as_table(delivery.read(engine), engine)
        focus = to_focus(raw)
        extra = [name for name in focus.columns if name.startswith("x_") and name != REFUSED_REASON]
        rows = engine.view_of(focus.rename(self._costs.add_columns(extra)))
        accepted = rows.filter(rows[REFUSED_REASON].isnull()).drop(REFUSED_REASON)
        units = sorted(units_of(accepted, delivery.grain) | delivery.covers)
        self._check_grain(source, units)
        written: list[TableFile] = []
        try:
            for unit, chosen in _split(accepted, units, delivery.grain, engine, typed=_typed(raw)):
                path = data_file(source, unit, digest, len(units))
                written.append(self._costs.write_file(engine, chosen, path))
            kept = sum(file.rows for file in written)
            refused = int(raw.count().to_pyarrow().as_py()) - kept
            if refused:
                self._refused.keep(source, delivery.name, digest, raw, engine, expected=refused)
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
            # Without a unit there is nothing to replace, and nothing to remember it by.
            gone = self._swap(source, units, written, result) if units else []
        except BaseException:
            self._costs.discard(written)
            raise
        replaced = {digest_of(file.path) for file in gone} - self._digests(source)
        self._refused.forget(source, replaced.__contains__)
        return result

    def remove(self, source: str, periods: frozenset[str] | None = None) -> int:
        """Forget a source with its accounts, or some of its months or days.

        Earlier versions still know them.

        Args:
            source: The source's name.
            periods: Months (``2026-11``) or days; None for everything.

        Returns:
            How many rows went.

        Raises:
            ConfigurationError: The store holds no such source or period.
        """
        held = [unit for unit in self.units() if unit.source == source]
        chosen = sorted({unit.unit for unit in held if periods is None or unit.unit in periods})
        told = periods is None and source in {one.source for one in self.accounts()}
        if not (chosen or told) or (periods is not None and periods - set(chosen)):
            raise ConfigurationError(
                f"the store holds no such rows of {source!r}",
                hint="`finops store show` lists sources and periods",
            )
        result = IngestResult(source=source, delivery="(removed)", digest="", units=tuple(chosen))
        gone = self._swap(source, chosen, [], result) if chosen else []
        self.tidy(source)
        if told:
            self._accounts.forget(source)
        return sum(file.rows for file in gone)

    def tidy(self, source: str) -> None:
        """Forget the refused rows of deliveries that the store does not hold.

        They failed, or were replaced by a process that was stopped before it could tidy up. What
        still fails is refused again.
        """
        held = self._digests(source)
        self._refused.forget(source, lambda digest: digest not in held)

    def _swap(
        self, source: str, units: Sequence[str], written: Sequence[TableFile], log: IngestResult
    ) -> list[TableFile]:
        def replaced(file: TableFile) -> bool:
            unit = file.partition["x_Period"]
            return file.partition["x_Source"] == source and any(
                unit.startswith(one)
                for one in units  # a month replaces its days
            )

        return self._costs.swap(written, replaced, log=log.to_log(), lock=source)

    def _holds(self, source: str, digest: str) -> bool:
        """Whether every unit that a delivery brought is still the one it brought."""
        units = [unit for unit in self.units() if unit.source == source and unit.digest == digest]
        return bool(units) and len(units) == units[0].units

    def _digests(self, source: str) -> set[str]:
        return {unit.digest for unit in self.units() if unit.source == source}

    def _check_grain(self, source: str, units: Sequence[str]) -> None:
        held = {unit.unit for unit in self.units() if unit.source == source}
        months = {unit[: len("2026-11")] for unit in units} - set(units)
        if both := sorted(months & held):
            raise ConfigurationError(
                f"{source} delivers days of {both[0]}, which the store holds as a whole month",
                hint=f"deliver months, or forget it first: finops store remove {source} "
                f"--period {both[0]}",
            )

    def table(
        self, engine: Engine, *, as_of: int | datetime | None = None
    ) -> tuple[ibis.Table, int]:
        """All rows as of a version or an instant (now by default), and the version.

        Charges have the names and tags of their accounts as they were known then.

        Raises:
            AccessError: The store cannot be read, or has no such version.
        """
        if not self._costs.exists():
            charges, version = engine.table_of(_cost_schema().empty_table()), -1
        else:
            delta = self._costs.delta(as_of)
            charges, version = self._costs.read(engine, delta), delta.version()
        moment = self._last_moment_of(as_of) if isinstance(as_of, int) else as_of
        return engine.view_of(self._accounts.joined(charges, engine, moment)), version

    def _last_moment_of(self, version: int) -> datetime | None:
        """The instant before the next version; None for the newest, which is not over."""
        following = [entry for entry in self.history() if entry.version == version + 1]
        return following[0].committed - timedelta(milliseconds=1) if following else None

    def accounts(self) -> list[StoredAccounts]:
        """Of how many accounts the store knows names and tags now, by the source that told."""
        return self._accounts.held()

    def refused(self, engine: Engine) -> ibis.Table:
        """Rows that were refused, as they came, each with its reason.

        Columns: ``x_Source``, ``Delivery``, ``Digest``, ``ReceivedAt``, ``Reason``, ``Row`` (the
        row as JSON text).
        """
        return self._refused.read(engine)

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
                    units=units_with(file.path),
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
            for name, table in (
                ("charges", self._costs),
                ("refused", self._refused.table),
                ("accounts", self._accounts.table),
            )
            if table.exists()
            for path in table.vacuum(keep, dry_run=dry_run)
        ]


def _identity(delivery: Delivery) -> str:
    """The same content read by a newer reader is another delivery: it is taken in again."""
    from finops_cost_management.focus.reading import READER_VERSION

    return short_digest(f"{READER_VERSION}:{delivery.digest}")


def _as_table(rows: ibis.Table | pa.Table, engine: Engine) -> ibis.Table:
    import pyarrow as pa

    return engine.table_of(rows) if isinstance(rows, pa.Table) else rows


def _typed(raw: ibis.Table) -> bool:
    """Whether rows have types already, so that reading them again costs little."""
    return not any(
        kind.is_string()
        for name, kind in raw.schema().items()
        if name.lower() == "billingperiodstart"
    )


def _split(
    rows: ibis.Table, units: Sequence[str], grain: Grain, engine: Engine, *, typed: bool
) -> Iterator[tuple[str, ibis.Table]]:
    """The rows of each unit.

    Every unit is a pass over the rows. Statistics let it skip what lies elsewhere, but not where
    units lie mixed: rows of many units are sorted once before.
    """
    if len(units) > (PASSES_OF_TYPED_ROWS if typed else 1):
        path = engine.scratch / f"sorted-{secrets.token_hex(4)}.parquet"
        start = "ChargePeriodStart" if grain == "day" else "BillingPeriodStart"
        engine.copy_to_parquet(rows.order_by(start), path)
        rows = engine.ibis.read_parquet(literal_path(path), hive_partitioning=False)
        yield from ((unit, rows.filter(within(rows, unit, grain))) for unit in units)
        path.unlink()
    else:
        yield from ((unit, rows.filter(within(rows, unit, grain))) for unit in units)


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
