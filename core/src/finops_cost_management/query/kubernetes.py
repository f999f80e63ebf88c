"""What workloads on Kubernetes used, and what it cost: allocation rows, as questions see them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from finops_cost_management.errors import DataError
from finops_cost_management.query.allocations import UNALLOCATED
from finops_cost_management.query.cost_query import midnight
from finops_cost_management.query.dimensions import label_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.window import DateWindow

COMPONENT = "x_KubernetesComponent"
"""The column that only allocation rows have: which part of a container's cost a row is."""

IDLE = "__idle__"
"""The namespace of what nodes cost beyond what is allocated on them."""

OTHER = "other"
"""Components that are not in `PART_OF`."""

PART_OF = {
    "cpu": "cpu_cost",
    "ram": "memory_cost",
    "gpu": "gpu_cost",
    "storage": "storage_cost",
    "network": "network_cost",
    "load_balancer": "load_balancer_cost",
    "shared": "shared_cost",
    "external": "external_cost",
    OTHER: "other_cost",
}
"""Component → the part of a cost that it is; together they are the whole."""

DIMENSIONS = {
    "cluster": "x_KubernetesCluster",
    "namespace": "x_KubernetesNamespace",
    "controller_kind": "x_KubernetesControllerKind",
    "controller": "x_KubernetesController",
    "node": "x_KubernetesNode",
    "pod": "x_KubernetesPod",
    "container": "x_KubernetesContainer",
}
"""What an allocation can be grouped by → the column that says it."""

AMOUNTS = {
    "requested": "x_KubernetesRequested",
    "used": "x_KubernetesUsed",
    "minutes": "x_KubernetesMinutes",
    "peak": "x_KubernetesPeak",
}
"""What a container had and used → the column that says it."""

NO_CURRENCY = "XXX"
"""ISO 4217's word for an amount without one."""

_SPECIAL = "__"

_EXACT = "decimal(38, 12)"


def are_in(rows: ibis.Table) -> bool:
    """Whether a table of costs has allocation rows."""
    if COMPONENT not in rows.columns:
        return False
    some = rows.filter(rows[COMPONENT].notnull()).limit(1)
    return bool(some.count().to_pyarrow().as_py())


