"""One run: the stages in their fixed order, each step on its own, a record of everything."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from finops_cost_management.answers.feedback import split_known
from finops_cost_management.answers.incidents import join_days, merge_incidents
from finops_cost_management.answers.outcome import Step, StepRecord, StepState
from finops_cost_management.answers.policies import PolicyReport
from finops_cost_management.errors import DefectError
from finops_cost_management.logs import masked
from finops_cost_management.pipeline.collecting import collect
from finops_cost_management.pipeline.digests import digest_for
from finops_cost_management.pipeline.drivers import explain
from finops_cost_management.pipeline.forecast_sums import with_sums
from finops_cost_management.pipeline.forecasting import forecasts_in_money
from finops_cost_management.pipeline.judged import JudgedCharges
from finops_cost_management.pipeline.planned import apply_planned
from finops_cost_management.pipeline.savings import settle_savings
from finops_cost_management.pipeline.told import PartlyFailedError, Told, in_words
from finops_cost_management.query.allocations import unbilled_nodes
from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.query.costs_summary import summarise
from finops_cost_management.query.overlaps import clusters_told_twice, overlaps_of
from finops_cost_management.query.panel import MODEL_HISTORY
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.answers.feedback import Feedback
    from finops_cost_management.answers.forecasts import PanelForecast
    from finops_cost_management.answers.ledger import LedgerEntry
    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.engine import Engine
    from finops_cost_management.pipeline.config import Entry, PipelineConfig
    from finops_cost_management.pipeline.policy_rules import PolicyRule
    from finops_cost_management.pipeline.steps import (
        BudgetKeys,
        DetectorKeys,
        ExportKeys,
        ForecasterKeys,
        NotifierKeys,
        OptimizerKeys,
        SourceKeys,
    )
    from finops_cost_management.plugins.caller import ComponentCaller
    from finops_cost_management.plugins.component import Component
    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.store.cost_store import CostStore
    from finops_cost_management.store.delivery import AccountsDelivery, Delivery
    from finops_cost_management.store.ingest import IngestResult

SOURCES_AT_ONCE = 4
STORE = Step(section="store", name="snapshot", use="core")
"""The step between the sources and the questions."""
SAVINGS = Step(section="savings", name="ledger", use="core")
"""The step that enters what all optimizers found into the ledger."""

log = logging.getLogger(__name__)


class Runner:
    """Carries one run through.

    Args:
        config: What to run.
        store: Where rows go and questions are asked.
        new_engine: Opens an engine, given how many there are at once; every source has its own.
        caller: Calls components and tells observers.
        outcome: Fills up as steps end.
        feedback: What people said of anomalies before.
        ledger: Id → recommendation that former runs found, and what was decided on it.
    """

    def __init__(
        self,
        config: PipelineConfig,
        *,
        store: CostStore,
        new_engine: Callable[[int], Engine],
        caller: ComponentCaller,
        outcome: Outcome,
        feedback: Sequence[Feedback] = (),
        ledger: Mapping[str, LedgerEntry] | None = None,
    ) -> None:
        self.config = config
        self.store = store
        self.new_engine = new_engine
        self.caller = caller
        self.outcome = outcome
        self.feedback = feedback
        self.ledger = ledger or {}
        self.run = outcome.run
        self.window = outcome.run.window
        self._costs: CostSnapshot | None = None
        self._found: list[Anomaly] = []
        self._stopping = threading.Event()
        self._components: dict[tuple[str, str], Component[Any]] = {}
        for entry in config.entries:
            component = entry.build()
            caller.add(component)
            self._components[entry.section, entry.name] = component

    def go(self) -> None:
        """Run every stage. What fails is in the outcome; the rest goes on."""
        self._run_sources()
        with ExitStack() as engines:
            opening = partial(self._open_snapshot, engines)
            self.outcome.steps.append(self._step(STORE, opening))
            self._ask_questions()
            for entry in _enabled(self.config.exports):
                asks = self.caller.asks_for(self._component(entry), "costs")
                self.outcome.steps.append(self._entry_step(entry, self._export, asks_store=asks))
        for notifier in _enabled(self.config.notifiers):
            self.outcome.steps.append(self._entry_step(notifier, self._notify))

    def _run_sources(self) -> None:
        sources = _enabled(self.config.sources)
        at_once = min(SOURCES_AT_ONCE, len(sources)) or 1
        work = partial(self._collect, at_once)
        with ThreadPoolExecutor(at_once, thread_name_prefix="source") as pool:
            try:
                self.outcome.steps += pool.map(lambda entry: self._entry_step(entry, work), sources)
            except KeyboardInterrupt:
                self._stopping.set()
                log.warning("stopping: what is being taken in right now is finished first")
                raise

    def _ask_questions(self) -> None:
        self._ask_each(self.config.detectors, self._detect)
        incidents = sorted(
            merge_incidents(self._found),
            key=lambda one: (-one.severity.rank, -abs(one.cost_impact), one.date),
        )
        told, known = split_known(incidents, self.feedback)
        self.outcome.anomalies, self.outcome.known_anomalies = told, known
        self._ask_each(self.config.forecasters, self._forecast)
        self._ask_each(self.config.optimizers, self._optimize)
        if self.outcome.savings and self.outcome.costs is not None:
            self.outcome.steps.append(self._step(SAVINGS, self._settle_savings, asks_store=True))
        for name, budget in self.config.budgets.items():
            step = Step(section="budgets", name=name, use=budget.period.value)
            judge = partial(self._judge_budget, name, budget)
            self.outcome.steps.append(self._step(step, judge, asks_store=True))
        for name, policy in self.config.policies.items():
            if policy.enabled:
                step = Step(section="policies", name=name, use=policy.rule)
                check = partial(self._check_policy, name, policy)
                self.outcome.steps.append(self._step(step, check, asks_store=True))

    def _ask_each(self, entries: Mapping[str, Entry[Any]], work: Callable[[Any], Told]) -> None:
        for entry in _enabled(entries):
            self.outcome.steps.append(self._entry_step(entry, work, asks_store=True))

    def _entry_step(
        self, entry: Entry[Any], work: Callable[[Any], Told], *, asks_store: bool = False
    ) -> StepRecord:
        record = self._step(
            _step_of(entry),
            partial(work, entry),
            may_fail=entry.step.on_error == "skip",
            asks_store=asks_store,
        )
        component = self._component(entry)
        message = "; ".join(filter(None, (record.message, component.spent)))
        return replace(record, requests=component.requests, message=message)

    def _step(
        self,
        step: Step,
        work: Callable[[], Told],
        *,
        may_fail: bool = False,
        asks_store: bool = False,
    ) -> StepRecord:
        """Do one step: whatever it raises ends here, in words."""
        if asks_store and self._costs is None:
            message = f"it asks the store, and {STORE} failed"
            return StepRecord(step=step, state=StepState.NOT_RUN, seconds=0, message=message)
        self.caller.tell("step_started", run=self.run, step=step)
        begun = time.monotonic()
        try:
            told = work()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a plugin may raise anything, SystemExit too
            log.debug("%s failed", step, exc_info=True)
            self.caller.tell("step_failed", run=self.run, step=step, error=error)
            state = StepState.TOLERATED if may_fail else StepState.FAILED
            told = error.told if isinstance(error, PartlyFailedError) else Told(message="")
            message = in_words(error, step.use)
        else:
            seconds = time.monotonic() - begun
            self.caller.tell("step_finished", run=self.run, step=step, result=told, seconds=seconds)
            state, message = StepState.DONE, masked(told.message)
        return StepRecord(
            step=step,
            state=state,
            seconds=time.monotonic() - begun,
            rows=told.rows,
            refused=told.refused,
            message=message,
        )

    def _component(self, entry: Entry[Any]) -> Component[Any]:
        return self._components[entry.section, entry.name]

    def _ask(self, entry: Entry[Any], **arguments: Any) -> Any:
        """Call the component behind an entry."""
        return self.caller.call(self._component(entry), **arguments)

    def _collect(self, at_once: int, entry: Entry[SourceKeys]) -> Told:
        step = _step_of(entry)
        self.store.tidy(entry.name)

        def ingest(delivery: Delivery | AccountsDelivery) -> IngestResult:
            if self._stopping.is_set():
                raise KeyboardInterrupt
            result = self.store.ingest(entry.name, delivery, engine)
            self.outcome.ingests.append(result)
            self.caller.tell("delivery_ingested", run=self.run, step=step, result=result)
            return result

        with self.new_engine(at_once) as engine:
            return collect(lambda: self._ask(entry, window=self.window, engine=engine), ingest)

    def _open_snapshot(self, engines: ExitStack) -> Told:
        """Pin the version that every question of this run is asked of."""
        costs = CostSnapshot.of(self.store, engines.enter_context(self.new_engine(1)))
        summary = summarise(costs, self.window)
        warnings = [*self._sources_without_a_name(), *_wrong_totals(costs, self.window)]
        for warning in warnings:
            log.warning(warning)
        self._costs, self.outcome.costs = costs, summary
        rows = summary.rows if summary else 0
        return Told(message="; ".join([f"{rows:,} rows in the window", *warnings]))

    def _sources_without_a_name(self) -> list[str]:
        """Sources that the store holds and the file does not name: their costs still count."""
        if not self.config.sources:  # a file that only asks
            return []
        held: Counter[str] = Counter()
        for unit in self.store.units():
            held[unit.source] += unit.rows
        return [
            f"the store also holds {source!r} ({rows:,} rows), which this file does not name: "
            f"`finops store remove {source}` forgets it"
            for source, rows in held.items()
            if source not in self.config.sources
        ]

    @property
    def costs(self) -> CostSnapshot:
        """The snapshot, for steps that do not run without one."""
        if self._costs is None:
            raise DefectError("the store was not opened before it is asked")
        return self._costs

    def _detect(self, entry: Entry[DetectorKeys]) -> Told:
        judged = JudgedCharges.of(self.costs, entry.step, self.window)
        panel = judged.panel()
        found = join_days(self._ask(entry, panel=panel, window=self.window) or ())
        told, known = split_known(found, self.feedback)
        self._found += [*explain(told, judged, panel, entry.step.drivers), *known]
        return Told(
            message=f"{len(told)} anomalies in {len(panel)} series"
            + (f", {len(known)} more known by feedback" if known else "")
        )

    def _forecast(self, entry: Entry[ForecasterKeys]) -> Told:
        keys = entry.step
        query = CostQuery(window=self.window, cost=keys.cost, group_by=keys.over, where=keys.where)
        panel = self.costs.panel(query, history=MODEL_HISTORY)
        future = DateWindow(self.window.end, keys.horizon.after(self.window.end))
        answer, remarks = self._ask_forecaster(entry, query, panel, future.days)
        forecasts = forecasts_in_money(
            panel, answer, shown=self.window, horizon=future, forecaster=entry.name
        )
        self.outcome.forecasts += with_sums(forecasts, answer)
        without = sum(one.problem is not None for one in forecasts)
        told = f"{len(forecasts) - without} series for {future.days} days"
        if without:
            told += f", {without} cannot be told"
        return Told(message="; ".join([told, *remarks]))

    def _ask_forecaster(
        self, entry: Entry[ForecasterKeys], query: CostQuery, panel: CostPanel, horizon: int
    ) -> tuple[PanelForecast, list[str]]:
        """The forecast with what is planned, and what is to be said of the plans."""
        answer: PanelForecast = self._ask(
            entry, panel=panel, horizon=horizon, levels=entry.step.levels
        )
        return apply_planned(answer, panel, self.costs, query, entry.step.planned)

    def _optimize(self, entry: Entry[OptimizerKeys]) -> Told:
        chosen = self.costs.select(CostQuery(where=entry.step.where))
        answer = self._ask(entry, costs=self.costs.with_rows(chosen), window=self.window)
        self.outcome.savings[entry.name] = answer
        return Told(message=answer.coverage)

    def _settle_savings(self) -> Told:
        told = settle_savings(self.outcome, self.costs, self.ledger, self.config.savings.priority)
        return Told(message=told)

    def _judge_budget(self, name: str, keys: BudgetKeys) -> Told:
        from finops_cost_management.budgets import Budget, evaluate

        forecaster = self.config.forecasters[keys.forecast] if keys.forecast else None
        query = CostQuery(cost=keys.cost, where=keys.where)

        def forecast(panel: CostPanel, horizon: int) -> PanelForecast | None:
            if forecaster is None:
                return None
            return self._ask_forecaster(forecaster, query, panel, horizon)[0]

        report = evaluate(
            Budget(name=name, **{key: getattr(keys, key) for key in type(keys).model_fields}),
            self.costs,
            today=self.window.end,
            forecast=forecast if forecaster else None,
        )
        self.outcome.budgets.append(report)
        status = report.status.value.replace("_", " ")
        return Told(message=f"{status}: {report.reason}" if report.reason else status)

    def _check_policy(self, name: str, policy: PolicyRule) -> Told:
        verdict = policy.judge(self.costs, self.outcome)
        report = PolicyReport.of(verdict, policy=name, rule=policy.rule, severity=policy.severity)
        self.outcome.policies.append(report)
        return Told(message=report.summary)

    def _export(self, entry: Entry[ExportKeys]) -> Told:
        files = self._ask(entry, costs=self._costs, window=self.window, outcome=self.outcome)
        self.outcome.files += files or ()
        return Told(message=", ".join(str(file) for file in files))

    def _notify(self, entry: Entry[NotifierKeys]) -> Told:
        digest = digest_for(self.outcome, severity=entry.step.when.severity)
        self._ask(entry, digest=digest)
        return Told(message="told")


def _wrong_totals(costs: CostSnapshot, window: DateWindow) -> list[str]:
    """Costs that count twice, and those that count nowhere."""
    query = CostQuery(window=window)
    rows = query.select(costs.rows)
    warnings = [overlap.warning for overlap in overlaps_of(rows)]
    if costs.allocations is not None:
        allocations = query.select(costs.allocations)
        warnings += [*clusters_told_twice(allocations), *unbilled_nodes(rows, allocations)]
    return warnings


def _step_of(entry: Entry[Any]) -> Step:
    return Step(section=entry.section, name=entry.name, use=entry.step.use)


def _enabled(entries: Mapping[str, Entry[Any]]) -> list[Entry[Any]]:
    return [entry for entry in entries.values() if entry.step.enabled]
