"""Allocation rows that come from a source and are in no store."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from finops_cost_management.focus.columns import COST_AND_USAGE
from finops_cost_management.focus.header import REFUSED_REASON
from finops_cost_management.query.kubernetes import AMOUNTS, COMPONENT, DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from finops_cost_management.engine import Engine
    from finops_cost_management.store.delivery import Delivery

log = logging.getLogger(__name__)

_FOCUS = ("ChargePeriodStart", "EffectiveCost", "BillingCurrency", "ConsumedQuantity", "Tags")
_AT_ONCE = 100_000
"""So many rows are read together: few enough to fit, enough to be quick."""
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

    found = [_schema().empty_table()]
    held: list[pa.Table] = []
    for delivery in deliveries:
        rows = delivery.read(engine)
        held.append(rows if isinstance(rows, pa.Table) else rows.to_pyarrow())
        if sum(one.num_rows for one in held) >= _AT_ONCE:
            found.append(_read(held, engine))
            held = []
    if any(one.num_rows for one in held):
        found.append(_read(held, engine))
    return pa.concat_tables(found)


def _read(held: Sequence[pa.Table], engine: Engine) -> pa.Table:
    import ibis
    import pyarrow as pa

    from finops_cost_management.focus.reading import to_focus

    raw = pa.concat_tables(held, promote_options="permissive")
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
