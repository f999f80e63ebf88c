"""Asks the store what explains anomalies: one query for all of a detector's."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import reduce
from itertools import groupby
from typing import TYPE_CHECKING, Any

from finops_cost_management.answers.drivers import (
    MOST_VALUES,
    SANE_SCALE,
    Breakdown,
    Part,
    drivers_of,
)
from finops_cost_management.errors import PluginError
from finops_cost_management.query.dimensions import parse_all
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    import ibis
    import ibis.expr.types as ir
    import pyarrow as pa

    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.pipeline.judged import JudgedCharges
    from finops_cost_management.query.dimensions import Dimension
    from finops_cost_management.query.panel import CostPanel

    Weights = Mapping[date, int]
    """Reference day → how often it counts, in parts of `_WHOLE`."""

WEEKS = 4
"""The weeks before an anomaly that its days are compared with."""

_WHOLE = 420
"""A day that counts once. The mean of up to seven days has weights in whole numbers."""

_DAY = timedelta(days=1)


def explain(
    anomalies: Sequence[Anomaly],
    judged: JudgedCharges,
    panel: CostPanel,
    dimensions: Iterable[str],
) -> list[Anomaly]:
    """The same anomalies with their drivers.

    Each day of an anomaly is compared with the same weekdays of the four weeks before its first
    day, as far as the panel knows them.

    Args:
        anomalies: Of the panel.
        judged: The charges behind the panel.
        panel: What the detector was asked about.
        dimensions: What to break the difference down by; those that tell the series apart already
            say nothing new, and are left out.

    Raises:
        ConfigurationError: The store has no such dimension.
        PluginError: An anomaly is of no series of the panel.
    """
    kept = [one for one in parse_all(dimensions) if one not in judged.query.dimensions]
    if not anomalies or not kept:
        return list(anomalies)
    answer = _differences(anomalies, _reference_days(anomalies, panel), judged, kept)
    rows = sorted(
        answer.to_pyarrow().to_pylist(),
        key=lambda row: (row["anomaly"], row["dimension"], row["rank"]),
    )
    breakdowns: defaultdict[int, list[Breakdown]] = defaultdict(list)
    for (number, place), parts in groupby(rows, lambda row: (row["anomaly"], row["dimension"])):
        breakdowns[number].append(_breakdown(kept[place].name, list(parts)))
    return [
        replace(anomaly, drivers=drivers_of(anomaly, breakdowns[number]))
        for number, anomaly in enumerate(anomalies)
    ]


def _breakdown(dimension: str, rows: Sequence[Mapping[str, Any]]) -> Breakdown:
    def cost(row: Mapping[str, Any], name: str) -> Decimal:
        return row[name] or Decimal(0)

    return Breakdown(
        dimension=dimension,
        parts=[
            Part(
                value=row["value"],
                actual=cost(row, "actual"),
                reference=cost(row, "reference") / _WHOLE,
            )
            for row in rows
        ],
        values=rows[0]["values"],
        actual=cost(rows[0], "all_actual"),
        reference=cost(rows[0], "all_reference") / _WHOLE,
    )


def _reference_days(anomalies: Sequence[Anomaly], panel: CostPanel) -> list[Weights]:
    import numpy as np

    rows = {
        (frozenset(key.items()), currency): row
        for row, (key, currency) in enumerate(zip(panel.keys, panel.currencies, strict=True))
    }
    days = []
    for anomaly in anomalies:
        row = rows.get((frozenset(anomaly.dimensions.items()), anomaly.currency))
        if row is None:
            raise PluginError(
                f"it tells {anomaly.label} in {anomaly.currency}, which is no series of its panel",
                hint="report it to who made the detector",
            )
        known = set(panel.dates[~np.isnan(panel.values[row])].tolist())
        before = [anomaly.date - back * _DAY for back in range(1, WEEKS * 7 + 1)]
        days.append(_weights(anomaly, [day for day in before if day in known]))
    return days


def _weights(anomaly: Anomaly, before: Sequence[date]) -> Weights:
    wanted = Counter((anomaly.date + number * _DAY).weekday() for number in range(anomaly.days))
    known = Counter(day.weekday() for day in before)
    return {
        day: wanted[day.weekday()] * _WHOLE // known[day.weekday()]
        for day in before
        if day.weekday() in wanted
    } or {  # None of its weekdays is known: the mean of all days is the next best.
        day: anomaly.days * _WHOLE // len(before) for day in before
    }


def _differences(
    anomalies: Sequence[Anomaly],
    references: Sequence[Weights],
    judged: JudgedCharges,
    dimensions: Sequence[Dimension],
) -> ibis.Table:
    """The values that differ most, with the sums of all: a few rows per anomaly and dimension."""
    import ibis

    parts = _parts(anomalies, references, judged, dimensions)
    alike = ibis.window(group_by=[parts.anomaly, parts.dimension])
    parts = parts.mutate(
        values=parts.count().over(alike),
        all_actual=_money(parts.actual.sum().over(alike)),
        all_reference=_money(parts.reference.sum().over(alike)),
    )
    # As `drivers_of` has it, but in floats: this only chooses which values are worth a look.
    reference = parts.reference.cast("float64") / _WHOLE
    scale = parts.expected / (parts.all_reference.cast("float64") / _WHOLE).nullif(0)
    scale = scale.between(*SANE_SCALE).ifelse(scale, 1.0).fill_null(1.0)
    difference = (parts.actual.cast("float64").fill_null(0) - scale * reference.fill_null(0)).abs()
    largest_first = ibis.window(
        group_by=[parts.anomaly, parts.dimension],
        order_by=[difference.desc(), parts.value.asc(nulls_first=False)],
    )
    ranked = parts.mutate(rank=ibis.row_number().over(largest_first))
    return ranked.filter(ranked["rank"] < MOST_VALUES)


def _parts(
    anomalies: Sequence[Anomaly],
    references: Sequence[Weights],
    judged: JudgedCharges,
    dimensions: Sequence[Dimension],
) -> ibis.Table:
    """One row per anomaly, dimension and value: its actual and, in `_WHOLE`, reference cost."""
    import ibis

    days = judged.costs.engine.table_of(_days(anomalies, references, judged))
    charges = _charges(anomalies, judged, dimensions)
    joined = charges.inner_join(
        days,
        [
            charges.day == days.day,
            charges.currency == days.currency,
            # A series without a value has null for it, which SQL holds for unlike itself.
            *(charges[name].identical_to(days[name]) for name in _key_names(judged)),
        ],
    )
    values = [f"value_{place}" for place in range(len(dimensions))]
    finest = joined.group_by("anomaly", "expected", *values).aggregate(
        actual=_money(joined.cost.sum(where=joined.weight == 0)),
        reference=_money((joined.cost * joined.weight).sum()),
    )
    by_dimension = [
        finest.group_by(anomaly=finest.anomaly, expected=finest.expected, value=finest[name])
        .aggregate(actual=_money(finest.actual.sum()), reference=_money(finest.reference.sum()))
        .mutate(dimension=ibis.literal(place, "int64"))
        for place, name in enumerate(values)
    ]
    return reduce(lambda one, other: one.union(other), by_dimension)


def _charges(
    anomalies: Sequence[Anomaly], judged: JudgedCharges, dimensions: Sequence[Dimension]
) -> ibis.Table:
    """The judged charges around the anomalies, with their day and short names for the rest."""
    first = min(anomaly.date for anomaly in anomalies) - 7 * WEEKS * _DAY
    last = max(anomaly.last_date for anomaly in anomalies)
    around = replace(
        judged.query,
        window=DateWindow(first, last + _DAY),
        group_by=(*judged.query.group_by, *(one.name for one in dimensions)),
    )
    rows = judged.costs.select(around)
    columns: dict[str, ir.Value] = {
        "day": rows.ChargePeriodStart.date(),
        "currency": rows.BillingCurrency,
        "cost": rows[judged.query.cost.column],
    }
    keys = [dimension.of(rows) for dimension in judged.query.dimensions]
    columns |= dict(zip(_key_names(judged), keys, strict=True))
    columns |= {f"value_{place}": one.of(rows) for place, one in enumerate(dimensions)}
    return rows.select(**columns)


def _days(
    anomalies: Sequence[Anomaly], references: Sequence[Weights], judged: JudgedCharges
) -> pa.Table:
    """The days to be summed up: those of the anomalies (weight 0), and what they are held to."""
    import pyarrow as pa

    names = _key_names(judged)
    schema = pa.schema(
        [
            ("anomaly", pa.int64()),
            ("day", pa.date32()),
            ("weight", pa.int64()),
            ("currency", pa.string()),
            ("expected", pa.float64()),
            *((name, pa.string()) for name in names),
        ]
    )

    def rows() -> Iterator[dict[str, Any]]:
        for number, (anomaly, weights) in enumerate(zip(anomalies, references, strict=True)):
            whole = {
                "anomaly": number,
                "currency": anomaly.currency,
                "expected": float(anomaly.expected_cost),
                **dict(zip(names, judged.key_of(anomaly.dimensions), strict=True)),
            }
            for offset in range(anomaly.days):
                yield {**whole, "day": anomaly.date + offset * _DAY, "weight": 0}
            for day, weight in weights.items():
                yield {**whole, "day": day, "weight": weight}

    return pa.Table.from_pylist(list(rows()), schema=schema)


def _key_names(judged: JudgedCharges) -> list[str]:
    return [f"key_{place}" for place in range(len(judged.query.dimensions))]


def _money(cost: ir.NumericValue) -> ir.NumericValue:
    return cost.cast("decimal(38, 12)")
