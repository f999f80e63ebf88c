"""A question about costs, as data, and the Ibis expression that answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from finops_cost_management.errors import ConfigurationError
from finops_cost_management.query.allocations import (
    ROWS,
    UNKNOWN_ROWS,
    split_nodes,
    summed_by_node,
)
from finops_cost_management.query.dimensions import (
    PART_COLUMNS,
    Dimension,
    parse_all,
    under_own_names,
)

if TYPE_CHECKING:
    from datetime import date

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.window import DateWindow

Grain = Literal["daily", "weekly", "monthly"]
_TRUNCATE: Mapping[Grain, Literal["W", "M"]] = {"weekly": "W", "monthly": "M"}


class CostMetric(StrEnum):
    """Which of FOCUS's four costs is asked for."""

    BILLED = "billed"
    EFFECTIVE = "effective"
    LIST = "list"
    CONTRACTED = "contracted"

    @property
    def column(self) -> str:
        """The FOCUS column."""
        return f"{self.value.capitalize()}Cost"


Condition = str | None | Sequence[str | None] | Mapping[Literal["not"], "Condition"]
"""A value, None for rows without one, several of them, or ``{"not": …}``."""


def _matches(value: ir.StringValue, condition: Condition) -> ir.BooleanValue:
    if isinstance(condition, Mapping):
        if set(condition) != {"not"}:
            raise ConfigurationError(
                f"{dict(condition)} is not a condition", hint="only {not: …} is understood"
            )
        # Null is neither equal nor unequal in SQL: what is turned round must be true or false.
        return ~_matches(value, condition["not"]).fill_null(False)  # noqa: FBT003 # Ibis takes it by position only
    wanted = [condition] if condition is None or isinstance(condition, str) else list(condition)
    present = [item for item in wanted if item is not None]
    # Plain, so that Parquet's statistics can skip what does not match.
    match = value.isin(present)
    return match | value.isnull() if None in wanted else match


@dataclass(frozen=True, slots=True, kw_only=True)
class CostQuery:
    """A question about costs.

    A charge belongs to the UTC day on which its charge period starts: a monthly fee stands on
    the first of its month, as it does on the bill.

    Attributes:
        window: Days asked for; None for all.
        cost: Which cost is summed.
        group_by: Dimensions, as people write them (`Dimension.parse`).
        where: Dimension → condition; all must hold.
        grain: Split by day, week (from Monday) or month; None for one sum.
    """

    window: DateWindow | None = None
    cost: CostMetric = CostMetric.EFFECTIVE
    group_by: tuple[str, ...] = ()
    where: Mapping[str, Condition] = field(default_factory=dict)
    grain: Grain | None = None

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The parsed dimensions of `group_by`."""
        return parse_all(self.group_by)

    @property
    def part_columns(self) -> tuple[str, ...]:
        """Which of `PART_COLUMNS` it asks for: where there are any, nodes are split for it."""
        asked = parse_all((*self.group_by, *self.where))
        return tuple(name for name in PART_COLUMNS if any(name in one.columns for one in asked))

    def select(self, rows: ibis.Table) -> ibis.Table:
        """The rows that the question is about."""
        rows = self.during(rows)
        predicates = [
            _matches(Dimension.parse(name).of(rows), condition)
            for name, condition in self.where.items()
        ]
        return rows.filter(predicates) if predicates else rows

    def during(self, rows: ibis.Table) -> ibis.Table:
        """The rows of its window, whatever else it asks."""
        if self.window is None:
            return rows
        start = rows.ChargePeriodStart
        return rows.filter(start >= midnight(self.window.start), start < midnight(self.window.end))

    def in_parts(self, rows: ibis.Table, allocations: ibis.Table) -> ibis.Table:
        """The rows that the question is about, those of nodes in parts (`split_nodes`).

        Parts are told apart by what it asks for alone.
        """
        parts = split_nodes(self.during(rows), self.during(allocations), self.part_columns)
        return self.select(parts)

    def expression_in_parts(self, rows: ibis.Table, allocations: ibis.Table) -> ibis.Table:
        """The answer (`expression`) of charges that are split for it.

        They are summed up before: a node has a charge for each hour and meter, and each of them
        as many parts as there are workloads.
        """
        of_parts = {
            name: condition
            for name, condition in self.where.items()
            if replace(self, group_by=(), where={name: condition}).part_columns
        }
        of_charges = {name: self.where[name] for name in self.where if name not in of_parts}
        asked = parse_all((*self.group_by, *of_parts))
        columns = [name for one in asked for name in one.columns]
        charges = summed_by_node(
            replace(self, where=of_charges).select(rows),
            [*columns, "BillingCurrency"],
            self.cost.column,
        )
        parts = split_nodes(charges, self.during(allocations), self.part_columns)
        return replace(self, where=of_parts).expression(parts)

    def expression(self, rows: ibis.Table) -> ibis.Table:
        """The answer: one row per period, group and currency.

        Columns: ``Period`` (a date, where a grain is asked), one per dimension,
        ``BillingCurrency``, the cost (decimal), ``Rows``, and ``UnknownRows``: how many rows do
        not say this cost, so that the sum is not mistaken for the whole.
        """
        rows = self.select(rows)
        keys: list[ir.Value] = []
        if self.grain is not None:
            # The day first: truncating an instant takes three times as long, for its time zone.
            day = rows.ChargePeriodStart.date()
            if self.grain != "daily":
                day = day.truncate(_TRUNCATE[self.grain]).cast("date")
            keys.append(day.name("Period"))
        keys += [dimension.of(rows) for dimension in self.dimensions]
        if "BillingCurrency" not in {key.get_name() for key in keys}:
            keys.append(rows.BillingCurrency)
        columns, names = under_own_names(keys)
        # Few columns from here on: Ibis takes its time over each that an expression carries.
        summed = [name for name in (ROWS, UNKNOWN_ROWS) if name in rows.columns]
        charges = rows.select(
            *columns, rows[self.cost.column].name("cost"), *(rows[name] for name in summed)
        )
        cost = charges["cost"]
        count, unknown = (
            [charges[name].sum().cast("int64") for name in summed]
            if summed
            else [charges.count(), cost.isnull().sum().fill_null(0)]
        )
        answer = charges.group_by(list(names.values())).aggregate(
            cost.sum().cast("decimal(38, 12)").name(self.cost.column),
            count.name("Rows"),
            unknown.name("UnknownRows"),
        )
        # Renamed last of all: Ibis writes that into the outermost SELECT, where nothing is looked
        # up by name any more.
        return answer.order_by(list(names.values())).rename(names)


def midnight(day: date) -> ir.TimestampScalar:
    """The instant in which a day starts, UTC."""
    import ibis

    return ibis.literal(f"{day}T00:00:00+00:00", type="timestamp('UTC')")
