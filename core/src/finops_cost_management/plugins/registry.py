"""Which plugins are installed, and the class behind a name: stevedore picks.

Entry points are read afresh with `importlib.metadata` and handed to stevedore, because its own
cache on disk can show the packages of two minutes ago and forgets which distribution an entry
point came from; and duplicates are looked for here, because it can miss them.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import TYPE_CHECKING, Any

from stevedore import DriverManager, ExtensionManager

from finops_cost_management.did_you_mean import did_you_mean
from finops_cost_management.errors import MissingRequirementError, PluginError
from finops_cost_management.plugins.component import KINDS, Component
from finops_cost_management.plugins.component_check import component_class_problems
from finops_cost_management.plugins.hook_check import observer_problems
from finops_cost_management.plugins.known import missing_distribution

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

OBSERVERS = "observers"
"""The kind of plugins that listen and wrap instead of answering a step."""

COMMANDS = "commands"
"""The kind of plugins that are commands of `finops`, beside core's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInfo:
    """What is known of a plugin without importing it.

    Attributes:
        name: The word after ``use:``.
        kind: Its group without ``finops.``: ``sources``, ``detectors``, …
        distribution: The package that brings it; None for ``use: module:Class``.
        version: The version of the package.
        value: ``module:Class``.
        problem: Why it cannot be used, as far as can be told without importing; None if fine.
    """

    name: str
    kind: str
    distribution: str | None
    version: str | None
    value: str
    problem: str | None = None

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"{self.name!r} from {self.distribution}" if self.distribution else repr(self.name)


