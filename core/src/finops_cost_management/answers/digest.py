"""What notifiers deliver: one message for a run, not one per finding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.answers.budgets import BudgetReport
    from finops_cost_management.answers.forecasts import Forecast
    from finops_cost_management.answers.outcome import RunInfo, StepRecord
    from finops_cost_management.answers.policies import PolicyReport
    from finops_cost_management.answers.recommendations import Recommendation
    from finops_cost_management.answers.verification import CheckRecord
    from finops_cost_management.query.costs_summary import CostsSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """All that one notifier is asked to tell, after its ``when`` was applied.

    Attributes:
        run: Which run it is about.
        costs: Totals of the window; None where the store is empty.
        anomalies: Most severe first.
        forecasts: One per forecaster, series and currency.
        recommendations: Largest saving first.
        coverage: Check → what it looked at, in one sentence.
        verified: What the advice of each check was worth, as the bill shows.
        budgets: Worst first.
        policies: Those that do not hold or cannot be told, most severe first.
        files: What the exports wrote.
        steps: Every step with how it ended; failures are told, never hidden.
        left_out: Section (``detectors``, …) → how many of its answers are below the severity
            that the notifier asks for.
        decided: How many recommendations people dismissed, snoozed or have done.
        known_anomalies: How many anomalies people answered already, by their feedback.
    """

    run: RunInfo
    costs: CostsSummary | None
    anomalies: tuple[Anomaly, ...]
    forecasts: tuple[Forecast, ...]
    recommendations: tuple[Recommendation, ...]
    coverage: dict[str, str]
    budgets: tuple[BudgetReport, ...]
    files: tuple[Path, ...]
    steps: tuple[StepRecord, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    known_anomalies: int = 0
    verified: tuple[CheckRecord, ...] = ()
    decided: int = 0
    policies: tuple[PolicyReport, ...] = ()
