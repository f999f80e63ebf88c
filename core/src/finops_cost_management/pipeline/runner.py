"""One run: the stages in their fixed order, each step on its own, a record of everything."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from finops_cost_management.answers.outcome import Step, StepRecord, StepState
from finops_cost_management.errors import FinopsError
from finops_cost_management.logs import masked
from finops_cost_management.pipeline.digests import digest_for
from finops_cost_management.pipeline.forecasting import forecasts_in_money
from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.query.costs_summary import summarise
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from finops_cost_management.answers.forecasts import PanelForecast
    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.engine import Engine
    from finops_cost_management.pipeline.config import Entry, PipelineConfig
    from finops_cost_management.pipeline.steps import (
        BudgetKeys,
        DetectorKeys,
        ExportKeys,
        ForecasterKeys,
        NotifierKeys,
        OptimizerKeys,
        SeriesKeys,
        SourceKeys,
    )
    from finops_cost_management.plugins.caller import ComponentCaller
    from finops_cost_management.plugins.component import Component
    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.store.cost_store import CostStore

SOURCES_AT_ONCE = 4
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a step says in the record of the run.

    Attributes:
        message: Its result in one line.
        rows: Rows that came in (sources).
        refused: Rows that were refused (sources).
    """

    message: str
    rows: int | None = None
    refused: int | None = None


