"""Compares what a recommendation claimed with what the bill shows before and after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from finops_cost_management.answers.alternatives import billed_resource, resource_key
from finops_cost_management.answers.ledger import SETTLING_DAYS
from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_cost_management.answers.verification import VerifiedSaving
from finops_cost_management.query.dimensions import NONE
from finops_cost_management.query.lookback import Lookback
from finops_cost_management.query.resource_costs import daily_resource_costs
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from finops_cost_management.answers.ledger import LedgerEntry
    from finops_cost_management.query.snapshot import CostSnapshot

BEFORE_DAYS = 30
"""How many days before the change are averaged."""
LEAST_DAYS, MOST_DAYS = 7, 30
"""How many days after the settling time are averaged."""
REMEMBERED_DAYS = 366
"""How long after a change it is verified."""

_Key = tuple[str, str, str]
"""Provider, currency and key of a resource."""

_CENT = Decimal("0.01")
_NEARLY_ALL = Decimal("0.95")
"""A claim of so much of the cost expects that nothing of it is left."""


def verify(
    entries: Iterable[LedgerEntry], costs: CostSnapshot, until: date
) -> list[VerifiedSaving]:
    """Say of everything that somebody says is done what it saves.

    The cost of a month before the change (the average of the 30 days before it) is compared with
    that after it (at most 30 days from the settling time of 7 days on, at least 7), as far as the
    bill of its provider reaches. What moved the cost otherwise in these days is in the figure,
    too. What several recommendations changed on one resource is counted with the largest claim.

    Args:
        entries: The ledger; what is open is left out.
        costs: The rows of the store.
        until: The first day outside the run's window.

    Returns:
        The latest change first.
    """
    oldest = until - timedelta(days=REMEMBERED_DAYS)
    done = [
        (entry.ended_on, entry)
        for entry in entries
        if entry.ended_on is not None and oldest <= entry.ended_on <= until
    ]
    if not done:
        return []
    done.sort(key=lambda one: (one[0], claim_of(one[1]), one[1].id), reverse=True)
    bill = _Bill(costs, until, [entry for _, entry in done])
    counted: dict[tuple[str, str, str], str] = {}
    verified = []
    for day, entry in done:
        one = bill.verify(entry, day)
        others = [counted[key] for key in _keys(entry) if key in counted]
        if one.realised is not None and others:
            one = replace(one, before=None, after=None, reason=f"counted with {others[0]}")
        elif one.realised is not None:
            counted |= dict.fromkeys(_keys(entry), entry.id)
        verified.append(one)
    return verified


class _Bill:
    """Daily costs of what was changed, and how far the bill of each provider reaches."""

    def __init__(self, costs: CostSnapshot, until: date, entries: Sequence[LedgerEntry]) -> None:
        lookback = Lookback.of(costs, until, REMEMBERED_DAYS + BEFORE_DAYS)
        self._days = {
            provider or NONE: DateWindow(lookback.known_since[provider], window.end)
            for provider, window in lookback.windows.items()
        }
        wanted = {key for entry in entries for _, _, key in (*_keys(entry), *_successors(entry))}
        self._costs = {
            (provider or NONE, currency, key): by_day
            for (provider, currency, key), by_day in daily_resource_costs(
                costs, lookback.select(costs.rows), wanted
            ).items()
        }

    def verify(self, entry: LedgerEntry, day: date) -> VerifiedSaving:
        """What a change of a day saves, or why it cannot be told."""
        told = VerifiedSaving(entry=entry, ended_on=day, claimed=claim_of(entry))
        known = self._days.get(entry.recommendation.provider)
        before = DateWindow.last(BEFORE_DAYS, until=day)
        settled = day + timedelta(days=SETTLING_DAYS)
        if known is None or known.start > before.start:
            return replace(
                told, reason=f"the store does not know the {BEFORE_DAYS} days before the change"
            )
        end = min(known.end, settled + timedelta(days=MOST_DAYS))
        if end < settled + timedelta(days=LEAST_DAYS):
            ready = settled + timedelta(days=LEAST_DAYS)
            return replace(told, reason=f"too early: a bill until {ready} tells")
        after = DateWindow(settled, end)
        if reason := self._why_not(entry, before, after):
            return replace(told, reason=reason)
        successors = _successors(entry)
        return replace(
            told,
            before=self._monthly(_keys(entry), before),
            after=self._monthly([*_keys(entry), *successors], after),
        )

    def _why_not(self, entry: LedgerEntry, before: DateWindow, after: DateWindow) -> str:
        mine, successors = _keys(entry), _successors(entry)
        if not any(self._has(key, before) for key in mine):
            return "its cost is not on the bill under its id"
        for window in (before, after):
            if any(cost is None for key in (*mine, *successors) for cost in self._of(key, window)):
                return "charges without effective cost"
        if not all(self._has(key, after) for key in successors):
            return "what took over is not on the bill under its id"
        vanished = not successors and not any(self._has(key, after) for key in mine)
        if vanished and claim_of(entry) < _NEARLY_ALL * self._monthly(mine, before):
            return (
                "the resource is gone, and the advice was to keep it in another form: name what "
                "took over with `finops recommendations done --replaced-by`"
            )
        return ""

    def _has(self, key: _Key, window: DateWindow) -> bool:
        return bool(self._of(key, window))

    def _of(self, key: _Key, window: DateWindow) -> list[Decimal | None]:
        return [cost for day, cost in self._costs.get(key, {}).items() if day in window]

    def _monthly(self, keys: Iterable[_Key], window: DateWindow) -> Decimal:
        # What has no charge on a day that the bill knows costs nothing on it.
        costs = (cost for key in keys for cost in self._of(key, window) if cost is not None)
        return (sum(costs, Decimal(0)) / window.days * DAYS_A_MONTH).quantize(_CENT)


def claim_of(entry: LedgerEntry) -> Decimal:
    """The saving of a month that was estimated when somebody carried it out."""
    decision = entry.decision
    if decision is not None and decision.claimed is not None:
        return decision.claimed
    return entry.recommendation.estimated_monthly_savings


def _keys(entry: LedgerEntry) -> list[_Key]:
    one = entry.recommendation
    keys = dict.fromkeys(resource_key(billed_resource(part)) for part in one.parts)
    return [(one.provider, one.currency, key) for key in keys]


def _successors(entry: LedgerEntry) -> list[_Key]:
    one = entry.recommendation
    names = entry.decision.replaced_by if entry.decision else ()
    return [(one.provider, one.currency, resource_key(name)) for name in names]
