"""From what the checks of a run say to what people are told, and what the ledger keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from finops_cost_management.answers.alternatives import most_useful_first, without_double_count
from finops_cost_management.answers.ledger import enter, open_and_decided
from finops_cost_management.answers.recommendations import RecommendationStatus
from finops_cost_management.savings.reviewing import review
from finops_cost_management.savings.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finops_cost_management.answers.ledger import LedgerEntry
    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.answers.priority import PriorityFormula
    from finops_cost_management.query.snapshot import CostSnapshot


def settle_savings(
    outcome: Outcome,
    costs: CostSnapshot,
    known: Mapping[str, LedgerEntry],
    formula: PriorityFormula,
) -> str:
    """Fill in all that the outcome says of savings, once every check has answered.

    Args:
        outcome: Its ``savings`` are reviewed; its recommendations, ledger and verified savings
            are set.
        costs: The rows of the store.
        known: The ledger as former runs left it.
        formula: How priorities are made.

    Returns:
        What there is to say of it, in one line.
    """
    run = outcome.run
    outcome.savings = review(outcome.savings, costs, run.window.end)
    entries = enter(
        known, outcome.savings, pipeline=run.pipeline, at=run.started, until=run.window.end
    )
    entries = {
        id_: replace(
            entry,
            recommendation=replace(
                entry.recommendation, priority=formula.priority(entry.recommendation)
            ),
        )
        for id_, entry in entries.items()
    }
    waiting, outcome.decided = open_and_decided(entries.values(), run.window.end)
    outcome.recommendations = sorted(without_double_count(waiting, formula), key=most_useful_first)
    outcome.ledger = list(entries.values())
    outcome.verified = verify({**known, **entries}.values(), costs, run.window.end)
    return _told(outcome)


def _told(outcome: Outcome) -> str:
    found = outcome.recommendations
    new = sum(one.status is RecommendationStatus.NEW for one in found)
    gone = sum(entry.gone_on is not None for entry in outcome.ledger)
    told = [f"{len(found):,} open, {new:,} of them new"]
    if outcome.decided:
        told.append(f"{len(outcome.decided):,} decided")
    if gone:
        told.append(f"{gone:,} not found any more")
    return ", ".join(told)