class Registry:
    """The plugins of this environment, as they are installed when it is first asked.

    A plugin is imported when it is asked for by name, and at no other time. What is wrong with
    one plugin is said of that plugin; the others go on working.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], type[Component[Any]] | PluginError] = {}

    @cached_property
    def _installed(self) -> dict[str, metadata.EntryPoints]:
        every = metadata.entry_points()
        return {
            kind: every.select(group=f"finops.{kind}") for kind in (*KINDS, OBSERVERS, COMMANDS)
        }

    def available(self, kind: str) -> list[PluginInfo]:
        """Every installed plugin of a kind, by name, without importing any."""
        entry_points = self._installed[kind]
        return sorted(
            (self._describe(kind, one, entry_points) for one in entry_points),
            key=lambda info: (info.name, info.distribution or ""),
        )

    def names(self, kind: str) -> list[str]:
        """The names that ``use:`` may say for a kind, each once."""
        return list(dict.fromkeys(info.name for info in self.available(kind)))

    def find(self, kind: str, name: str) -> type[Component[Any]]:
        """Import the component class behind a name and check that it keeps its contract.

        Args:
            kind: One of `KINDS`.
            name: An entry point's name, or ``module:Class`` of a module that is importable from
                the working folder too.

        Raises:
            PluginError: There is no such plugin, it is offered twice, it cannot be imported, it
                is not what it claims to be, or something that it needs is not installed.
        """
        key = (kind, name)
        if key not in self._found:
            try:
                self._found[key] = self._find(kind, name)
            except PluginError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, PluginError):
            raise found
        return found

    def check(self, info: PluginInfo) -> list[str]:
        """Import one plugin and say everything that is wrong with it, one line each."""
        from finops_cost_management.plugins.component_check import undocumented_options
        from finops_cost_management.plugins.light_import import heavy_imports

        if info.problem:
            return [info.problem]
        try:
            if info.kind == OBSERVERS:
                self.load_observer(info)
                return []
            if info.kind == COMMANDS:
                self.load_command(info)
                return []
            cls = self.find(info.kind, info.name)
        except PluginError as error:
            return [str(error)]
        problems = [
            f"{info.label}: option {option!r} is not documented; write a docstring under it"
            for option in undocumented_options(cls)
        ]
        if heavy := heavy_imports(info.value.partition(":")[0]):
            problems.append(
                f"{info.label}: importing it also imports {', '.join(heavy)}; "
                "move these imports into the methods that use them"
            )
        return problems

    def lacks_extra(self, info: PluginInfo) -> bool:
        """Whether all that is wrong with a plugin is an extra that is not installed."""
        try:
            self.find(info.kind, info.name)
        except MissingRequirementError:
            return True
        except PluginError:
            return False
        return False

    def load_observer(self, info: PluginInfo) -> object:
        """Import an observer; a class is instantiated.

        Raises:
            PluginError: It cannot be imported or implements no hook rightly.
        """
        loaded = _import(info, list(self._installed[OBSERVERS]))
        observer = _instantiate(info, loaded) if isinstance(loaded, type) else loaded
        if problems := observer_problems(observer, label=info.label):
            raise problems[0]
        return observer

    def load_command(self, info: PluginInfo) -> click.Command:
        """Import a command of `finops`.

        Raises:
            PluginError: It is offered twice, cannot be imported, or is no command.
        """
        import click

        if info.problem:
            raise PluginError(info.problem)
        command = _import(info, list(self._installed[COMMANDS]))
        if not isinstance(command, click.Command):
            raise PluginError(
                f"{info.label} is not a command",
                hint="name a function decorated with @click.command or @click.group",
            )
        return command

    def _find(self, kind: str, name: str) -> type[Component[Any]]:
        if ":" in name:
            info = PluginInfo(name=name, kind=kind, distribution=None, version=None, value=name)
            if (here := os.getcwd()) not in sys.path:  # noqa: PTH109 # sys.path holds strings
                sys.path.append(here)
            entry_points: Sequence[metadata.EntryPoint] = [
                metadata.EntryPoint(name=name, value=name, group=f"finops.{kind}")
            ]
        else:
            found = next((one for one in self.available(kind) if one.name == name), None)
            if found is None:
                raise self._not_offered(kind, name)
            if found.problem:
                raise PluginError(found.problem)
            info, entry_points = found, list(self._installed[kind])
        cls = _import(info, entry_points)
        if problems := component_class_problems(cls, kind, label=info.label):
            raise problems[0]
        component: type[Component[Any]] = cls
        return component

    def _describe(
        self, kind: str, entry_point: metadata.EntryPoint, group: metadata.EntryPoints
    ) -> PluginInfo:
        offers = sorted({_distribution(one) for one in group if one.name == entry_point.name})
        problem = None
        if len(offers) > 1:
            problem = (
                f"{entry_point.name!r} is offered by {' and by '.join(offers)}; "
                "uninstall one of them"
            )
        elif ":" not in entry_point.value and kind != OBSERVERS:
            problem = (
                f"{entry_point.name!r} from {offers[0]} names no class: {entry_point.value!r}; "
                "write its entry point as module:Class"
            )
        return PluginInfo(
            name=entry_point.name,
            kind=kind,
            distribution=_distribution(entry_point),
            version=entry_point.dist.version if entry_point.dist else None,
            value=entry_point.value,
            problem=problem,
        )

    def _not_offered(self, kind: str, name: str) -> PluginError:
        what = f"no installed package offers {name!r} in {kind}"
        if distribution := missing_distribution(kind, name):
            return PluginError(what, hint=f"try: pip install {distribution}")
        others = [other for other in KINDS if other != kind and name in self.names(other)]
        if others:
            return PluginError(what, hint=f"it is one of the {' and '.join(others)}")
        return PluginError(
            what,
            hint=did_you_mean(name, self.names(kind))
            or "`finops plugins list` shows what is installed",
        )


def _distribution(entry_point: metadata.EntryPoint) -> str:
    return entry_point.dist.name if entry_point.dist else "an unknown package"


def _import(info: PluginInfo, entry_points: Sequence[metadata.EntryPoint]) -> Any:
    group = f"finops.{info.kind}"
    # stevedore looks here before it looks at its cache on disk.
    ExtensionManager.ENTRY_POINT_CACHE[group] = list(entry_points)
    try:
        return DriverManager(group, info.name).driver
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may raise anything, SystemExit too
        reason = " ".join(str(error).split())
        raise PluginError(
            f"{info.label} failed to import: {type(error).__name__}: {reason}",
            hint=f"upgrade, repair or uninstall {info.distribution}"
            if info.distribution
            else "is the module in the working folder or installed?",
        ) from error


def _instantiate(info: PluginInfo, cls: type) -> object:
    try:
        return cls()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # it may raise anything, SystemExit too
        raise PluginError(
            f"{info.label} failed to start: {type(error).__name__}: {error}",
            hint=f"upgrade, repair or uninstall {info.distribution}",
        ) from error
