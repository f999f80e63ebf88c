"""What a charge counts, and whether somebody pays for it in advance."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis
    import ibis.expr.types as ir

MONEY = "decimal(38, 12)"
_ROWS_AT_ONCE = 10_000


def effective_cost(charges: ibis.Table, where: ir.BooleanValue | None = None) -> ir.DecimalValue:
    """The exact sum of the effective cost, as an aggregate; 0 where no charge meets ``where``."""
    return exact_sum(charges.EffectiveCost, where)


def exact_sum(cost: ir.DecimalValue, where: ir.BooleanValue | None = None) -> ir.DecimalValue:
    """The exact sum of any cost, as an aggregate; 0 where no charge meets ``where``."""
    import ibis

    # Of the same type: beside a 0 of another, DuckDB would cut the last places off.
    nothing = ibis.literal(Decimal(0), type=MONEY)
    return cost.sum(where=where).cast(MONEY).fill_null(nothing)


def is_committed(charges: ibis.Table) -> ir.BooleanValue:
    """Whether a commitment pays for a charge: it goes on costing, whatever becomes of the use."""
    committed = charges.CommitmentDiscountId.notnull() | (charges.PricingCategory == "Committed")
    return committed.fill_null(False)  # noqa: FBT003 # Ibis takes it by position only


def meter(charges: ibis.Table) -> ir.StringValue:
    """What is counted, in small letters: the meter, however the bill's columns call it."""
    import ibis

    names = ("SkuMeter", "x_UsageType", "x_SkuMeterName", "x_SkuDescription", "ChargeDescription")
    texts = [charges[name].cast("string") for name in names if name in charges.columns]
    return ibis.literal(" ").join([text.fill_null("") for text in texts]).lower()


_HOURS = r"^(\d+ ?)?h(ou)?rs?$|^(\d+ ?)?h$"
_TIME = rf"{_HOURS}|^(\d+ ?)?(second|minute|day|month)s?$|^(\d+|units) ?/ ?(hour|day|month)$"
_BYTES = r"([kmgtp]i?b|(kilo|mega|giga|tera|peta|kibi|mebi|gibi|tebi|pebi)bytes?)"
_HELD = rf"^(\d+ ?)?{_BYTES}[- /](mo|day)"


def is_hours(charges: ibis.Table) -> ir.BooleanValue:
    """Whether a charge counts hours of something that runs."""
    return unit(charges).re_search(_HOURS).fill_null(False)  # noqa: FBT003 # Ibis takes it by position only


def is_standing(charges: ibis.Table) -> ir.BooleanValue:
    """Whether a charge is for being there (hours, months), not for doing something."""
    return unit(charges).re_search(_TIME).fill_null(False)  # noqa: FBT003 # Ibis takes it by position only


def is_held(charges: ibis.Table) -> ir.BooleanValue:
    """Whether a charge is for data that is kept: gigabytes for a month or a day.

    Gigabyte hours are memory, of functions, containers and machines.
    """
    return unit(charges).re_search(_HELD).fill_null(False)  # noqa: FBT003 # Ibis takes it by position only


def unit(charges: ibis.Table) -> ir.StringValue:
    """What one of `quantity` is, in small letters, spelt as the provider spells it."""
    return charges.PricingUnit.fill_null(charges.ConsumedUnit).strip().lower()


def quantity(charges: ibis.Table) -> ir.DecimalValue:
    """How many units are charged; null where the bill leaves it open."""
    return charges.PricingQuantity.fill_null(charges.ConsumedQuantity)


def rows_of(table: ibis.Table) -> Iterator[dict[str, Any]]:
    """The rows of a table, few at a time."""
    for batch in table.to_pyarrow().to_batches(max_chunksize=_ROWS_AT_ONCE):
        yield from batch.to_pylist()
