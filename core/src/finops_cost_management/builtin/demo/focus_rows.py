"""From charges to FOCUS 1.4 rows: what each column says of a charge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.builtin.demo.focus_text import (
    TEXT,
    consumed,
    invoice_detail_id,
    invoice_id,
)
from finops_cost_management.builtin.demo.lines import compact_json
from finops_cost_management.builtin.demo.vocabulary import ALL_DAY, MICRO, micro

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from finops_cost_management.builtin.demo.charges import Integers, MonthOfCharges
    from finops_cost_management.builtin.demo.lines import Line

EPOCH = 719_163
"""1970-01-01 as a day number."""
MICROSECONDS_A_DAY = 86_400_000_000
PERCENT_OF_A_NODE = micro(ALL_DAY) // 100


def focus_table(charges: MonthOfCharges, currency: str) -> pa.Table:
    """Write a month of charges as rows of FOCUS 1.4 Cost and Usage, one per charge and day."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    lines = charges.lines
    times = charges.copies * (charges.quantities != 0)
    # Day by day, as bills are written; a charge that is there twice is two equal rows.
    day, which = (np.repeat(indices, times.T[times.T > 0]) for indices in np.nonzero(times.T))
    quantity = charges.quantities[which, day]

    def text(value: Callable[[Line], str | None]) -> pa.Array:
        return pa.array([value(line) for line in lines], pa.string()).take(pa.array(which))

    def of_line(value: Callable[[Line], int]) -> Integers:
        return np.array([value(line) for line in lines], dtype=np.int64)[which]

    def only(column: pa.Array, applies: Callable[[Line], bool]) -> pa.Array:
        mask = np.array([applies(line) for line in lines])[which]
        return pc.if_else(pa.array(mask), column, pa.scalar(None, column.type))

    list_price = only(_decimal(of_line(lambda line: line.list_price)), _has_price)
    contracted_price = only(_decimal(of_line(lambda line: line.contracted_price)), _has_price)
    effective = _money(quantity * of_line(lambda line: line.effective_price))
    start = charges.days[day] - of_line(lambda line: line.days_back)
    end = np.where(of_line(lambda line: line.spans_month), charges.month.end, start + 1)
    committed = quantity * of_line(_commitment_weight) // MICRO
    used = quantity * of_line(lambda line: consumed(line)[1])
    same = np.zeros_like(quantity)
    columns: dict[str, pa.Array] = {
        **{name: text(value) for name, value in TEXT.items()},
        "BillingCurrency": text(lambda _: currency),
        "PricingCurrency": text(lambda _: currency),
        "InvoiceId": text(lambda line: invoice_id(line, charges.month)),
        "InvoiceDetailId": text(lambda line: invoice_detail_id(line, charges.month)),
        "AllocatedMethodDetails": only(
            pa.array(_SHARES, pa.string()).take(
                pa.array(np.clip(quantity // PERCENT_OF_A_NODE, 0, 100))
            ),
            lambda line: line.workload is not None,
        ),
        "BillingPeriodStart": _instant(same + charges.month.first_day),
        "BillingPeriodEnd": _instant(same + charges.month.end),
        "ChargePeriodStart": _instant(start),
        "ChargePeriodEnd": _instant(end),
        "ListCost": _money(quantity * of_line(lambda line: line.list_price)),
        "ContractedCost": _money(quantity * of_line(lambda line: line.contracted_price)),
        "BilledCost": _money(quantity * of_line(lambda line: line.billed_price)),
        "EffectiveCost": effective,
        "ListUnitPrice": list_price,
        "ContractedUnitPrice": contracted_price,
        "PricingCurrencyListUnitPrice": list_price,
        "PricingCurrencyContractedUnitPrice": contracted_price,
        "PricingCurrencyEffectiveCost": effective,
        "PricingQuantity": only(_decimal(quantity), _has_price),
        "ConsumedQuantity": only(_decimal(used), lambda line: consumed(line)[1] > 0),
        "CommitmentDiscountQuantity": only(
            _decimal(committed), lambda line: line.discount is not None
        ),
    }
    return pa.table({name: columns[name] for name in sorted(columns)})


def _decimal(millionths: Integers) -> pa.Array:
    """Millionths as exact decimals."""
    import pyarrow as pa
    import pyarrow.compute as pc

    one = pa.scalar("0.000001").cast(pa.decimal128(7, 6))
    whole = pa.array(millionths).cast(pa.decimal128(19, 0))
    return pc.multiply(whole, one).cast(pa.decimal128(38, 12))


def _money(units: Integers) -> pa.Array:
    """Numbers of 1e-12 as exact decimals: the same 128 bits, read with twelve places."""
    import numpy as np
    import pyarrow as pa

    words = np.empty((len(units), 2), dtype="<i8")
    words[:, 0] = units
    words[:, 1] = units >> 63
    buffers = [None, pa.py_buffer(words.tobytes())]
    return pa.Array.from_buffers(pa.decimal128(38, 12), len(units), buffers)


def _instant(days: Integers) -> pa.Array:
    """The midnights in which days start."""
    import pyarrow as pa

    return pa.array((days - EPOCH) * MICROSECONDS_A_DAY).cast(pa.timestamp("us", tz="UTC"))


def _has_price(line: Line) -> bool:
    return line.price is not None


def _commitment_weight(line: Line) -> int:
    """How much of its commitment one unit of a charge stands for, in millionths."""
    return line.weight if line.status == "Used" else MICRO


def _share(percent: int) -> str:
    """How a workload's part of its node is told: the ratio, and the cores asked for."""
    element = {"AllocatedRatio": percent / 100, "UsageUnit": "CPU", "UsageQuantity": percent / 25}
    return compact_json({"Elements": [element]})


_SHARES: Sequence[str] = [_share(percent) for percent in range(101)]