class Runner:
    """Carries one run through.

    Args:
        config: What to run.
        store: Where rows go and questions are asked.
        new_engine: Opens an engine; every source works on its own.
        caller: Calls components and tells observers.
        outcome: Fills up as steps end.
    """

    def __init__(
        self,
        config: PipelineConfig,
        *,
        store: CostStore,
        new_engine: Callable[[], Engine],
        caller: ComponentCaller,
        outcome: Outcome,
    ) -> None:
        self.config = config
        self.store = store
        self.new_engine = new_engine
        self.caller = caller
        self.outcome = outcome
        self.run = outcome.run
        self.window = outcome.run.window
        self.costs: CostSnapshot
        self._components: dict[tuple[str, str], Component[Any]] = {}
        for entry in config.entries:
            component = entry.build()
            caller.add(component)
            self._components[entry.section, entry.name] = component

    def go(self) -> None:
        """Run every stage. What fails is in the outcome; the rest goes on."""
        with ThreadPoolExecutor(SOURCES_AT_ONCE, thread_name_prefix="source") as pool:
            sources = _enabled(self.config.sources)
            self.outcome.steps += pool.map(
                lambda entry: self._entry_step(entry, self._collect), sources
            )
        with self.new_engine() as engine:
            self.costs = CostSnapshot.of(self.store, engine)
            self.outcome.costs = summarise(self.costs, self.window)
            self._stage(self.config.detectors, self._detect)
            self.outcome.anomalies.sort(
                key=lambda one: (-one.severity.rank, -abs(one.cost_impact), one.date)
            )
            self._stage(self.config.forecasters, self._forecast)
            self._stage(self.config.optimizers, self._optimize)
            for name, budget in self.config.budgets.items():
                step = Step(section="budgets", name=name, use=budget.period.value)
                self.outcome.steps.append(
                    self._step(step, partial(self._judge_budget, name, budget))
                )
            self._stage(self.config.exports, self._export)
        self._stage(self.config.notifiers, self._notify)

    def _stage(self, entries: Mapping[str, Entry[Any]], work: Callable[[Any], Told]) -> None:
        for entry in _enabled(entries):
            self.outcome.steps.append(self._entry_step(entry, work))

    def _entry_step(self, entry: Entry[Any], work: Callable[[Any], Told]) -> StepRecord:
        return self._step(
            _step_of(entry), partial(work, entry), may_fail=entry.step.on_error == "skip"
        )

    def _step(self, step: Step, work: Callable[[], Told], *, may_fail: bool = False) -> StepRecord:
        """Do one step: whatever it raises ends here, in words."""
        self.caller.tell("step_started", run=self.run, step=step)
        begun = time.monotonic()
        try:
            told = work()
        except Exception as error:  # one step's failure is not the run's
            log.debug("%s failed", step, exc_info=True)
            self.caller.tell("step_failed", run=self.run, step=step, error=error)
            return StepRecord(
                step=step,
                state=StepState.SKIPPED if may_fail else StepState.FAILED,
                seconds=time.monotonic() - begun,
                message=_in_words(error),
            )
        seconds = time.monotonic() - begun
        self.caller.tell("step_finished", run=self.run, step=step, result=told, seconds=seconds)
        return StepRecord(
            step=step,
            state=StepState.DONE,
            seconds=seconds,
            rows=told.rows,
            refused=told.refused,
            message=told.message,
        )

    def _ask(self, entry: Entry[Any], **arguments: Any) -> Any:
        """Call the component behind an entry."""
        return self.caller.call(self._components[entry.section, entry.name], **arguments)

    def _collect(self, entry: Entry[SourceKeys]) -> Told:
        step = _step_of(entry)
        results = []
        with self.new_engine() as engine:
            for delivery in self._ask(entry, window=self.window, engine=engine) or ():
                result = self.store.ingest(entry.name, delivery, engine)
                results.append(result)
                self.outcome.ingests.append(result)
                self.caller.tell("delivery_ingested", run=self.run, step=step, result=result)
        rows = sum(result.rows for result in results)
        refused = sum(result.refused for result in results)
        unchanged = sum(result.skipped for result in results)
        parts = [f"{rows:,} rows in {len(results) - unchanged} deliveries"]
        if unchanged:
            parts.append(f"{unchanged} unchanged")
        if refused:
            parts.append(f"{refused:,} refused: see `finops store refused`")
        return Told(message=", ".join(parts), rows=rows, refused=refused)

    def _panel(self, keys: SeriesKeys) -> CostPanel:
        return self.costs.panel(
            CostQuery(window=self.window, cost=keys.cost, group_by=keys.over, where=keys.where)
        )

    def _detect(self, entry: Entry[DetectorKeys]) -> Told:
        panel = self._panel(entry.step)
        found = list(self._ask(entry, panel=panel, window=self.window) or ())
        self.outcome.anomalies += found
        return Told(message=f"{len(found)} anomalies in {len(panel)} series")

    def _forecast(self, entry: Entry[ForecasterKeys]) -> Told:
        panel = self._panel(entry.step)
        future = DateWindow(self.window.end, entry.step.horizon.after(self.window.end))
        answer = self._ask_forecaster(entry, panel, future.days)
        forecasts = forecasts_in_money(
            panel, answer, horizon=list(future.dates()), forecaster=entry.name
        )
        self.outcome.forecasts += forecasts
        without = sum(forecast.problem is not None for forecast in forecasts)
        return Told(
            message=f"{len(forecasts) - without} series for {future.days} days"
            + (f", {without} cannot be told" if without else "")
        )

    def _ask_forecaster(
        self, entry: Entry[ForecasterKeys], panel: CostPanel, horizon: int
    ) -> PanelForecast:
        answer: PanelForecast = self._ask(
            entry, panel=panel, horizon=horizon, levels=entry.step.levels
        )
        return answer

    def _optimize(self, entry: Entry[OptimizerKeys]) -> Told:
        chosen = CostQuery(where=entry.step.where).select(self.costs.rows)
        answer = self._ask(entry, costs=self.costs.with_rows(chosen), window=self.window)
        self.outcome.savings[entry.name] = answer
        return Told(message=answer.coverage)

    def _judge_budget(self, name: str, keys: BudgetKeys) -> Told:
        from finops_cost_management.budgets import Budget, evaluate

        forecaster = self.config.forecasters[keys.forecast] if keys.forecast else None
        report = evaluate(
            Budget(name=name, **{key: getattr(keys, key) for key in type(keys).model_fields}),
            self.costs,
            today=self.window.end,
            forecast=partial(self._ask_forecaster, forecaster) if forecaster else None,
        )
        self.outcome.budgets.append(report)
        status = report.status.value.replace("_", " ")
        return Told(message=f"{status}: {report.reason}" if report.reason else status)

    def _export(self, entry: Entry[ExportKeys]) -> Told:
        files = self._ask(entry, costs=self.costs, window=self.window, outcome=self.outcome)
        self.outcome.files += files or ()
        return Told(message=", ".join(str(file) for file in files))

    def _notify(self, entry: Entry[NotifierKeys]) -> Told:
        digest = digest_for(self.outcome, severity=entry.step.when.severity)
        self._ask(entry, digest=digest)
        return Told(message="told")


def _step_of(entry: Entry[Any]) -> Step:
    return Step(section=entry.section, name=entry.name, use=entry.step.use)


def _enabled(entries: Mapping[str, Entry[Any]]) -> list[Entry[Any]]:
    return [entry for entry in entries.values() if entry.step.enabled]


def _in_words(error: Exception) -> str:
    if isinstance(error, FinopsError):
        return masked(str(error))
    return masked(
        f"unexpected {type(error).__name__}: {' '.join(str(error).split())}; "
        "this is a defect: run again with --debug and report what it prints"
    )
