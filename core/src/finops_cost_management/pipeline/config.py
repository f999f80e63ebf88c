"""A pipeline, as its file describes it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from finops_cost_management.errors import PluginError
from finops_cost_management.pipeline.steps import (
    STEP_KEYS,
    BudgetKeys,
    DetectorKeys,
    ExportKeys,
    ForecasterKeys,
    NotifierKeys,
    OptimizerKeys,
    SavingsKeys,
    SourceKeys,
    StepKeys,
    StoreKeys,
    WindowKeys,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from finops_cost_management.pipeline.policy_rules import PolicyRule
    from finops_cost_management.pipeline.problems import Place, Problem
    from finops_cost_management.plugins.component import Component, Options

DEFAULT_FILE = "finops.yaml"

KeysT = TypeVar("KeysT", bound=StepKeys)
KeysT_co = TypeVar("KeysT_co", bound=StepKeys, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Generic[KeysT_co]):
    """One named step, checked and ready to be built.

    Attributes:
        section: Where the file names it.
        name: Its name there.
        step: What the runner reads of it: ``over``, ``where``, ``on_error``, …
        component: The class behind ``use``.
        options: What the plugin reads of it.
    """

    section: str
    name: str
    step: KeysT_co
    component: type[Component[Any]]
    options: Options

    def build(self) -> Component[Any]:
        """A component of its own for one run.

        Raises:
            PluginError: Its class cannot be instantiated.
        """
        try:
            return self.component(self.options, name=self.name)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a plugin may raise anything, SystemExit too
            raise PluginError(
                f"{self.section}.{self.name} failed to start: {type(error).__name__}: {error}",
                hint=f"check its options, or report it to who made {self.step.use}",
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineConfig:
    """Everything that a pipeline file says; without any file, the defaults.

    Attributes:
        name: The name of the pipeline.
        file: The file it came from, as messages name it.
        window: The days that a run is about.
        sources: Name → step, in the order of the file; likewise the other sections.
        store: Where costs are kept.
        savings: What becomes of all that the optimizers find.
        budgets: Name → budget.
        policies: Name → policy.
        policy_places: Name of a policy → where the file names it.
        warnings: What is allowed and still unwise.
        secrets: Values that must never be shown.
    """

    name: str = "finops"
    file: str = DEFAULT_FILE
    window: WindowKeys = field(default_factory=WindowKeys)
    sources: Mapping[str, Entry[SourceKeys]] = field(default_factory=dict)
    store: StoreKeys = field(default_factory=StoreKeys)
    detectors: Mapping[str, Entry[DetectorKeys]] = field(default_factory=dict)
    forecasters: Mapping[str, Entry[ForecasterKeys]] = field(default_factory=dict)
    optimizers: Mapping[str, Entry[OptimizerKeys]] = field(default_factory=dict)
    savings: SavingsKeys = field(default_factory=SavingsKeys)
    budgets: Mapping[str, BudgetKeys] = field(default_factory=dict)
    policies: Mapping[str, PolicyRule] = field(default_factory=dict)
    policy_places: Mapping[str, Place] = field(default_factory=dict)
    exports: Mapping[str, Entry[ExportKeys]] = field(default_factory=dict)
    notifiers: Mapping[str, Entry[NotifierKeys]] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def entries(self) -> Iterator[Entry[StepKeys]]:
        """Every step, in the order in which money flows."""
        for section in (
            self.sources,
            self.detectors,
            self.forecasters,
            self.optimizers,
            self.exports,
            self.notifiers,
        ):
            yield from section.values()

    def only(self, *sections: str) -> PipelineConfig:
        """The same pipeline with only the steps of some sections enabled.

        Steps that another step asks, as a budget asks its forecaster, are still there.

        Args:
            *sections: Of ``sources``, ``detectors``, …, ``budgets``, ``policies``.
        """
        kept: dict[str, Any] = {
            name: {key: _asleep(entry) for key, entry in getattr(self, name).items()}
            for name in STEP_KEYS.keys() - set(sections)
        }
        for name in {"budgets", "policies"} - set(sections):
            kept[name] = {}
        return replace(self, **kept)


def _asleep(entry: Entry[KeysT]) -> Entry[KeysT]:
    return replace(entry, step=entry.step.model_copy(update={"enabled": False}))
