"""Allocation rows that come from a source and are in no store."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from finops_cost_management.focus.columns import COST_AND_USAGE
from finops_cost_management.focus.header import REFUSED_REASON
from finops_cost_management.query.kubernetes import AMOUNTS, COMPONENT, DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from finops_cost_management.engine import Engine
    from finops_cost_management.store.delivery import Delivery

log = logging.getLogger(__name__)

_FOCUS = ("ChargePeriodStart", "EffectiveCost", "BillingCurrency", "ConsumedQuantity", "Tags")
_EXTRA = (COMPONENT, *DIMENSIONS.values(), *AMOUNTS.values())


def delivered_rows(deliveries: Iterable[Delivery], engine: Engine) -> pa.Table:
    """What deliveries say of Kubernetes, read as the store would read it.

    Args:
        deliveries: Each is read as it comes.
        engine: The engine that reads.

    Returns:
        The columns that `Allocations.of` asks for, of all rows that the store would accept.
    """
    import pyarrow as pa

    held: list[pa.Table] = []
    for delivery in deliveries:
        rows = delivery.read(engine)
        held.append(rows if isinstance(rows, pa.Table) else rows.to_pyarrow())
    held = [rows for rows in held if rows.num_rows]
    if not held:
        return _schema().empty_table()
    return _read(pa.concat_tables(held, promote_options="permissive"), engine)


def _read(raw: pa.Table, engine: Engine) -> pa.Table:
    import ibis

    from finops_cost_management.focus.reading import to_focus

    rows = to_focus(engine.table_of(raw))
    accepted = rows.filter(rows[REFUSED_REASON].isnull())
    extra = {
        name: accepted[name] if name in accepted.columns else ibis.null("string") for name in _EXTRA
    }
    read: pa.Table = accepted.select(*_FOCUS, **extra).to_pyarrow().cast(_schema())
    if refused := raw.num_rows - read.num_rows:
        log.warning("%d of %d allocation rows are not acceptable", refused, raw.num_rows)
    return read


def _schema() -> pa.Schema:
    import pyarrow as pa

    types = {
        "Decimal": pa.decimal128(38, 12),
        "Date/Time": pa.timestamp("us", tz="UTC"),
    }
    return pa.schema(
        [
            *((name, types.get(COST_AND_USAGE[name].type, pa.string())) for name in _FOCUS),
            *((name, pa.string()) for name in _EXTRA),
        ]
    )
