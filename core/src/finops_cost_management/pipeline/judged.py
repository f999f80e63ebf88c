"""The charges that a detector judges, as series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from finops_cost_management.query.charge_kinds import KIND, OtherCharges, apart, kind_of, with_kinds
from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.query.panel import MODEL_HISTORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finops_cost_management.pipeline.steps import DetectorKeys
    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow


@dataclass(frozen=True, slots=True, eq=False)
class JudgedCharges:
    """The charges that a detector judges.

    Attributes:
        costs: The store, each charge with its kind.
        query: Which charges, and what tells their series apart.
    """

    costs: CostSnapshot
    query: CostQuery

    @classmethod
    def of(cls, costs: CostSnapshot, keys: DetectorKeys, window: DateWindow) -> JudgedCharges:
        """What the keys of a detector ask for."""
        query = CostQuery(window=window, cost=keys.cost, group_by=keys.over, where=keys.where)
        names = {dimension.name for dimension in query.dimensions}
        if keys.other_charges is OtherCharges.LEAVE_OUT:
            query = replace(query, where={**query.where, KIND: None})
        # Series by charge category are apart as it is.
        elif keys.other_charges is OtherCharges.APART and "ChargeCategory" not in names:
            query = replace(query, group_by=(*query.group_by, KIND))
        return cls(costs.with_rows(with_kinds(costs.rows)), query)

    def panel(self) -> CostPanel:
        """The series, with the history that detectors learn from.

        Their keys are FOCUS's columns: those of other charges say their kind.
        """
        panel = self.costs.panel(self.query, history=MODEL_HISTORY)
        return replace(panel, keys=tuple(map(apart, panel.keys))) if self._by_kind else panel

    def key_of(self, dimensions: Mapping[str, str | None]) -> tuple[str | None, ...]:
        """The values by which the query finds the charges of a series again."""
        key = {**dimensions, KIND: kind_of(dimensions)} if self._by_kind else dimensions
        return tuple(key[dimension.name] for dimension in self.query.dimensions)

    @property
    def _by_kind(self) -> bool:
        return KIND in self.query.group_by
