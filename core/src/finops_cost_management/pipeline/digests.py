"""From the outcome of a run to what one notifier is asked to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.answers.anomalies import AnomalySeverity
from finops_cost_management.answers.digest import Digest
from finops_cost_management.answers.policies import PolicyStatus
from finops_cost_management.answers.verification import records_of

if TYPE_CHECKING:
    from finops_cost_management.answers.outcome import Outcome


def digest_for(outcome: Outcome, *, severity: AnomalySeverity = AnomalySeverity.LOW) -> Digest:
    """Everything of at least a severity; savings and forecasts matter least.

    Args:
        outcome: The results of a run so far.
        severity: The lowest that is told.
    """
    told = severity is AnomalySeverity.LOW
    anomalies = [one for one in outcome.anomalies if one.severity.rank >= severity.rank]
    budgets = [one for one in outcome.budgets if one.status.severity.rank >= severity.rank]
    broken = [one for one in outcome.policies if one.status is not PolicyStatus.PASSED]
    policies = [one for one in broken if one.severity.rank >= severity.rank]
    left_out = {
        "detectors": len(outcome.anomalies) - len(anomalies),
        "forecasters": 0 if told else len(outcome.forecasts),
        "optimizers": 0 if told else len(outcome.recommendations),
        "budgets": len(outcome.budgets) - len(budgets),
        "policies": len(broken) - len(policies),
    }
    return Digest(
        run=outcome.run,
        costs=outcome.costs,
        anomalies=tuple(anomalies),
        forecasts=tuple(outcome.forecasts) if told else (),
        recommendations=tuple(outcome.recommendations) if told else (),
        coverage={check: answer.coverage for check, answer in outcome.savings.items()},
        budgets=tuple(sorted(budgets, key=lambda budget: -budget.status.severity.rank)),
        files=tuple(outcome.files),
        steps=tuple(outcome.steps),
        left_out={section: count for section, count in left_out.items() if count},
        known_anomalies=len(outcome.known_anomalies),
        decided=len(outcome.decided),
        policies=tuple(
            sorted(policies, key=lambda one: (one.status.value, -one.severity.rank, one.policy))
        ),
        verified=tuple(records_of(outcome.verified)),
    )
