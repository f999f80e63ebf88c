"""Is a class what its entry point claims it to be?"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from finops_cost_management.errors import MissingRequirementError, PluginError
from finops_cost_management.plugins.component import KINDS, Component, Options
from finops_cost_management.plugins.hook_check import component_problems

if TYPE_CHECKING:
    from collections.abc import Iterator


def component_class_problems(cls: object, kind: str, *, label: str) -> list[PluginError]:
    """Everything that is wrong with a loaded class, without instantiating it.

    Args:
        cls: What the entry point gave.
        kind: The kind that it is offered as.
        label: How messages call it, with its distribution.
    """
    base = KINDS[kind]
    if not (isinstance(cls, type) and issubclass(cls, base)):
        return [
            PluginError(
                f"{label} is not a {base.__name__}",
                hint=f"subclass {base.__module__}.{base.__name__}",
            )
        ]
    return [
        *_class_problems(cls, label),
        *component_problems(cls, base.hook, label=label),
        *_missing_needs(cls, label),
    ]


def undocumented_options(cls: type[Component[Any]]) -> list[str]:
    """Options without a docstring under them."""
    return [name for name, field in cls.Options.model_fields.items() if not field.description]


def _class_problems(cls: type[Component[Any]], label: str) -> Iterator[PluginError]:
    if not (isinstance(cls.Options, type) and issubclass(cls.Options, Options)):
        yield PluginError(
            f"{label} has options that are not an Options model",
            hint=f"subclass {Options.__module__}.Options",
        )
    if cls.__hash__ is not object.__hash__:
        # The caller keeps components in sets, where two equal ones would answer for each other.
        yield PluginError(
            f"{label} compares by value",
            hint="leave __eq__ and __hash__ alone: a component is one thing, not a value",
        )


def _missing_needs(cls: type[Component[Any]], label: str) -> Iterator[PluginError]:
    for module, requirement in cls.needs.items():
        try:
            present = find_spec(module) is not None
        except ImportError:  # the parent of a dotted name is missing
            present = False
        if not present:
            yield MissingRequirementError(
                f"{label} needs {module}", hint=f"try: pip install '{requirement}'"
            )
