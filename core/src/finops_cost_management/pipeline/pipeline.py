"""A pipeline: a configuration, ready to run."""

from __future__ import annotations

import secrets
from contextlib import closing
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from finops_cost_management.answers.outcome import Outcome, RunInfo, Step, StepRecord, StepState
from finops_cost_management.pipeline.loading import load_config, parse_config
from finops_cost_management.pipeline.steps import kind_of
from finops_cost_management.pipeline.told import in_words
from finops_cost_management.plugins.caller import ComponentCaller
from finops_cost_management.plugins.registry import Registry
from finops_cost_management.window import today_utc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finops_cost_management.pipeline.config import PipelineConfig
    from finops_cost_management.pipeline.runner import Runner
    from finops_cost_management.settings import Settings
    from finops_cost_management.state.database import StateDatabase

CORE = "finops-cost-management"


class Pipeline:
    """Runs what a configuration says.

    Args:
        config: The validated configuration.
        registry: Where its plugins came from.
        settings: Process settings; from the environment where None.

    Example:
        >>> pipeline = Pipeline.from_yaml("sources: {demo: {use: demo}}")
        >>> pipeline.config.sources["demo"].step.use
        'demo'
    """

    def __init__(
        self,
        config: PipelineConfig,
        *,
        registry: Registry | None = None,
        settings: Settings | None = None,
    ) -> None:
        from finops_cost_management import logs
        from finops_cost_management.settings import load_settings

        self.config = config
        self.registry = registry or Registry()
        self.settings = settings or load_settings()
        for secret in config.secrets:
            logs.hide(secret)
        logs.mask_library_logs()

    @classmethod
    def from_yaml(cls, source: str | Path, *, settings: Settings | None = None) -> Pipeline:
        """Read a configuration: a path to a file, or its text (text has a colon and a space).

        Raises:
            ConfigurationError: With every problem of the file.
        """
        registry = Registry()
        if isinstance(source, str) and (": " in source or "\n" in source):
            config = parse_config(source, registry)
        else:
            config = load_config(Path(source), registry)
        return cls(config, registry=registry, settings=settings)

    def run(
        self, *, until: date | None = None, observers: Mapping[str, object] | None = None
    ) -> Outcome:
        """Run every stage and return the results as objects.

        A step that fails is in ``outcome.failures``; the others go on. What ends the run before
        its time is raised, and remembered in the record of the run.

        Args:
            until: First day outside the window; today (UTC) by default.
            observers: Name → object with lifecycle hooks, for this run only.
        """
        from finops_cost_management.state.database import StateDatabase
        from finops_cost_management.state.runs import record_end, record_start

        run = self._run_info(until)
        caller = ComponentCaller()
        caller.observe_installed(self.registry)
        for name, observer in (observers or {}).items():
            caller.observe(name, observer)
        outcome = Outcome(run=run)
        with closing(StateDatabase.of(self.settings)) as database:
            record_start(database, run)
            try:
                caller.tell("run_started", run=run)
                self._runner(self.config, caller, outcome, database).go()
            except BaseException as error:
                outcome.steps.append(_death(run, error))
                raise
            finally:
                caller.tell("run_finished", run=run, outcome=outcome)
                record_end(database, outcome)
        return outcome

    def ask(self, *sections: str, until: date | None = None) -> Outcome:
        """Answer from what the store holds: nothing is fetched, written or sent.

        It is no run: none is recorded, and no observer hears of it. What savings checks find is
        entered into the ledger, so that people can refer to it.

        Args:
            *sections: Whose steps answer: ``detectors``, ``forecasters``, ``optimizers``,
                ``budgets``.
            until: First day outside the window; today (UTC) by default.
        """
        from finops_cost_management.state.database import StateDatabase
        from finops_cost_management.state.recommendations import record_entries

        outcome = Outcome(run=self._run_info(until))
        with closing(StateDatabase.of(self.settings)) as database:
            config = self.config.only(*sections)
            self._runner(config, ComponentCaller(), outcome, database).go()
            with database.session() as session:
                # Only a run says that something is gone: who asks may look less far, or elsewhere.
                record_entries(session, [one for one in outcome.ledger if one.gone_on is None])
        return outcome

    def _run_info(self, until: date | None) -> RunInfo:
        started = datetime.now(UTC)
        return RunInfo(
            id=f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
            pipeline=self.config.name,
            started=started,
            window=self.config.window.ending(until or today_utc()),
            versions=self._versions(),
        )

    def _runner(
        self,
        config: PipelineConfig,
        caller: ComponentCaller,
        outcome: Outcome,
        database: StateDatabase,
    ) -> Runner:
        from finops_cost_management.engine import Engine
        from finops_cost_management.pipeline.runner import Runner
        from finops_cost_management.state.feedback import all_feedback
        from finops_cost_management.state.recommendations import ledger_of

        return Runner(
            config,
            store=config.store.open(self.settings),
            new_engine=lambda at_once: Engine.of(self.settings, at_once=at_once),
            caller=caller,
            outcome=outcome,
            feedback=all_feedback(database),
            ledger=ledger_of(database),
        )

    def _versions(self) -> dict[str, str]:
        """Distribution → version of core and of every package that a step comes from."""
        used = {(kind_of(entry.section), entry.step.use) for entry in self.config.entries}
        plugins = {
            info.distribution: info.version
            for kind in {kind for kind, _ in used}
            for info in self.registry.available(kind)
            if (kind, info.name) in used and info.distribution and info.version
        }
        return {CORE: metadata.version(CORE), **dict(sorted(plugins.items()))}


def _death(run: RunInfo, error: BaseException) -> StepRecord:
    """The last step of a run that did not come to its end."""
    return StepRecord(
        step=Step(section="run", name=run.pipeline, use="core"),
        state=StepState.FAILED,
        seconds=(datetime.now(UTC) - run.started).total_seconds(),
        message=in_words(error),
    )
