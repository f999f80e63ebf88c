"""Does a class or an object keep the hook specifications? pluggy decides, in one line each."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pluggy

from finops_cost_management.did_you_mean import did_you_mean
from finops_cost_management.errors import PluginError
from finops_cost_management.plugins.hookspecs import PROJECT, ComponentSpecs, LifecycleSpecs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def plugin_manager() -> pluggy.PluginManager:
    """A pluggy manager that knows every hook, and no plugin yet."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(ComponentSpecs)
    manager.add_hookspecs(LifecycleSpecs)
    return manager


COMPONENT_HOOKS = frozenset(name for name in vars(ComponentSpecs) if not name.startswith("_"))
"""Hooks that one component answers; the others are told to observers."""


def component_problems(cls: type, hook: str, *, label: str) -> list[PluginError]:
    """What is wrong with the hook implementations of a component class.

    Args:
        cls: The class; it is not instantiated.
        hook: The hook that it has to answer.
        label: How messages call it, with its distribution.
    """
    problems = list(_problems(cls, label))
    if not problems and hook not in {name for name, _, _ in _implementations(cls)}:
        problems.append(
            PluginError(
                f"{label} does not answer its hook",
                hint=f"write `@hookimpl def {hook}(self, {', '.join(_arguments(hook))})`",
            )
        )
    return problems


def observer_problems(observer: object, *, label: str) -> list[PluginError]:
    """What is wrong with the hook implementations of an observer.

    Args:
        observer: An object or a module.
        label: How messages call it, with its distribution.
    """
    problems = list(_problems(observer, label))
    # A plain implementation would answer in place of the component that a step names.
    problems += [
        PluginError(f"{label} answers {hook}", hint="an observer wraps: @hookimpl(wrapper=True)")
        for hook, _, options in _implementations(observer)
        if hook in COMPONENT_HOOKS and not (options["wrapper"] or options["hookwrapper"])
    ]
    return problems


def _implementations(
    plugin: object,
) -> Iterator[tuple[str, Callable[..., object], pluggy.HookimplOpts]]:
    """Hook, method and marker of everything that is marked with ``@hookimpl``."""
    manager = pluggy.PluginManager(PROJECT)
    for name in dir(plugin):
        if options := manager.parse_hookimpl_opts(plugin, name):
            yield options.get("specname") or name, getattr(plugin, name), options


def _problems(plugin: object, label: str) -> Iterator[PluginError]:
    manager = plugin_manager()
    try:
        manager.register(plugin)
    except pluggy.PluginValidationError as error:
        yield from _signature_problems(plugin, label) or [
            PluginError(f"{label}: {' '.join(str(error).split())}")
        ]
        return
    # Accepted by pluggy, and still never given: arguments with a default, keyword-only ones.
    yield from _signature_problems(plugin, label)
    for caller in manager.get_hookcallers(plugin) or []:
        if not caller.has_spec():
            known = [name for name in vars(manager.hook) if getattr(manager.hook, name).has_spec()]
            yield PluginError(
                f"{label} implements the unknown hook {caller.name!r}",
                hint=did_you_mean(caller.name, known) or f"the hooks are {', '.join(known)}",
            )


def _signature_problems(plugin: object, label: str) -> list[PluginError]:
    problems = []
    for hook, method, _ in _implementations(plugin):
        if not (given := _arguments(hook)):
            continue
        parameters = [
            parameter
            for parameter in inspect.signature(method).parameters.values()
            if parameter.name != "self"
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        ]
        unknown = [p.name for p in parameters if p.name not in given and p.default is p.empty]
        never_given = [
            p.name
            for p in parameters
            if p.name in given and (p.default is not p.empty or p.kind is p.KEYWORD_ONLY)
        ]
        call = f"{hook}({', '.join(given)})"
        if unknown:
            problems.append(
                PluginError(
                    f"{label} asks {hook} for {', '.join(map(repr, unknown))}",
                    hint=did_you_mean(unknown[0], given)
                    or f"the hook is {call}; take any of its arguments",
                )
            )
        if never_given:
            problems.append(
                PluginError(
                    f"{label} would never be given {', '.join(map(repr, never_given))} of {call}",
                    hint="take it as a plain argument without a default",
                )
            )
    return problems


def _arguments(hook: str) -> tuple[str, ...]:
    spec = getattr(ComponentSpecs, hook, None) or getattr(LifecycleSpecs, hook, None)
    return tuple(inspect.signature(spec).parameters)[1:] if spec else ()
