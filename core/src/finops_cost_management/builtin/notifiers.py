"""Notifiers that need nothing: the terminal and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from finops_cost_management.answers.anomalies import AnomalySeverity
from finops_cost_management.answers.budgets import BudgetStatus
from finops_cost_management.answers.outcome import StepState
from finops_cost_management.plugins.component import Notifier, Options
from finops_cost_management.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.answers.budgets import BudgetReport
    from finops_cost_management.answers.digest import Digest
    from finops_cost_management.answers.recommendations import Recommendation


class ConsoleOptions(Options):
    """How the summary is printed."""

    limit: int = Field(default=10, ge=1)
    """How many lines a list may have; the rest is counted."""
    colour: Literal["auto", "always", "never"] = "auto"
    """``auto`` is colour in a terminal, unless ``NO_COLOR`` is set, and none in a pipe."""


class Console(Notifier[ConsoleOptions]):
    """Prints a digest to standard output."""

    Options = ConsoleOptions

    @hookimpl
    def notify(self, digest: Digest) -> None:
        """Print the digest."""
        from rich.console import Console as Terminal

        from finops_cost_management.report.terminal import Terms, render

        colour = self.options.colour
        terminal = Terminal(
            force_terminal=True if colour == "always" else None,
            no_color=True if colour == "never" else None,
            highlight=False,
        )
        terms = Terms(limit=self.options.limit)
        if not _can_write(terms.block + terms.line, terminal.encoding):
            terms = Terms(limit=self.options.limit, block="#", line="-")
        with terminal.capture() as captured:
            terminal.print(render(digest, terms))
        # A pipe with a narrow encoding gets question marks rather than an exception.
        text = captured.get().encode(terminal.encoding, "replace").decode(terminal.encoding)
        terminal.file.write(text)
        terminal.file.flush()


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


class LogOptions(Options):
    """How findings are logged."""

    limit: int = Field(default=1000, ge=1)
    """How many events of one kind are written; one more event counts the rest."""


class Log(Notifier[LogOptions]):
    """Writes one structured event for each finding, and one for the digest.

    Events are ``anomaly``, ``saving``, ``budget``, ``step_failed``, ``left_out`` and ``digest``,
    of the logger ``finops``. Amounts are text, so that no reader rounds them.
    """

    Options = LogOptions

    @hookimpl
    def notify(self, digest: Digest) -> None:
        """Log the digest."""
        import structlog

        run = digest.run
        log = structlog.get_logger("finops").bind(run=run.id, pipeline=run.pipeline)
        self._write(log, "anomaly", digest.anomalies, _anomaly_event)
        self._write(log, "saving", digest.recommendations, _saving_event)
        self._write(log, "budget", digest.budgets, _budget_event)
        for record in digest.steps:
            if record.state is StepState.FAILED:
                log.error("step_failed", step=str(record.step), message=record.message)
        log.info(
            "digest",
            window=str(run.window),
            effective_cost=_totals(digest),
            anomalies=len(digest.anomalies),
            forecasts=len(digest.forecasts),
            savings=len(digest.recommendations),
            budgets=len(digest.budgets),
            coverage=digest.coverage,
            files=[str(path) for path in digest.files],
        )

    def _write(
        self,
        log: Any,
        event: str,
        items: Sequence[Any],
        describe: Callable[[Any], tuple[str, dict[str, Any]]],
    ) -> None:
        for item in items[: self.options.limit]:
            level, values = describe(item)
            getattr(log, level)(event, **values)
        if (left_out := len(items) - self.options.limit) > 0:
            log.warning(
                "left_out", kind=event, count=left_out, hint="raise `limit` of this notifier"
            )


def _anomaly_event(one: Anomaly) -> tuple[str, dict[str, Any]]:
    return "error" if one.severity is AnomalySeverity.CRITICAL else "warning", {
        "id": one.id,
        "date": one.date.isoformat(),
        "days": one.days,
        "dimensions": dict(one.dimensions),
        "expected_cost": str(one.expected_cost),
        "actual_cost": str(one.actual_cost),
        "cost_impact": str(one.cost_impact),
        "currency": one.currency,
        "severity": one.severity.value,
        "score": one.score,
        "detector": one.detector,
        "drivers": [
            {
                "dimension": driver.dimension,
                "value": driver.value,
                "others": driver.others,
                "impact": str(driver.impact),
            }
            for driver in one.drivers
        ],
        "also_seen": len(one.also_seen),
    }


def _saving_event(one: Recommendation) -> tuple[str, dict[str, Any]]:
    return "info", {
        "id": one.id,
        "check": one.check,
        "category": one.category.value,
        "provider": one.provider,
        "resource_id": one.resource_id,
        "recommendation": one.recommendation,
        "current_cost": str(one.current_cost),
        "estimated_monthly_savings": str(one.estimated_monthly_savings),
        "counted_savings": None if one.counted_savings is None else str(one.counted_savings),
        "currency": one.currency,
        "priority": one.priority.value,
        "status": one.status.value,
        "effort": one.implementation_effort.value,
        "risk": one.risk.value,
        "confidence": one.confidence,
    }


def _budget_event(one: BudgetReport) -> tuple[str, dict[str, Any]]:
    return "info" if one.status is BudgetStatus.ON_TRACK else "warning", {
        "name": one.name,
        "status": one.status.value,
        "current_spend": str(one.current_spend),
        "amount": str(one.amount),
        "currency": one.currency,
        "projected_spend": None if one.projected_spend is None else str(one.projected_spend),
        "known_days": one.known_days,
        "missing_days": one.missing_days,
        "reason": one.reason,
    }


def _totals(digest: Digest) -> dict[str, str | None]:
    """Effective cost per currency, None where no row says it; empty where the store is."""
    if digest.costs is None:
        return {}
    return {
        one.currency: None if one.effective is None else str(one.effective)
        for one in digest.costs.currencies
    }
