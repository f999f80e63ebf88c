"""Names and tags of sub accounts, kept beside the charges and joined to them when asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from finops_cost_management.errors import DataError
from finops_cost_management.focus.providers import canonical_name, provider_of
from finops_cost_management.store.ingest import IngestResult
from finops_cost_management.store.paths import PARTITION_BY, digest_of, file_beside, short_digest
from finops_cost_management.store.table import PartitionedTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    import ibis
    import ibis.expr.types as ir
    import pyarrow as pa

    from finops_cost_management.engine import Engine
    from finops_cost_management.store.delivery import AccountsDelivery
    from finops_cost_management.store.files import TableFile, TableFiles

ACCOUNT_TAGS = "x_SubAccountTags"
"""The column with the tags of a charge's sub account, one JSON object as text."""

_COLUMNS = ("ProviderName", "SubAccountId", "SubAccountName", "Tags")
_KEY = _COLUMNS[:2]
_FACTS = _COLUMNS[2:]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccounts:
    """What one source told of accounts.

    Attributes:
        source: The source's name.
        accounts: How many accounts the store knows of it.
        written: When they changed last, UTC.
    """

    source: str
    accounts: int
    written: datetime


class Accounts:
    """The accounts of a store, in a table of their own: one file for each source.

    Args:
        place: Where the table lies.
    """

    def __init__(self, place: TableFiles) -> None:
        self.table = PartitionedTable(place, _schema, PARTITION_BY[:1])

    def held(self) -> list[StoredAccounts]:
        """What the store knows now, by source."""
        return [
            StoredAccounts(
                source=file.partition["x_Source"],
                accounts=file.rows,
                written=datetime.fromtimestamp(file.written / 1000, UTC),
            )
            for file in sorted(self._files(), key=lambda file: file.partition["x_Source"])
        ]

    def ingest(self, source: str, delivery: AccountsDelivery, engine: Engine) -> IngestResult:
        """Take accounts in: those that are delivered, and those of before that are not any more.

        Raises:
            DataError: The accounts cannot be joined to charges.
            AccessError: The store cannot be written.
        """
        digest = short_digest(delivery.digest)
        held = next((file for file in self._files() if _is_of(file, source)), None)
        if held is not None and digest_of(held.path) == digest:
            return IngestResult(
                source=source,
                delivery=delivery.name,
                digest=digest,
                skipped=True,
                accounts=held.rows,
            )
        accounts = {_key(row): row for row in self._rows(source, engine)}
        for row in _checked(delivery, engine):
            before = accounts.get(_key(row), {})
            # What cannot be told now is as it was told last.
            told = {name: before.get(name) if row[name] is None else row[name] for name in _FACTS}
            accounts[_key(row)] = {**row, **told}
        result = IngestResult(
            source=source, delivery=delivery.name, digest=digest, accounts=len(accounts)
        )
        self._replace(source, accounts.values(), result, engine)
        return result

    def forget(self, source: str) -> None:
        """Forget what a source told; earlier versions still know it."""
        self.table.swap([], lambda file: _is_of(file, source), log={}, lock=source)

    def joined(
        self, charges: ibis.Table, engine: Engine, as_of: datetime | None = None
    ) -> ibis.Table:
        """Charges with the names of their accounts where they have none, and `ACCOUNT_TAGS`.

        A question that uses neither costs what it costs without accounts: DuckDB leaves a join
        out that is not needed, if its keys are plain columns and each is there once. So the join
        goes by the account's id alone, and what is told is looked up by provider.

        Args:
            charges: Rows of the store.
            engine: Their engine.
            as_of: What was known at this instant; now by default.
        """
        if not self.table.exists():
            return charges
        told = self.table.read(engine, self.table.delta(as_of))
        known = engine.table_of(_by_id(told).to_pyarrow())
        accounts = known.group_by("x_Account").aggregate(  # says that each is there once
            x_Names=known.x_Names.first(), x_Tags=known.x_Tags.first()
        )
        both = charges.left_join(accounts, charges.SubAccountId == accounts.x_Account)
        provider = provider_of(both)
        name, tags = both.x_Names.get(provider), both.x_Tags.get(provider)
        if ACCOUNT_TAGS in charges.columns:  # of a bill that was written here
            tags = both[ACCOUNT_TAGS].coalesce(tags)
        columns = {
            **{name: both[name] for name in charges.columns},
            "SubAccountName": both.SubAccountName.coalesce(name),
            ACCOUNT_TAGS: tags,
        }
        return both.select(**columns)

    def _files(self) -> list[TableFile]:
        return self.table.files(self.table.delta()) if self.table.exists() else []

    def _rows(self, source: str, engine: Engine) -> list[Row]:
        if not self.table.exists():
            return []
        told = self.table.read(engine, self.table.delta())
        rows: list[Row] = told.filter(told.x_Source == source).to_pyarrow().to_pylist()
        return rows

    def _replace(
        self, source: str, accounts: Iterable[Row], log: IngestResult, engine: Engine
    ) -> None:
        import pyarrow as pa

        self.table.create()
        ordered = sorted(accounts, key=_key)
        rows = engine.table_of(pa.Table.from_pylist(ordered, schema=_schema()))
        written = self.table.write_file(engine, rows, file_beside(source, log.digest))
        try:
            self.table.swap(
                [written], lambda file: _is_of(file, source), log=log.to_log(), lock=source
            )
        except BaseException:
            self.table.discard([written])
            raise


