"""From the outcome of a run to what one notifier is asked to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.answers.anomalies import AnomalySeverity
from finops_cost_management.answers.digest import Digest

if TYPE_CHECKING:
    from finops_cost_management.answers.outcome import Outcome


def digest_for(outcome: Outcome, *, severity: AnomalySeverity = AnomalySeverity.LOW) -> Digest:
    """Everything of at least a severity; savings and forecasts matter least.

    Args:
        outcome: The results of a run so far.
        severity: The lowest that is told.
    """
    everything = severity is AnomalySeverity.LOW
    return Digest(
        run=outcome.run,
        costs=outcome.costs,
        anomalies=tuple(
            anomaly for anomaly in outcome.anomalies if anomaly.severity.rank >= severity.rank
        ),
        forecasts=tuple(outcome.forecasts) if everything else (),
        recommendations=tuple(outcome.recommendations) if everything else (),
        coverage={check: answer.coverage for check, answer in outcome.savings.items()},
        budgets=tuple(
            sorted(
                (
                    budget
                    for budget in outcome.budgets
                    if budget.status.severity.rank >= severity.rank
                ),
                key=lambda budget: -budget.status.severity.rank,
            )
        ),
        files=tuple(outcome.files),
        steps=tuple(outcome.steps),
    )
