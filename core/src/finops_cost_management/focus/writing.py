"""Write the model as FOCUS 1.2, 1.3 or 1.4 files, whole or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from finops_cost_management.engine import io_error
from finops_cost_management.errors import ConfigurationError, DataError
from finops_cost_management.focus.cells import plain
from finops_cost_management.focus.columns import COST_AND_USAGE, Column, columns_of
from finops_cost_management.focus.header import REFUSED_REASON, STORE_COLUMNS
from finops_cost_management.focus.providers import canonical, provider_of
from finops_cost_management.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.engine import Engine

WrittenVersion = Literal["1.2", "1.3", "1.4"]

ISSUER_AS_GIVEN = "x_InvoiceIssuerName"
"""Who issued the invoice, word for word, where the written InvoiceIssuerName is the provider's."""

_INTERNAL = (*STORE_COLUMNS, REFUSED_REASON)
_SUFFIXES = (".parquet", ".csv", ".csv.gz")


def to_version(rows: ibis.Table, version: WrittenVersion) -> ibis.Table:
    """The same charges in the columns of an older (or the newest) version.

    - 1.2 and 1.3 name the provider as they did: ProviderName is the host, or the service provider
      where the host is not known; PublisherName is the service provider.
    - 1.2 takes an invoice issuer with another name than the provider for a third party. Where it
      is a legal entity of the provider, InvoiceIssuerName is the provider's name, and the
      entity's stays in ``x_InvoiceIssuerName``.
    - Columns that the version does not have yet keep their place under ``x_`` names.
    - The columns of the store, and refused rows, are left out.

    Reading the result gives the same rows back, but for a host that is not known in 1.2.

    Args:
        rows: Rows as `reading.to_focus` or the store gives them.
        version: 1.2, 1.3 or 1.4.

    Raises:
        ConfigurationError: The version is not one that is written.
    """
    if version not in ("1.2", "1.3", "1.4"):
        raise ConfigurationError(f"FOCUS {version} is not written", hint="choose 1.2, 1.3 or 1.4")
    if REFUSED_REASON in rows.columns:
        rows = rows.filter(rows[REFUSED_REASON].isnull())
    standard = {column.name: _value(rows, column, version) for column in columns_of(version)}
    later = {f"x_{name}": rows[name] for name in COST_AND_USAGE if name not in standard}
    if version == "1.2":
        issuer = rows.InvoiceIssuerName
        changed = issuer != standard["InvoiceIssuerName"]
        later[ISSUER_AS_GIVEN] = changed.ifelse(issuer, None)
        del later["x_ServiceProviderName"], later["x_HostProviderName"]  # said in the old words
    custom = {
        name: rows[name]
        for name in rows.columns
        if name not in COST_AND_USAGE and name not in _INTERNAL
    }
    return rows.select(**standard, **later, **custom)


def _value(rows: ibis.Table, column: Column, version: WrittenVersion) -> ir.Value:
    provider = provider_of(rows)
    match column.name:
        case "ProviderName":
            return provider
        case "PublisherName":
            return rows.ServiceProviderName
        case "InvoiceIssuerName" if version == "1.2":
            issuer = rows.InvoiceIssuerName
            return (canonical(issuer) == provider).ifelse(provider, issuer)
    return rows[column.name]


def write_focus(rows: ibis.Table, version: WrittenVersion, path: Path, engine: Engine) -> None:
    """Write a FOCUS file: Parquet (zstd), CSV or gzipped CSV, as the suffix says.

    The file appears under its name when it is complete; what was there before is replaced. Rows
    stream through: memory does not grow with their number. Custom columns (``x_…``) without any
    value are left out.

    CSV is written as FOCUS wants it: instants as ``2026-05-31T23:00:00Z`` (parts of a second are
    cut off), plain decimals without exponent or trailing zeros, null as an empty field.

    Args:
        rows: Rows as `reading.to_focus` or the store gives them.
        version: 1.2, 1.3 or 1.4.
        path: Where to; missing folders are created.
        engine: The engine of the rows.

    Raises:
        ConfigurationError: The suffix or the version is not one that is written.
        AccessError: The file cannot be written.
        DataError: A row cannot be read.
    """
    if not path.name.endswith(_SUFFIXES):
        raise ConfigurationError(
            f"{path} says no format", hint=f"the name must end in {', '.join(_SUFFIXES)}"
        )
    rows = to_version(rows, version)
    with whole_file(path) as partial, _in_words(path):
        written = _without_empty_extras(rows, engine)
        if path.name.endswith(".parquet"):
            engine.ibis.to_parquet(written, partial, compression="zstd")
        else:
            compression = "gzip" if path.name.endswith(".gz") else "none"
            engine.ibis.to_csv(_as_text(written), partial, header=True, compression=compression)


def _without_empty_extras(rows: ibis.Table, engine: Engine) -> ibis.Table:
    extras = [name for name in rows.columns if name.startswith("x_")]
    if not extras:
        return rows
    values = engine.ibis.to_pyarrow(rows.aggregate(**{name: rows[name].count() for name in extras}))
    return rows.drop(*(name for name in extras if not values[name][0].as_py()))


def _as_text(rows: ibis.Table) -> ibis.Table:
    return rows.mutate(**{name: _formatted(rows[name]) for name in rows.columns})


def _formatted(value: ir.Value) -> ir.StringValue:
    kind = value.type()
    if kind.is_timestamp():
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind.is_decimal():
        return plain(value)
    return value.cast("string")


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """The engine's errors as ours."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        message = str(error).strip().split("\n", 1)[0]
        raise io_error(error, f"cannot write {path}") or DataError(
            f"cannot write {path}: {message}"
        ) from error
