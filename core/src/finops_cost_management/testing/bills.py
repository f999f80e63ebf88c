"""Bills of a few charges, in a real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finops_cost_management.focus.columns import COST_AND_USAGE
from finops_cost_management.query.snapshot import CostSnapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

    from finops_cost_management.engine import Engine


def bill_snapshot(engine: Engine, charges: Iterable[Mapping[str, Any]]) -> CostSnapshot:
    """A store that holds these charges and nothing else.

    Args:
        engine: The engine that answers.
        charges: FOCUS column → value each; a column that is left out is null. Columns with
            ``x_`` in front are text.
    """
    import pyarrow as pa

    rows = [dict(charge) for charge in charges]
    extra = {name for row in rows for name in row if name.startswith("x_")} | {"x_Source"}
    schema = pa.schema(
        [
            *((name, _arrow_type(column.type)) for name, column in COST_AND_USAGE.items()),
            *((name, pa.string()) for name in sorted(extra)),
        ]
    )
    table = pa.Table.from_pylist(rows, schema=schema)
    return CostSnapshot.of_rows(engine.table_of(table), engine, version=1)


def _arrow_type(column_type: str) -> pa.DataType:
    import pyarrow as pa

    if column_type == "Decimal":
        return pa.decimal128(38, 12)
    return pa.timestamp("us", "UTC") if column_type == "Date/Time" else pa.string()
