"""Planned changes: what is known of the future, and moves the forecast of any model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from finops_cost_management.query.cost_query import CostMetric, CostQuery
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from finops_cost_management.answers.forecasts import PanelForecast
    from finops_cost_management.pipeline.steps import PlannedChange
    from finops_cost_management.query.cost_query import Condition
    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.query.snapshot import CostSnapshot

    Floats = NDArray[np.float64]

RECENT_DAYS = 28
"""The newest days, which say what part of a series a change is about."""


def apply_planned(
    answer: PanelForecast,
    panel: CostPanel,
    costs: CostSnapshot,
    query: CostQuery,
    changes: Sequence[PlannedChange],
) -> tuple[PanelForecast, list[str]]:
    """Move a forecast by what is planned.

    - A share changes the part of a series that its ``where`` chooses, as that part was in the last
      28 days; bands change with it.
    - An amount a day is spread over the series by what their part costs; bands keep their width.
    - Where a commitment ends, its covered usage costs its contracted (else its list) price, and
      its unused part nothing, a day as in the last 28.

    What began before the forecast does is in the history, and the model's own work; where it ends
    within the forecast, it is taken back from then on.

    Args:
        answer: What a forecaster said.
        panel: What it was asked about.
        costs: The store behind the panel.
        query: The question behind the panel; its window does not matter.
        changes: What is planned, in any order.

    Returns:
        The forecast, and a remark on each change that could not be applied.
    """
    import numpy as np

    if not changes or not len(panel) or not len(panel.dates):
        return answer, []
    recent = _RecentCosts.of(panel, costs, query)
    factor, shift = np.ones_like(answer.mean), np.zeros_like(answer.mean)
    remarks = []
    for change in changes:
        days, ends = _days_of(change, recent.window.end, answer.mean.shape[1])
        if not days.any():
            continue
        try:
            share, amount = _effect(change, recent, ends=ends)
        except _NothingToChangeError as error:
            remarks.append(f"planned: {change} {error}")
            continue
        factor[:, days] *= 1 + share[:, None]
        shift[:, days] += amount[:, None]
    return _moved(answer, factor, shift), remarks


class _NothingToChangeError(Exception):
    """Why a change has no effect, after its name."""


def _days_of(change: PlannedChange, first: date, horizon: int) -> tuple[NDArray[np.bool_], bool]:
    """The days of the forecast that a change is about, and whether it is its end that is."""
    import numpy as np

    begun = change.start < first
    days = np.array([first + timedelta(days=ahead) for ahead in range(horizon)], dtype=object)
    over = days >= change.until if change.until else np.zeros(horizon, dtype=bool)
    return (over if begun else ~over & (days >= change.start)).astype(bool), begun


def _effect(change: PlannedChange, recent: _RecentCosts, *, ends: bool) -> tuple[Floats, Floats]:
    """Per series, the share that its cost changes by, and the amount a day."""
    import numpy as np

    nothing = np.zeros(len(recent.panel))
    if change.commitment_ends is not None:
        extra = recent.without_commitment(change.commitment_ends)
        return nothing, -extra if ends else extra
    part = recent.part(change.where)
    if change.change is None or not part.any():
        raise _NothingToChangeError(f"matches no cost of the last {RECENT_DAYS} days")
    if change.change.share is not None:
        share = float(change.change.share)
        if ends and share == -1:
            raise _NothingToChangeError("took everything: what comes back is not known")
        whole = recent.whole()
        # Of a series that is no cost, credits outweighing it, nobody can say a part.
        parts = np.divide(part, whole, out=nothing.copy(), where=whole > 0)
        return parts * (1 / (1 + share) - 1 if ends else share), nothing
    if len({recent.panel.currencies[row] for row in np.flatnonzero(part)}) > 1:
        raise _NothingToChangeError(
            "is an amount, and its costs have several currencies: add `currency` to its where"
        )
    if part.sum() <= 0:
        raise _NothingToChangeError("matches credits that outweigh the costs")
    a_day = float(change.change.a_day or 0)
    return nothing, part / part.sum() * (-a_day if ends else a_day)


@dataclass(frozen=True, slots=True, eq=False)
class _RecentCosts:
    """What the series of a panel cost in its newest days."""

    panel: CostPanel
    costs: CostSnapshot
    query: CostQuery
    window: DateWindow

    @classmethod
    def of(cls, panel: CostPanel, costs: CostSnapshot, query: CostQuery) -> _RecentCosts:
        days = min(RECENT_DAYS, len(panel.dates))
        window = DateWindow.last(days, until=panel.dates[-1].item() + timedelta(days=1))
        every_day = CostQuery(where=query.where, group_by=query.group_by)
        chosen = costs.with_rows(costs.select(every_day))
        return cls(panel, chosen, replace(query, window=window, where={}, grain=None), window)

    def whole(self) -> Floats:
        """Cost per series."""
        return self.part({})

    def part(self, where: Mapping[str, Condition]) -> Floats:
        """Cost per series of the charges that meet conditions."""
        return self._sums(self.costs, replace(self.query, where=where))

    def without_commitment(self, commitment: str) -> Floats:
        """How much more a day each series would cost without a commitment."""
        import ibis
        import numpy as np

        rows = self.costs.rows.filter(self.costs.rows.CommitmentDiscountId == commitment)
        cost = rows[self.query.cost.column]
        covered = (rows.ChargeCategory == "Usage") & (
            rows.CommitmentDiscountStatus.fill_null("Used") == "Used"
        )
        at_prices = self.query.cost in (CostMetric.CONTRACTED, CostMetric.LIST)
        # Clouds that do not know a price write 0.
        price = ibis.coalesce(rows.ContractedCost.nullif(0), rows.ListCost.nullif(0))
        afterwards = ibis.cases((covered, cost if at_prices else price), else_=0)
        extra = rows.mutate((afterwards - cost).name(self.query.cost.column))
        sums = self._sums(self.costs.with_rows(extra), self.query)
        if not sums.any():
            raise _NothingToChangeError(f"changes no cost of the last {RECENT_DAYS} days")
        known = np.isfinite(self.panel.values[:, -self.window.days :]).sum(axis=1)
        a_day: Floats = np.divide(sums, known, out=np.zeros(len(self.panel)), where=known > 0)
        return a_day

    def _sums(self, costs: CostSnapshot, query: CostQuery) -> Floats:
        import numpy as np

        names = [dimension.name for dimension in query.dimensions]
        answer = {
            (*(row[name] for name in names), row["BillingCurrency"]): row[query.cost.column]
            for row in costs.ask(query).to_pylist()
        }
        series = zip(self.panel.keys, self.panel.currencies, strict=True)
        return np.array(
            [
                float(answer.get((*(key[name] for name in names), currency)) or 0)
                for key, currency in series
            ]
        )


def _moved(answer: PanelForecast, factor: Floats, shift: Floats) -> PanelForecast:
    """Every day times a factor and plus an amount; totals and trend go along."""
    factor = factor.clip(0)  # a part that credits make larger than its series
    mean = answer.mean * factor + shift

    def totals(
        bounds: Mapping[float, Floats], total_bounds: Mapping[float, Floats]
    ) -> dict[float, Floats]:
        return {
            level: _moved_total(answer.mean, bounds[level], total_bounds[level], factor, mean)
            for level in bounds
        }

    return replace(
        answer,
        mean=mean,
        lower={level: bound * factor + shift for level, bound in answer.lower.items()},
        upper={level: bound * factor + shift for level, bound in answer.upper.items()},
        total_lower=totals(answer.lower, answer.total_lower),
        total_upper=totals(answer.upper, answer.total_upper),
        trend=None if answer.trend is None else _moved_trend(answer.trend, factor, shift),
    )


def _moved_total(
    mean: Floats, bound: Floats, total_bound: Floats, factor: Floats, moved: Floats
) -> Floats:
    """The bound of the sum, as much narrower or wider as those of the days became together."""
    import numpy as np

    widths = np.abs(bound - mean)
    before = widths.sum(axis=1)
    ratio = np.divide(
        (widths * factor).sum(axis=1), before, out=np.ones_like(before), where=before > 0
    )
    moved_total: Floats = moved.sum(axis=1) + (total_bound - mean.sum(axis=1)) * ratio
    return moved_total


def _moved_trend(trend: Floats, factor: Floats, shift: Floats) -> Floats:
    import numpy as np

    past = trend.shape[1] - factor.shape[1]
    return np.hstack([trend[:, :past], trend[:, past:] * factor + shift])
