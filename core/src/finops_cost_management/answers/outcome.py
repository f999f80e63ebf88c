"""What a run is, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from finops_cost_management.answers.anomalies import AnomalySeverity
from finops_cost_management.answers.budgets import BudgetStatus
from finops_cost_management.answers.policies import PolicyStatus

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.answers.budgets import BudgetReport
    from finops_cost_management.answers.forecasts import Forecast
    from finops_cost_management.answers.ledger import LedgerEntry
    from finops_cost_management.answers.policies import PolicyReport
    from finops_cost_management.answers.recommendations import Recommendation, SavingsAnswer
    from finops_cost_management.answers.verification import VerifiedSaving
    from finops_cost_management.query.costs_summary import CostsSummary
    from finops_cost_management.store.ingest import IngestResult
    from finops_cost_management.window import DateWindow


class ExitCode(IntEnum):
    """How a run ends for a shell."""

    FINE = 0
    STEP_FAILED = 1
    FILE_WRONG = 2
    FINDINGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """Which run it is.

    Attributes:
        id: Unique, sorts by time.
        pipeline: The pipeline's name.
        started: When it began, UTC.
        window: The days it is about.
        versions: Distribution → version of everything that takes part.
    """

    id: str
    pipeline: str
    started: datetime
    window: DateWindow
    versions: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One named part of a run.

    Attributes:
        section: Where the file names it: ``sources``, ``detectors``, …
        name: Its name there.
        use: The plugin behind it.
    """

    section: str
    name: str
    use: str

    def __str__(self) -> str:
        return f"{self.section}.{self.name}"


class StepState(StrEnum):
    """How a step ended."""

    DONE = "done"
    FAILED = "failed"
    TOLERATED = "tolerated"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """How one step ended.

    Attributes:
        step: Which one.
        state: Done; failed; tolerated (``on_error: skip``: it failed, and that is acceptable);
            not run, because what it needs had failed before.
        seconds: How long it took.
        rows: Rows that came in (sources); None elsewhere.
        refused: Rows that were refused (sources); None elsewhere.
        requests: Requests that it says it sent (`Component.requests`); None where it says none.
        message: The result, or what went wrong and what to do, in one line.
    """

    step: Step
    state: StepState
    seconds: float
    rows: int | None = None
    refused: int | None = None
    requests: int | None = None
    message: str = ""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """All results of a run, as objects.

    Attributes:
        run: Which run it is.
        steps: How each step ended, in order of the stages.
        ingests: What the sources brought.
        costs: Totals of the window; None where the store has no row in it, or cannot be asked.
        anomalies: Most severe first; each is one incident.
        known_anomalies: Those that people answered already, by their feedback; likewise.
        forecasts: One per forecaster, series and currency, after the sum of each forecaster's
            series of a currency (`Forecast.is_sum`).
        savings: Step → its answer, as far as the bill bears it out.
        recommendations: What waits for somebody, the largest counted saving first: the parts of
            the savings that count add up (`Recommendation.counted_savings`).
        decided: What is found still, and somebody dismissed, snoozed or says is done.
        ledger: What the run enters into the ledger of recommendations.
        verified: What was done or is gone, and what the bill says of it; latest first.
        budgets: One per budget.
        policies: One per policy.
        files: What the exports wrote.
    """

    run: RunInfo
    steps: list[StepRecord] = field(default_factory=list)
    ingests: list[IngestResult] = field(default_factory=list)
    costs: CostsSummary | None = None
    anomalies: list[Anomaly] = field(default_factory=list)
    known_anomalies: list[Anomaly] = field(default_factory=list)
    forecasts: list[Forecast] = field(default_factory=list)
    savings: dict[str, SavingsAnswer] = field(default_factory=dict)
    recommendations: list[Recommendation] = field(default_factory=list)
    decided: list[Recommendation] = field(default_factory=list)
    ledger: list[LedgerEntry] = field(default_factory=list)
    verified: list[VerifiedSaving] = field(default_factory=list)
    budgets: list[BudgetReport] = field(default_factory=list)
    policies: list[PolicyReport] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    @property
    def failures(self) -> list[StepRecord]:
        """Steps that failed and were not allowed to."""
        return [record for record in self.steps if record.state is StepState.FAILED]

    @property
    def worst_finding(self) -> AnomalySeverity | None:
        """The most severe anomaly, budget status or failed policy; a recommendation is low.

        None where nothing is found.
        """
        found = [anomaly.severity for anomaly in self.anomalies]
        found += [
            budget.status.severity
            for budget in self.budgets
            if budget.status is not BudgetStatus.ON_TRACK
        ]
        found += [one.severity for one in self.policies if one.status is PolicyStatus.FAILED]
        found += [AnomalySeverity.LOW for _ in self.recommendations]
        return max(found, key=lambda severity: severity.rank, default=None)

    def exit_code(self, fail_on: str | None = None) -> ExitCode:
        """How the run ends for a shell.

        Args:
            fail_on: Lowest severity of a finding that makes the run fail; None for none.
        """
        if self.failures:
            return ExitCode.STEP_FAILED
        worst = self.worst_finding
        if fail_on is None or worst is None or worst.rank < AnomalySeverity(fail_on).rank:
            return ExitCode.FINE
        return ExitCode.FINDINGS
