"""The detectors and forecasters of a pipeline file, ready to be replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from finops_cost_management.backtest.detectors import ReplayedDetector
from finops_cost_management.backtest.forecasters import ReplayedForecaster
from finops_cost_management.did_you_mean import did_you_mean
from finops_cost_management.errors import ConfigurationError, FinopsError, PluginError
from finops_cost_management.pipeline.config import Entry
from finops_cost_management.pipeline.judged import JudgedCharges
from finops_cost_management.pipeline.steps import STEP_KEYS
from finops_cost_management.plugins.caller import ComponentCaller
from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.query.panel import MODEL_HISTORY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from finops_cost_management.pipeline.config import PipelineConfig
    from finops_cost_management.pipeline.steps import DetectorKeys, ForecasterKeys
    from finops_cost_management.plugins.registry import Registry
    from finops_cost_management.query.panel import CostPanel
    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow

_DEFAULTS = {"detectors": "seasonal", "forecasters": "auto"}
"""What is replayed where no file names anything."""


class Contestants:
    """Who is replayed: what a person named, else what the file has, else the default.

    Args:
        config: The pipeline file, or the defaults.
        registry: Where plugins are looked for.
    """

    def __init__(self, config: PipelineConfig, registry: Registry) -> None:
        self._config = config
        self._registry = registry
        self._caller = ComponentCaller()
        self._caller.observe_installed(registry)

    def detectors(self, names: Sequence[str]) -> list[ReplayedDetector]:
        """Detectors by their names in the file, or plugins at their defaults.

        Raises:
            ConfigurationError: There is none of a name, or it needs options.
            PluginError: It does not keep its contract.
        """
        entries = self._entries("detectors", self._config.detectors, names)
        return [self._detector(entry) for entry in entries]

    def forecasters(self, names: Sequence[str], horizon: int | None) -> list[ReplayedForecaster]:
        """Forecasters by their names in the file, or plugins at their defaults.

        Args:
            names: Their names; empty for all of the file.
            horizon: How many days they forecast; None for what the file says.

        Raises:
            ConfigurationError: There is none of a name, or it needs options.
            PluginError: It does not keep its contract.
        """
        entries = self._entries("forecasters", self._config.forecasters, names)
        return [self._forecaster(entry, horizon) for entry in entries]

    def _entries(
        self, kind: str, of_file: Mapping[str, Entry[Any]], names: Sequence[str]
    ) -> list[Entry[Any]]:
        if names:
            return [
                of_file.get(name) or self._plugin(kind, name, of_file)
                for name in dict.fromkeys(names)
            ]
        enabled = [entry for entry in of_file.values() if entry.step.enabled]
        return enabled or [self._plugin(kind, _DEFAULTS[kind], of_file)]

    def _plugin(self, kind: str, name: str, of_file: Mapping[str, Entry[Any]]) -> Entry[Any]:
        """A plugin at its defaults, as if the file had only `use:`."""
        if near := self._misspelt(kind, name, of_file):
            raise ConfigurationError(
                f"{name!r} is none of the {kind}, of the file nor installed", hint=near
            )
        component = self._registry.find(kind, name)
        try:
            options = component.Options()
        except ValidationError as error:
            missing = ", ".join(str(one["loc"][0]) for one in error.errors() if one["loc"])
            raise ConfigurationError(
                f"{name!r} needs options: {missing}",
                hint=f"name it under `{kind}:` of a file with its options, and give --config",
            ) from error
        return Entry(
            section=kind,
            name=name,
            step=STEP_KEYS[kind](use=name),
            component=component,
            options=options,
        )

    def _misspelt(self, kind: str, name: str, of_file: Mapping[str, Any]) -> str | None:
        known = [*of_file, *self._registry.names(kind)]
        return None if name in known or ":" in name else did_you_mean(name, known)

    def _asks(self, entry: Entry[Any]) -> Callable[..., Any]:
        """The call of a component; what it raises is said in words."""
        component = entry.build()
        self._caller.add(component)

        def ask(panel: CostPanel, **arguments: Any) -> Any:
            try:
                return self._caller.call(component, panel=panel, **arguments)
            except (KeyboardInterrupt, FinopsError):
                raise
            except BaseException as error:  # a plugin may raise anything, SystemExit too
                raise PluginError(
                    f"{entry.section}.{entry.name} failed on the days until "
                    f"{panel.dates[-1]}: {type(error).__name__}: {error}",
                    hint=f"report it to who made {entry.step.use}",
                ) from error

        return ask

    def _detector(self, entry: Entry[DetectorKeys]) -> ReplayedDetector:
        ask = self._asks(entry)
        return ReplayedDetector(
            name=entry.name,
            series=lambda costs, window: JudgedCharges.of(costs, entry.step, window).panel(),
            detect=lambda panel, window: ask(panel, window=window) or (),
        )

    def _forecaster(self, entry: Entry[ForecasterKeys], horizon: int | None) -> ReplayedForecaster:
        keys = entry.step
        ask = self._asks(entry)

        def series(costs: CostSnapshot, window: DateWindow) -> CostPanel:
            query = CostQuery(window=window, cost=keys.cost, group_by=keys.over, where=keys.where)
            return costs.panel(query, history=MODEL_HISTORY)

        def days(origin: date) -> int:
            return horizon or (keys.horizon.after(origin) - origin).days

        return ReplayedForecaster(
            name=entry.name,
            series=series,
            horizon=days,
            levels=tuple(sorted(keys.levels)),
            forecast=lambda panel, horizon, levels: ask(panel, horizon=horizon, levels=levels),
        )