@dataclass(frozen=True, slots=True, eq=False)
class Allocations:
    """The allocation rows of some days, wherever they came from.

    Attributes:
        rows: One row per day, container and component: the dimensions, ``component``, ``day``,
            ``cost`` (effective), ``currency``, ``quantity`` (core-hours, GiB-hours), ``requested``
            and ``used`` in the same unit, ``minutes``, ``peak`` and ``tags``.
        window: The days that were asked for.
    """

    rows: ibis.Table
    window: DateWindow

    @classmethod
    def of(cls, rows: ibis.Table, window: DateWindow) -> Allocations:
        """Those among the rows of a bill.

        Args:
            rows: FOCUS rows that have the column `COMPONENT`.
            window: The days.
        """
        rows = rows.filter(
            rows[COMPONENT].notnull(),
            rows.ChargePeriodStart >= midnight(window.start),
            rows.ChargePeriodStart < midnight(window.end),
        )
        return cls(
            rows.select(
                day=rows.ChargePeriodStart.date(),
                component=rows[COMPONENT].isin(list(PART_OF)).ifelse(rows[COMPONENT], OTHER),
                cost=rows.EffectiveCost,
                currency=rows.BillingCurrency.fill_null(NO_CURRENCY),
                quantity=rows.ConsumedQuantity,
                tags=rows.Tags,
                **{name: _text(rows, column) for name, column in DIMENSIONS.items()},
                **{name: _text(rows, column).try_cast(_EXACT) for name, column in AMOUNTS.items()},
            ),
            window,
        )

    def of_cluster(self, name: str) -> Allocations:
        """Those of one cluster."""
        return replace(self, rows=self.rows.filter(self.rows.cluster == name))

    def of_namespace(self, name: str) -> Allocations:
        """Those of one namespace."""
        return replace(self, rows=self.rows.filter(self.rows.namespace == name))

    def clusters(self) -> list[str]:
        """The names of the clusters, in order."""
        return sorted(name for name in _distinct(self.rows.cluster) if name is not None)

    def days(self) -> list[date]:
        """The days that have rows, in order."""
        return sorted(_distinct(self.rows.day))

    def days_missing(self) -> list[date]:
        """The days of the window without a row: nothing is known of them."""
        held = set(self.days())
        return [day for day in self.window.dates() if day not in held]

    def currency(self) -> str | None:
        """The one currency of all rows; None without rows.

        Raises:
            DataError: There are several, which cannot be added.
        """
        held = sorted(_distinct(self.rows.currency))
        if len(held) > 1:
            raise DataError(
                f"the clusters are priced in {', '.join(held)}, which cannot be added",
                hint="ask for one cluster",
            )
        return held[0] if held else None

    def unknown_costs(self) -> int:
        """How many rows do not say what they cost; they are in no sum."""
        return int(self.rows.filter(self.rows.cost.isnull()).count().to_pyarrow().as_py())

    def dimension(self, name: str) -> ir.StringValue:
        """The value of a dimension per row.

        Where a row has none, it is the row's special namespace (``__idle__``, ``__unmounted__``),
        else ``__unallocated__``.
        """
        return self._or_special(self.rows[name])

    def label(self, key: str) -> ir.StringValue:
        """The value of a label per row (`label_text`); special values as in `dimension`."""
        return self._or_special(label_text(self.rows.tags, key))

    def _or_special(self, value: ir.StringValue) -> ir.StringValue:
        namespace = self.rows.namespace
        special = namespace.startswith(_SPECIAL).ifelse(namespace, UNALLOCATED)
        return value.coalesce(special, UNALLOCATED)

    def costs_by(self, **keys: ir.StringValue) -> list[dict[str, Any]]:
        """What each group cost, part by part, in each currency.

        Args:
            **keys: The name of each key → its value per row.

        Returns:
            One row per group and currency: the keys, ``currency``, every part of `PART_OF`
            (0 where the group has none of it), and of CPU and memory ``…_quantity`` (core-hours,
            GiB-hours; null where unknown) and ``…_hours`` (how long there was some).
        """
        rows = self.rows.mutate(**keys) if keys else self.rows
        parts = {
            part: rows.cost.sum(where=rows.component == component).fill_null(0)
            for component, part in PART_OF.items()
        }
        amounts = {}
        for component in ("cpu", "ram"):
            mine = rows.component == component
            amounts[f"{component}_quantity"] = rows.quantity.sum(where=mine)
            amounts[f"{component}_minutes"] = rows.minutes.sum(where=mine)
            amounts[f"{component}_rows"] = mine.sum()
        grouped = rows.group_by([*keys, "currency"]).aggregate(
            **{name: amount.cast(_EXACT) for name, amount in {**parts, **amounts}.items()}
        )
        return list(grouped.order_by([*keys, "currency"]).to_pyarrow().to_pylist())

    def measured(self) -> list[dict[str, Any]]:
        """What each container asked for and used, of CPU and of memory, in sums.

        Idle and other special rows are not among them: no container uses them.

        Returns:
            One row per cluster, namespace, pod, container, component (``cpu``, ``ram``) and
            currency: ``cost``; of the days whose usage is known, ``judged_cost``, ``allocated``,
            ``used``, ``minutes`` and ``days``; of those whose request is known and more than 0 as
            well, ``requested_cost``, ``requested`` and ``used_of_requested``; ``peak``, where all
            days whose usage is known tell it. Null is unknown.
        """
        import ibis

        rows = self.rows
        rows = rows.filter(
            rows.component.isin(["cpu", "ram"]),
            ~rows.namespace.startswith(_SPECIAL).fill_null(False),  # noqa: FBT003 # Ibis takes it by position only
        )
        judged = rows.used.notnull() & (rows.quantity > 0)
        asked = rows.used.notnull() & (rows.requested > 0)
        sums = {
            "cost": rows.cost.sum(),
            "judged_cost": rows.cost.sum(where=judged),
            "allocated": rows.quantity.sum(where=judged),
            "used": rows.used.sum(where=judged),
            "minutes": rows.minutes.sum(where=judged),
            "days": rows.day.nunique(where=judged),
            "requested_cost": rows.cost.sum(where=asked),
            "requested": rows.requested.sum(where=asked),
            "used_of_requested": rows.used.sum(where=asked),
            "peak": (judged & rows.peak.isnull()).any().ifelse(ibis.null(_EXACT), rows.peak.max()),
        }
        keys = ["cluster", "namespace", "pod", "container", "component", "currency"]
        grouped = rows.group_by(keys).aggregate(
            **{name: amount.cast(_EXACT) for name, amount in sums.items()}
        )
        return list(grouped.order_by(keys).to_pyarrow().to_pylist())


def _text(rows: ibis.Table, column: str) -> ir.StringValue:
    import ibis

    return rows[column].cast("string") if column in rows.columns else ibis.null("string")


def _distinct(column: ir.Column) -> Iterable[Any]:
    values: Iterable[Any] = column.as_table().distinct().to_pyarrow()[0].to_pylist()
    return values
