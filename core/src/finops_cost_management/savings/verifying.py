"""Compares what a recommendation claimed with what the bill shows before and after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from finops_cost_management.answers.ledger import SETTLING_DAYS
from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_cost_management.answers.verification import VerifiedSaving
from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.query.dimensions import NONE
from finops_cost_management.query.resource_costs import resource_costs
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from finops_cost_management.answers.ledger import LedgerEntry
    from finops_cost_management.query.snapshot import CostSnapshot

BEFORE_DAYS = 30
"""How many days before the change are averaged."""
LEAST_DAYS, MOST_DAYS = 7, 30
"""How many days after the settling time are averaged."""
REMEMBERED_DAYS = 366
"""How long after a change it is verified."""

_Costs = dict[tuple[str, str, str], Decimal | None]
"""Provider, currency and resource → cost of a month."""

_CENT = Decimal("0.01")
_NEARLY_ALL = Decimal("0.95")
"""A claim of so much of the cost expects that nothing of it is left."""


def verify(
    entries: Iterable[LedgerEntry], costs: CostSnapshot, until: date
) -> list[VerifiedSaving]:
    """Say of everything that is done or gone what it saves.

    The cost of a month before the change (the average of the 30 days before it) is compared with
    that after it (at most 30 days from the settling time of 7 days on, at least 7). What moved
    the cost otherwise in these days is in the figure, too.

    Args:
        entries: The ledger; what is open is left out.
        costs: The rows of the store.
        until: The first day outside the run's window.

    Returns:
        The latest change first.
    """
    oldest = until - timedelta(days=REMEMBERED_DAYS)
    ended: dict[date, list[LedgerEntry]] = {}
    for entry in entries:
        if entry.ended_on is not None and oldest <= entry.ended_on <= until:
            ended.setdefault(entry.ended_on, []).append(entry)
    if not ended:
        return []
    bill = _Bill(costs, until)
    return [one for day in sorted(ended, reverse=True) for one in bill.verify_all(day, ended[day])]


@dataclass(frozen=True, slots=True)
class _Days:
    """The days before and after a change; None where the bill does not reach so far."""

    before: DateWindow
    after: DateWindow | None
    reason: str = ""


class _Bill:
    """What the store knows from its first day to its last."""

    def __init__(self, costs: CostSnapshot, until: date) -> None:
        self._costs = costs
        days = costs.rows.ChargePeriodStart.date()
        held = costs.rows.aggregate(first=days.min(), last=days.max())
        row = held.to_pyarrow().to_pylist()[0]
        self._first: date | None = row["first"]
        self._end = min(until, row["last"] + timedelta(days=1)) if row["last"] else until

    def verify_all(self, day: date, entries: Collection[LedgerEntry]) -> Iterable[VerifiedSaving]:
        """All that ended on one day: two questions to the store."""
        days = self._around(day)
        if days.after is None:
            for entry in entries:
                claimed = entry.recommendation.estimated_monthly_savings
                yield VerifiedSaving(entry=entry, ended_on=day, claimed=claimed, reason=days.reason)
            return
        ids = {resource for entry in entries for resource in entry.recommendation.parts}
        ids |= {new for entry in entries for new in _replaced_by(entry)}
        before = self._monthly(days.before, ids)
        after = self._monthly(days.after, ids)
        for entry in entries:
            yield _verified(entry, day, before, after)

    def _around(self, day: date) -> _Days:
        before = DateWindow.last(BEFORE_DAYS, until=day)
        settled = day + timedelta(days=SETTLING_DAYS)
        end = min(self._end, settled + timedelta(days=MOST_DAYS))
        if self._first is None or self._first > before.start:
            return _Days(before, None, f"the store does not know the {BEFORE_DAYS} days before")
        if end < settled + timedelta(days=LEAST_DAYS):
            ready = settled + timedelta(days=LEAST_DAYS)
            return _Days(before, None, f"too early: the bill tells from {ready} on")
        return _Days(before, DateWindow(settled, end))

    def _monthly(self, window: DateWindow, ids: Collection[str]) -> _Costs:
        rows = CostQuery(window=window).select(self._costs.rows)
        return {
            (provider or NONE, currency, resource): None
            if cost is None
            else cost / window.days * DAYS_A_MONTH
            for (provider, currency, resource), cost in resource_costs(
                self._costs, rows, ids
            ).items()
        }


def _verified(entry: LedgerEntry, day: date, before: _Costs, after: _Costs) -> VerifiedSaving:
    one = entry.recommendation
    mine = [(one.provider, one.currency, resource) for resource in one.parts]
    successors = [(one.provider, one.currency, new) for new in _replaced_by(entry)]
    told = VerifiedSaving(entry=entry, ended_on=day, claimed=one.estimated_monthly_savings)
    # What has no charge any more costs nothing any more.
    costs_before = [before.get(key, Decimal(0)) for key in mine]
    costs_after = [after.get(key, Decimal(0)) for key in (*mine, *successors)]
    reason = ""
    if not any(key in before for key in mine):
        reason = "its cost is not on the bill under its id"
    elif None in costs_before or None in costs_after:
        reason = "charges without effective cost"
    elif any(key not in after for key in successors):
        reason = "what took over is not on the bill under its id"
    elif (
        not successors
        and not any(key in after for key in mine)
        and told.claimed < _NEARLY_ALL * _sum(costs_before)
    ):
        reason = (
            "the resource is gone, and the advice was to keep it in another form: name what took "
            "over with `finops recommendations done --replaced-by`"
        )
    if reason:
        return replace(told, reason=reason)
    return replace(told, before=_sum(costs_before), after=_sum(costs_after))


def _replaced_by(entry: LedgerEntry) -> tuple[str, ...]:
    return entry.decision.replaced_by if entry.decision else ()


def _sum(costs: Iterable[Decimal | None]) -> Decimal:
    return sum((cost for cost in costs if cost is not None), Decimal(0)).quantize(_CENT)