def _checked(delivery: AccountsDelivery, engine: Engine) -> list[Row]:
    """The accounts of a delivery, each of which can be told from all others."""
    import pyarrow as pa

    given = delivery.read(engine)
    table: pa.Table = given if isinstance(given, pa.Table) else given.to_pyarrow()
    missing = [name for name in _COLUMNS if name not in table.column_names]
    if missing:
        raise DataError(f"{delivery.name}: accounts lack {', '.join(missing)}")
    table = table.select(_COLUMNS)
    other = [
        field.name
        for field in table.schema
        if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type))
        and not (field.name in _FACTS and pa.types.is_null(field.type))
    ]
    if other:
        raise DataError(
            f"{delivery.name}: {', '.join(other)} of accounts must be text",
            hint="an id that was a number has lost the zeros in front",
        )
    now = datetime.now(UTC)
    seen = set()
    rows: list[Row] = table.to_pylist()
    for row in rows:
        if not all(row[name] for name in _KEY):
            raise DataError(f"{delivery.name}: an account lacks its provider or its id")
        row |= {"ProviderName": canonical_name(row["ProviderName"]), "ReceivedAt": now}
        if _key(row) in seen:
            raise DataError(f"{delivery.name}: account {row['SubAccountId']} is in it twice")
        seen.add(_key(row))
        if row["Tags"] is not None and not _is_object(row["Tags"]):
            raise DataError(
                f"{delivery.name}: Tags of account {row['SubAccountId']} are no JSON object"
            )
    return rows


def _by_id(told: ibis.Table) -> ibis.Table:
    """One row for each account id, with two maps: provider → name, and provider → tags.

    Of several sources that tell of an account, the one that knew it last is believed.
    """
    import ibis

    def last(fact: ir.StringValue) -> ir.StringScalar:
        return fact.argmax(told.ReceivedAt, where=fact.notnull())

    def by_provider(fact: ir.StringValue) -> ir.MapValue:
        provider = accounts.ProviderName
        return ibis.map(
            provider.collect(order_by=provider),
            fact.collect(order_by=provider, include_null=True),
        )

    accounts = told.group_by("ProviderName", "SubAccountId").aggregate(
        Name=last(told.SubAccountName), Tags=last(told.Tags)
    )
    return accounts.group_by(x_Account="SubAccountId").aggregate(
        x_Names=by_provider(accounts.Name), x_Tags=by_provider(accounts.Tags)
    )


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _key(row: Row) -> tuple[str, str]:
    return row["ProviderName"], row["SubAccountId"]


def _is_of(file: TableFile, source: str) -> bool:
    return file.partition["x_Source"] == source


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            *((name, pa.string()) for name in _COLUMNS),
            ("ReceivedAt", pa.timestamp("us", tz="UTC")),
            ("x_Source", pa.string()),
        ]
    )
