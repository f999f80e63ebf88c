"""The units that an ingest replaces: a billing month, or a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.store.delivery import Grain

_FORMATS: dict[Grain, str] = {"month": "%Y-%m", "day": "%Y-%m-%d"}
_HALF_A_DAY = timedelta(hours=12)


def unit_of(rows: ibis.Table, grain: Grain) -> ir.StringValue:
    """The unit of each row, as text: ``2026-05``, or ``2026-05-23`` by the day of the charge.

    A billing month is told by its start, give or take half a day: providers whose months do not
    begin at midnight UTC (Google Cloud's begin in Pacific time) still land in the right one.
    """
    start = rows.ChargePeriodStart if grain == "day" else rows.BillingPeriodStart + _HALF_A_DAY
    return start.strftime(_FORMATS[grain])


def units_of(rows: ibis.Table, grain: Grain) -> set[str]:
    """The units that rows touch."""
    start = "ChargePeriodStart" if grain == "day" else "BillingPeriodStart"
    # Few instants for many rows: each is written as text once.
    starts = rows.select(start).distinct()
    return set(
        starts.select(unit=unit_of(starts, grain)).distinct().to_pyarrow()["unit"].to_pylist()
    )


def within(rows: ibis.Table, unit: str, grain: Grain) -> ir.BooleanValue:
    """Whether a row belongs to a unit: a range, so that Parquet's statistics can skip the rest."""
    import ibis

    start = datetime.strptime(unit, _FORMATS[grain]).replace(tzinfo=UTC)
    if grain == "day":
        column, end = rows.ChargePeriodStart, start + timedelta(days=1)
    else:
        column = rows.BillingPeriodStart
        end = (start + timedelta(days=32)).replace(day=1) - _HALF_A_DAY
        start -= _HALF_A_DAY
    instant = "timestamp('UTC')"
    return (column >= ibis.literal(start, type=instant)) & (
        column < ibis.literal(end, type=instant)
    )
