"""How one cell becomes a FOCUS value, whatever type the file gives it.

Every function takes a column and returns an expression. What cannot be read becomes null, never
an error: the rules of `validation` then say what was there.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import ibis.expr.types as ir

    from finops_cost_management.focus.columns import Column

DECIMAL = "decimal(38, 12)"
INSTANT = "timestamp('UTC')"

NULL_WORDS = ("", "NULL", "null")
"""Texts that mean null in a file without types.

The FOCUS sample data and the specification's examples write NULL and null. Others, such as None
or N/A, are left alone: they can be the name of something.
"""

_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
# Year first: what 5/1/25 means depends on where one lives.
_DATE_TIME = (
    r"^\s*\d{4}-\d{2}-\d{2}"
    r"([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|UTC|[+-]\d{2}(:?\d{2})?)?)?\s*$"
)


def text(cell: ir.Value, *, untyped: bool = False) -> ir.StringValue:
    """Text as it is given; the empty string is null.

    Numbers are written without exponent and without ``.0``, nested values as JSON. A float that
    is not a number is null: so some tools write a number that is not there.

    Args:
        cell: A column of any type.
        untyped: The file has no types (CSV): the null words are null too.
    """
    kind = cell.type()
    if kind.is_string():
        return one_of(cell, NULL_WORDS).ifelse(None, cell) if untyped else cell.nullif("")
    if kind.is_floating():
        whole = cell.try_cast("decimal(38, 0)")
        number = (whole.cast("float64") == cell).ifelse(whole.cast("string"), cell.cast("string"))
        return number.nullif("nan")
    if kind.is_decimal():
        return plain(cell)
    if kind.is_nested():
        return _to_json(cell)
    return cell.cast("string")


def plain(number: ir.DecimalValue) -> ir.StringValue:
    """A decimal as text, without exponent and trailing zeros."""
    digits = number.cast("string")
    if number.type().scale:
        digits = digits.re_replace(r"\.?0+$", "")
    return digits


def decimal(cell: ir.Value, *, untyped: bool = False) -> ir.DecimalValue:
    """A number with 12 decimals, rounded; null for what is no finite number below 10^26."""
    kind = cell.type()
    if kind.is_decimal() and (kind.precision, kind.scale) == (38, 12):
        return cell
    if kind.is_decimal() or kind.is_integer():
        return cell.try_cast(DECIMAL)
    if kind.is_floating():
        # By way of its shortest text: 0.1 is 0.1, and not what its binary form is nearest to.
        return cell.cast("string").try_cast(DECIMAL)
    words = text(cell, untyped=untyped)
    return words.re_search(_NUMBER).ifelse(words, None).try_cast(DECIMAL)


def instant(cell: ir.Value, *, untyped: bool = False) -> ir.TimestampValue:
    """An instant in UTC; times without a zone, and dates, are UTC already."""
    kind = cell.type()
    if kind.is_timestamp() and kind.timezone == "UTC" and kind.scale in (None, 6):
        return cell
    if kind.is_timestamp():
        return cell.cast(INSTANT)
    if kind.is_date():
        return cell.cast("timestamp").cast(INSTANT)
    words = text(cell, untyped=untyped)
    return words.re_search(_DATE_TIME).ifelse(words, None).try_cast(INSTANT)


def choice(value: ir.StringValue, column: Column) -> ir.StringValue:
    """One of the column's allowed values, in its own spelling; any other text as it is.

    Case, spaces, hyphens and underscores do not matter, and values of earlier versions count.
    """
    import ibis

    allowed = {squash(word): word for word in column.values}
    allowed |= {squash(old): new for old, new in column.former_values.items()}
    spellings = ibis.map(ibis.array(list(allowed)), ibis.array(list(allowed.values())))
    # Nearly all values are right as they are: that is cheap to see.
    return one_of(value, column.values).ifelse(value, spellings.get(squash(value), value))


def one_of(value: ir.StringValue, words: Iterable[str]) -> ir.BooleanValue:
    """Whether a text is one of these words; null for null.

    As an array rather than `isin`, of which DuckDB makes a join.
    """
    import ibis

    return ibis.array(list(words)).contains(value)


def squash(words: Any) -> Any:
    """Lower case without spaces, hyphens and underscores: of a column, or of a Python text."""
    return words.lower().replace(" ", "").replace("-", "").replace("_", "")


def json_text(cell: ir.Value, *, untyped: bool = False) -> ir.StringValue:
    """JSON as text; null for text that is no JSON."""
    words = text(cell, untyped=untyped)
    if not cell.type().is_string():
        return words
    return _is_json(words).ifelse(words, None)


def tags(cell: ir.Value, *, untyped: bool = False) -> ir.StringValue:
    """Tags as one JSON object; null where there is none, and for text that is no object.

    Understands text with or without its braces, maps, structs (one field per tag, null for one
    that the resource has not) and lists of key and value.
    """
    import ibis

    kind = cell.type()
    if kind.is_struct() and [field.lower() for field in kind.names] == ["key_value"]:
        return tags(cell[kind.names[0]])  # a map, as some tools unfold it
    if (
        kind.is_array()
        and kind.value_type.is_struct()
        and {"key", "value"} <= set(kind.value_type.names)
    ):
        return _object_of_pairs(cell).nullif("{}")
    if kind.is_struct():
        return _object_of_fields(cell).nullif("{}")
    words = text(cell, untyped=untyped).strip()
    if kind.is_map():
        return words.nullif("{}")
    braced = ibis.literal("{") + words + "}"
    return ibis.cases(
        (words == "{}", None),
        (words.startswith("{") & _is_json(words), words),
        (words.startswith('"') & _is_json(braced), braced),
    )


def _object_of_pairs(pairs: ir.ArrayValue) -> ir.StringValue:
    def member(pair: ir.StructValue) -> ir.StringValue:
        return _to_json(pair["key"]) + ":" + _to_json(pair["value"]).fill_null("null")

    return "{" + pairs.map(member).join(",") + "}"


def _object_of_fields(struct: ir.StructValue) -> ir.StringValue:
    import ibis

    # Null fields are null here, and `join` leaves them out.
    members = [json.dumps(name) + ":" + _to_json(struct[name]) for name in struct.names]
    return "{" + ibis.literal(",").join(members) + "}"


READ_AS: Mapping[str, Callable[..., ir.Value]] = {
    "String": text,
    "Decimal": decimal,
    "Date/Time": instant,
    "JSON": json_text,
}
"""Type of a FOCUS column → the function that reads it; its tags have their own."""

TYPES = {"String": "string", "Decimal": DECIMAL, "Date/Time": INSTANT, "JSON": "string"}
"""Type of a FOCUS column → its type in the model."""


@cache
def _function(name: str, result: str) -> Callable[..., Any]:
    """A function that DuckDB and Spark have, and Ibis no expression for."""
    import ibis

    def declared(value: Any) -> Any: ...

    function: Callable[..., Any] = ibis.udf.scalar.builtin(
        declared, name=name, signature=((None,), result)
    )
    return function


def _to_json(value: ir.Value) -> ir.StringValue:
    return _function("to_json", "json")(value).cast("string")


def _is_json(value: ir.StringValue) -> ir.BooleanValue:
    return _function("json_valid", "boolean")(value)
