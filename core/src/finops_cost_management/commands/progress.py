"""Shows a run while it runs: a line that moves on a terminal, structured logs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finops_cost_management.logs import masked
from finops_cost_management.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from finops_cost_management.answers.outcome import Outcome, RunInfo, Step
    from finops_cost_management.store.ingest import IngestResult


class ProgressBars:
    """One spinning line per step that runs.

    Args:
        progress: Rich's live display, already started.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[Step, TaskID] = {}
        self._rows: dict[Step, int] = {}

    @hookimpl
    def step_started(self, step: Step) -> None:
        """Show the step; what a notifier prints must not share the line."""
        if step.section == "notifiers":
            self._progress.stop()
        self._tasks[step] = self._progress.add_task(str(step), total=None, said="")

    @hookimpl
    def delivery_ingested(self, step: Step, result: IngestResult) -> None:
        """Count the rows."""
        self._rows[step] = self._rows.get(step, 0) + result.rows
        said = masked(f"{self._rows[step]:,} rows, {result.delivery}")
        self._progress.update(self._tasks[step], said=said)

    @hookimpl
    def step_finished(self, step: Step) -> None:
        """Take the line away."""
        self._progress.remove_task(self._tasks.pop(step))

    @hookimpl
    def step_failed(self, step: Step) -> None:
        """Take the line away."""
        self._progress.remove_task(self._tasks.pop(step))


class StructuredLog:
    """One record per event."""

    def __init__(self) -> None:
        import structlog

        self._log: Any = structlog.get_logger("finops.run")

    @hookimpl
    def run_started(self, run: RunInfo) -> None:
        """Log the start."""
        self._log.info("run started", run=run.id, pipeline=run.pipeline, window=str(run.window))

    @hookimpl
    def delivery_ingested(self, step: Step, result: IngestResult) -> None:
        """Log what a source brought."""
        self._log.info(
            "delivery skipped" if result.skipped else "delivery ingested",
            step=str(step),
            delivery=result.delivery,
            units=list(result.units),
            rows=result.rows,
            refused=result.refused,
        )

    @hookimpl
    def step_finished(self, step: Step, seconds: float) -> None:
        """Log a result."""
        self._log.info("step finished", step=str(step), seconds=round(seconds, 3))

    @hookimpl
    def step_failed(self, step: Step, error: BaseException) -> None:
        """Log a failure."""
        self._log.error("step failed", step=str(step), error=str(error))

    @hookimpl
    def run_finished(self, run: RunInfo, outcome: Outcome) -> None:
        """Log the end."""
        self._log.info("run finished", run=run.id, failures=len(outcome.failures))
