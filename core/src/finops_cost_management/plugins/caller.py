"""Calls components and tells observers: pluggy makes the call."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

import pluggy

from finops_cost_management.errors import ConfigurationError, PluginError
from finops_cost_management.plugins.hook_check import (
    component_problems,
    observer_problems,
    plugin_manager,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finops_cost_management.plugins.component import Component
    from finops_cost_management.plugins.registry import Registry

log = logging.getLogger(__name__)


class ComponentCaller:
    """The components and observers of one run; two runs do not see each other's.

    Attributes:
        observer_errors: Observer → how many times it failed. Its errors are logged and counted,
            never raised: watching a run must not break it.
    """

    def __init__(self) -> None:
        self._manager = plugin_manager()
        self._components: set[Component[Any]] = set()
        self._observers: dict[str, object] = {}
        self.observer_errors: Counter[str] = Counter()

    @property
    def observers(self) -> Mapping[str, object]:
        """The observers that are told, by name."""
        return self._observers

    def add(self, component: Component[Any]) -> None:
        """Register a component, so that it can be called.

        Raises:
            PluginError: It does not keep the signature of its hook.
            ConfigurationError: Another component of its kind has its name.
        """
        name = f"{component.kind}.{component.name}"
        if problems := component_problems(type(component), component.hook, label=repr(name)):
            raise problems[0]
        try:
            self._manager.register(component, name=name)
        except pluggy.PluginValidationError as error:
            raise PluginError(f"{name}: {' '.join(str(error).split())}") from error
        except ValueError as error:
            raise ConfigurationError(f"there are two {name}", hint="rename one of them") from error
        self._components.add(component)

    def call(self, component: Component[Any], **kwargs: Any) -> Any:
        """Ask one component, through any wrappers that observers put around the call.

        Args:
            component: One that was added.
            **kwargs: All arguments of its hook; it is given those that it declares.

        Returns:
            What it answers. Where that is a generator, it runs, and may fail, in your hands.
        """
        others = self._components - {component}
        return self._manager.subset_hook_caller(component.hook, others)(**kwargs)

    def asks_for(self, component: Component[Any], argument: str) -> bool:
        """Whether a component that was added declares an argument of its hook."""
        implementations = getattr(self._manager.hook, component.hook).get_hookimpls()
        return any(argument in one.argnames for one in implementations if one.plugin is component)

    def observe(self, name: str, observer: object) -> None:
        """Let an observer hear, and wrap calls.

        Raises:
            PluginError: It does not keep the signatures of the hooks.
        """
        if problems := observer_problems(observer, label=f"the observer {name!r}"):
            raise problems[0]
        self._manager.register(observer, name=f"observers.{name}")
        self._observers[name] = observer

    def observe_installed(self, registry: Registry) -> None:
        """Let every installed observer hear; one that is broken is logged and counted."""
        for info in registry.available("observers"):
            try:
                if info.problem:
                    raise PluginError(info.problem)  # noqa: TRY301 # one way out for all problems
                self.observe(info.name, registry.load_observer(info))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 # watching a run must not break it
                self._failed(info.name, error)

    def tell(self, event: str, **kwargs: Any) -> None:
        """Tell every observer of an event, one by one, so that none can silence another.

        Args:
            event: A hook of `LifecycleSpecs`.
            **kwargs: All arguments of the hook.
        """
        everyone = self._manager.get_plugins()
        for name, observer in self._observers.items():
            try:
                self._manager.subset_hook_caller(event, everyone - {observer})(**kwargs)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 # SystemExit and a panic in Rust, too
                self._failed(name, error)

    def _failed(self, name: str, error: BaseException) -> None:
        self.observer_errors[name] += 1
        log.warning("observer %s failed: %s: %s", name, type(error).__name__, error, exc_info=error)
