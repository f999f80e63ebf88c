"""A pipeline, as its file describes it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from finops_cost_management.errors import AccessError, ConfigurationError
from finops_cost_management.pipeline.steps import (
    BudgetKeys,
    DetectorKeys,
    ExportKeys,
    ForecasterKeys,
    NotifierKeys,
    OptimizerKeys,
    SourceKeys,
    StepKeys,
    StoreKeys,
    WindowKeys,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from finops_cost_management.pipeline.problems import Problem
    from finops_cost_management.plugins.component import Component, Options
    from finops_cost_management.plugins.registry import Registry

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
        """A component of its own for one run."""
        return self.component(self.options, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineConfig:
    """Everything that a pipeline file says; without any file, the defaults.

    Attributes:
        name: The name of the pipeline.
        file: The file it came from, as messages name it.
        window: The days that a run is about.
        sources: Name → step, in the order of the file; likewise the other sections.
        store: Where costs are kept.
        budgets: Name → budget.
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
    budgets: Mapping[str, BudgetKeys] = field(default_factory=dict)
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

    def masked_yaml(self) -> str:
        """The whole configuration, defaults filled in, with every secret as ``***``."""
        from finops_cost_management.pipeline.masking import masked_yaml

        return masked_yaml(self)


def load_config(
    path: Path, registry: Registry, *, environment: Mapping[str, str] = os.environ
) -> PipelineConfig:
    """Read and check a pipeline file; only the plugins that it names are imported.

    Raises:
        ConfigurationProblems: Something in it is wrong; all of it is said at once.
        AccessError: The file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"there is no file {path}", hint="check the path, or run in another folder"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
    except OSError as error:
        raise AccessError(f"cannot read {path}: {error.strerror}") from error
    return parse_config(text, registry, file=str(path), environment=environment)


def parse_config(
    text: str,
    registry: Registry,
    *,
    file: str = DEFAULT_FILE,
    environment: Mapping[str, str] = os.environ,
) -> PipelineConfig:
    """Check a pipeline that is given as text.

    Args:
        text: YAML.
        registry: Where plugins are looked for.
        file: How messages name the text.
        environment: Where ``${NAME}`` is looked for.

    Raises:
        ConfigurationProblems: Something in it is wrong; all of it is said at once.
    """
    from finops_cost_management.pipeline.config_reader import ConfigReader
    from finops_cost_management.pipeline.yaml_document import YamlDocument

    return ConfigReader(YamlDocument(text, environment), registry, file).read()


def find_config(explicit: Path | None) -> Path | None:
    """The file to use: the one that was named, else ``FINOPS_CONFIG``, else ``finops.yaml`` here.

    Returns:
        Its path; None where there is none.

    Raises:
        ConfigurationError: A file was named that does not exist.
    """
    named, by = explicit, "the command"
    if named is None:
        # Only here: reading settings takes longer than checking a file.
        from finops_cost_management.settings import load_settings

        named, by = load_settings().config, "FINOPS_CONFIG"
    if named is None:
        default = Path(DEFAULT_FILE)
        return default if default.is_file() else None
    if not named.is_file():
        raise ConfigurationError(
            f"there is no file {named}, which {by} names", hint="check the path"
        )
    return named
