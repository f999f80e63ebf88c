"""Read FOCUS of any known version into one model: the columns and types of FOCUS 1.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.focus import cells
from finops_cost_management.focus.columns import COST_AND_USAGE
from finops_cost_management.focus.header import (
    ORIGINAL_PROVIDER,
    ORIGINAL_PUBLISHER,
    REFUSED_REASON,
    UNREAD_TAGS,
    UNREAD_VALUES,
    Header,
    recognise,
)
from finops_cost_management.focus.parts import read_files
from finops_cost_management.focus.providers import ACCOUNTS, HOSTS, canonical, whole_account
from finops_cost_management.focus.validation import GIVEN, REFUSALS, UNREADABLE, sentences

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.focus.columns import Column

__all__ = ["READER_VERSION", "read_files", "recognise", "to_focus"]

READER_VERSION = 2
"""Counts up when the same file would be read differently."""


def to_focus(raw: ibis.Table) -> ibis.Table:
    """Turn rows of FOCUS 1.0-preview to 1.4, typed or all text, into the model.

    Nothing is read: the answer is one expression.

    - Columns of other names keep their text under ``x_…``. A column that the version of the file
      does not have yet is also found under its ``x_`` name.
    - Text: an empty string is null whatever the file's types, since FOCUS forbids it as a value;
      in files without types so are `cells.NULL_WORDS`.
    - Values with a fixed set of spellings (ChargeCategory, …) get theirs; others stay as given.
    - Providers get one name (AWS, Microsoft, Google Cloud, Oracle, any other as it is). Before
      1.3: a publisher other than the provider provides the service, and the provider hosts it.
    - Absent columns are null; no amount, price or currency is made up.

    Args:
        raw: Rows with the column names of the file, letter case aside.

    Returns:
        The columns of `COST_AND_USAGE` in order (costs, prices and quantities as decimal(38, 12),
        instants as timestamp('UTC'), the rest text), the extra columns, then ``x_ProviderName``
        and ``x_PublisherName`` (as given, where the model says it differently),
        ``x_UnreadTags`` and ``x_UnreadValues`` (what could not be read), and
        ``x_RefusedReason``: null for a row that counts, else why it does not.

    Raises:
        DataError: Columns without which no charge can be placed are missing.
    """
    file = _File(raw)
    values = {name: file.value(column) for name, column in COST_AND_USAGE.items()}
    extras = {name: cells.text(raw[given]) for name, given in file.header.extras.items()}
    staged = raw.select(**values, **extras, **file.originals(), **file.given())
    return staged.select(
        *COST_AND_USAGE,
        *extras,
        ORIGINAL_PROVIDER,
        ORIGINAL_PUBLISHER,
        UNREAD_TAGS,
        sentences(staged, UNREADABLE).coalesce(staged[UNREAD_VALUES]).name(UNREAD_VALUES),
        sentences(staged, REFUSALS).name(REFUSED_REASON),
    )


class _File:
    """The columns of one file, by their names in FOCUS."""

    def __init__(self, raw: ibis.Table) -> None:
        self.raw = raw
        self.header = Header.of(raw.columns)
        self.untyped = raw[self.header.found["BilledCost"]].type().is_string()

    def value(self, column: Column) -> ir.Value:
        """A column of the model."""
        header = self.header
        match column.name:
            case "ServiceProviderName":
                return canonical(self._publisher()).coalesce(canonical(self._provider()))
            case "HostProviderName":
                return canonical(self._provider())
            case "InvoiceIssuerName" if header.issuer is not None:
                return self._text_of(header.issuer).coalesce(self._text(column.name))
            case "CommitmentDiscountStatus" if header.subcategory is not None:
                return self._choice(column).coalesce(self._commitment_status(header.subcategory))
        return self._read(column)

    def _read(self, column: Column) -> ir.Value:
        import ibis

        cell = self._cell(column.name)
        if cell is None:
            return ibis.null(cells.TYPES[column.type])
        if column.values:
            return self._choice(column)
        if column.name in ACCOUNTS and cell.type().is_numeric():
            return whole_account(self._text(column.name), self._provider())
        read = cells.tags if column.name == "Tags" else cells.READ_AS[column.type]
        return read(cell, untyped=self.untyped)

    def given(self) -> dict[str, ir.Value]:
        """The text of every cell that may say something and yet be unreadable."""
        return {
            name + GIVEN: self._text(name)
            for name, column in COST_AND_USAGE.items()
            if (cell := self._cell(name)) is not None and _may_be_unreadable(cell, column)
        }

    def originals(self) -> dict[str, ir.Value]:
        """What the model says differently, or not at all, in the words of the file."""
        provider, publisher = self._provider(), self._publisher()
        return {
            ORIGINAL_PROVIDER: self._earlier(
                ORIGINAL_PROVIDER, (canonical(provider) != provider).ifelse(provider, None)
            ),
            ORIGINAL_PUBLISHER: self._earlier(
                ORIGINAL_PUBLISHER, (canonical(publisher) != publisher).ifelse(publisher, None)
            ),
            UNREAD_TAGS: self._earlier(UNREAD_TAGS, self._unread_tags()),
            UNREAD_VALUES: self._earlier(UNREAD_VALUES, _no_text()),
        }

    def _cell(self, name: str) -> ir.Value | None:
        found = self.header.found.get(name)
        return None if found is None else self.raw[found]

    def _text(self, name: str) -> ir.StringValue:
        found = self.header.found.get(name)
        return _no_text() if found is None else self._text_of(found)

    def _text_of(self, found: str) -> ir.StringValue:
        return cells.text(self.raw[found], untyped=self.untyped)

    def _earlier(self, name: str, now: ir.StringValue) -> ir.StringValue:
        """What this reading sets aside, else what an earlier one did: the file was written here."""
        found = self.header.reading.get(name)
        return now if found is None else now.coalesce(self._text_of(found))

    def _provider(self) -> ir.StringValue:
        newest, former = HOSTS
        return self._text(newest).coalesce(self._text(former))

    def _publisher(self) -> ir.StringValue:
        return self._text("ServiceProviderName").coalesce(self._text("PublisherName"))

    def _choice(self, column: Column) -> ir.StringValue:
        value = cells.choice(self._text(column.name), column)
        if column.name == "ChargeCategory" and self.header.subcategory is not None:
            # Up to 1.0-preview, credits were a kind of adjustment.
            credit = cells.squash(self._text_of(self.header.subcategory)) == "credit"
            return credit.ifelse("Credit", value)
        return value

    def _commitment_status(self, subcategory: str) -> ir.StringValue:
        kind = cells.squash(self._text_of(subcategory))
        return kind.cases(("usedcommitment", "Used"), ("unusedcommitment", "Unused"))

    def _unread_tags(self) -> ir.StringValue:
        cell = self._cell("Tags")
        if cell is None or cell.type().is_map() or cell.type().is_struct():
            return _no_text()
        text = self._text("Tags")
        unread = cells.tags(cell, untyped=self.untyped).isnull()
        return (unread & ~cells.one_of(text, ("{}", "[]"))).ifelse(text, None)


def _no_text() -> ir.StringValue:
    import ibis

    return ibis.null("string")


def _may_be_unreadable(cell: ir.Value, column: Column) -> bool:
    kind = cell.type()
    match column.type:
        case "Decimal":
            return cells.decimal(cell) is not cell
        case "Date/Time":
            return not (kind.is_timestamp() or kind.is_date())
        case "JSON":
            return kind.is_string() and column.name != "Tags"
    return False
