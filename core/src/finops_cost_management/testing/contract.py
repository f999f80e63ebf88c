# ruff: noqa: S101 # assert is how pytest speaks
"""What every plugin promises, whatever its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from pydantic import SecretStr, ValidationError

from finops_cost_management.plugins.caller import ComponentCaller
from finops_cost_management.plugins.component_check import undocumented_options
from finops_cost_management.plugins.light_import import heavy_imports
from finops_cost_management.plugins.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from finops_cost_management.plugins.component import Component


class PluginContract:
    """Subclass the contract of your plugin's kind, not this one.

    Attributes:
        plugin: The name of the plugin, as ``use:`` says it.
        options: Options to test it with; every required one.
        kind: Set by the contract of each kind.
    """

    plugin: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    kind: ClassVar[str]

    @pytest.fixture
    def component_class(self) -> type[Component[Any]]:
        """The class behind the name, found as a pipeline finds it."""
        return Registry().find(self.kind, self.plugin)

    @pytest.fixture
    def component(self, component_class: type[Component[Any]]) -> Component[Any]:
        """The plugin with its options."""
        return component_class(
            component_class.Options.model_validate(dict(self.options)), name="tested"
        )

    def ask(self, component: Component[Any], **arguments: Any) -> Any:
        """Call the plugin as the runner does, with the arguments that it declares."""
        caller = ComponentCaller()
        caller.add(component)
        return caller.call(component, **arguments)

    def test_registry_accepts_it(self) -> None:
        """The entry point gives a class of the right kind that answers its hook.

        Everything that `finops validate` would refuse is refused here, with the same words.
        """
        registry = Registry()
        try:
            registry.find(self.kind, self.plugin)
        except Exception as error:  # noqa: BLE001 # whatever it is, its words are the message
            pytest.fail(str(error))

    def test_import_is_light(self, component_class: type[Component[Any]]) -> None:
        """Importing the module brings no SDK and no numeric library.

        `finops validate` and `finops plugins` import what a file names, on every start. An SDK
        costs a second there, and nobody has asked it anything yet.
        """
        heavy = heavy_imports(component_class.__module__)
        assert not heavy, (
            f"importing {component_class.__module__} also imports {', '.join(heavy)}: "
            "move these imports into the methods that use them"
        )

    def test_every_option_is_documented(self, component_class: type[Component[Any]]) -> None:
        """The docstring under an option is its help in the editor and on the reference page."""
        undocumented = undocumented_options(component_class)
        assert not undocumented, f"write a docstring under {', '.join(undocumented)}"

    def test_plugin_is_documented(self, component_class: type[Component[Any]]) -> None:
        """The docstring of the class is what `finops plugins show` explains it with."""
        # Looked up in the class itself: an inherited docstring explains the base.
        assert vars(component_class).get("__doc__"), (
            f"write a docstring for {component_class.__qualname__}"
        )

    def test_unknown_option_is_refused(self, component_class: type[Component[Any]]) -> None:
        """A misspelt option must be an error: silence would run with the default instead."""
        with pytest.raises(ValidationError):
            component_class.Options.model_validate({**self.options, "no_such_option": 1})
        assert component_class.Options.model_config.get("extra") == "forbid", (
            "leave extra='forbid' in the options' model_config"
        )

    def test_repr_holds_no_secret(self, component: Component[Any]) -> None:
        """Components are logged by their repr, and logs are read by many."""
        shown = f"{component!r} {component.options!r}"
        leaked = [secret for secret in _secrets(component.options) if secret in shown]
        assert not leaked, "keep secrets in SecretStr options and out of __repr__"

    def test_no_test_is_overridden_in_silence(self) -> None:
        """The contract is worth what it tests: an exception is stated, with its reason.

        Decorate the overriding test with ``@pytest.mark.xfail(reason="…")``.
        """
        silent = [
            name
            for name in dir(type(self))
            if name.startswith("test_") and _is_overridden(type(self), name)
        ]
        assert not silent, f"{', '.join(silent)}: say why with @pytest.mark.xfail(reason=…)"


def _is_overridden(cls: type, name: str) -> bool:
    ours = [base for base in cls.__mro__ if base.__module__.startswith(__package__)]
    if not any(name in vars(base) for base in ours):
        return False
    chosen = next(vars(base)[name] for base in cls.__mro__ if name in vars(base))
    if any(vars(base).get(name) is chosen for base in ours):
        return False
    marks = getattr(chosen, "pytestmark", [])
    return not any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks)


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif hasattr(type(value), "model_fields"):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from _secrets(item)
