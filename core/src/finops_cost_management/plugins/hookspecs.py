"""Everything that core can ask of a plugin, and everything that it tells.

stevedore picks the class, pluggy makes the call: a plugin implements one of the
`ComponentSpecs` (the step that a pipeline names) or any of the `LifecycleSpecs`
(an observer), with the arguments that it needs and no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from finops_cost_management.answers.anomalies import Anomaly
    from finops_cost_management.answers.digest import Digest
    from finops_cost_management.answers.forecasts import PanelForecast
    from finops_cost_management.answers.outcome import Outcome, RunInfo, Step
    from finops_cost_management.answers.recommendations import SavingsAnswer
    from finops_cost_management.engine import Engine
    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.store.delivery import AccountsDelivery, Delivery
    from finops_cost_management.store.ingest import IngestResult
    from finops_cost_management.window import DateWindow

PROJECT = "finops"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class ComponentSpecs:
    """One component answers: the one that the step names."""

    @hookspec(firstresult=True)
    def collect_costs(
        self, window: DateWindow, engine: Engine
    ) -> Iterable[Delivery | AccountsDelivery]:
        """Yield deliveries of FOCUS rows that together cover the window, whole units only.

        Names and tags of accounts may be among them.

        The engine is there for sources that must look into files to know what they deliver; it
        lives until the source's last delivery is in the store.
        """

    @hookspec(firstresult=True)
    def detect_anomalies(self, panel: CostPanel, window: DateWindow) -> Sequence[Anomaly]:
        """Judge the days of the window, each knowing only the days before it."""

    @hookspec(firstresult=True)
    def forecast_costs(
        self, panel: CostPanel, horizon: int, levels: Sequence[float]
    ) -> PanelForecast:
        """Forecast every series for `horizon` days, with a band per level in (0, 1)."""

    @hookspec(firstresult=True)
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Say what would cost less, what is fine, and what cannot be told."""

    @hookspec(firstresult=True)
    def export(self, costs: CostSnapshot, window: DateWindow, outcome: Outcome) -> Sequence[Path]:
        """Write files, whole or not at all, and return their paths."""

    @hookspec(firstresult=True)
    def notify(self, digest: Digest) -> None:
        """Deliver one digest."""


class LifecycleSpecs:
    """Every observer hears, and none can silence another."""

    @hookspec
    def run_started(self, run: RunInfo) -> None:
        """A pipeline starts."""

    @hookspec
    def step_started(self, run: RunInfo, step: Step) -> None:
        """One step starts, perhaps beside others."""

    @hookspec
    def delivery_ingested(self, run: RunInfo, step: Step, result: IngestResult) -> None:
        """A source's delivery is in the store, or was there already."""

    @hookspec
    def step_finished(self, run: RunInfo, step: Step, result: object, seconds: float) -> None:
        """One step gave its result."""

    @hookspec
    def step_failed(self, run: RunInfo, step: Step, error: BaseException) -> None:
        """One step failed; the others go on. A plugin may have raised anything, SystemExit too."""

    @hookspec
    def run_finished(self, run: RunInfo, outcome: Outcome) -> None:
        """Every step has ended, or the run has died: the outcome's last step says of what."""
