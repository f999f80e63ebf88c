"""``finops plugins``: what is installed, what it offers, whether it is right."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import click

from finops_cost_management.commands.tables import FORMATS, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finops_cost_management.plugins.component import Component
    from finops_cost_management.plugins.registry import PluginInfo, Registry

_format = click.option(
    "--format", "fmt", type=click.Choice(FORMATS), default="table", show_default=True
)


@click.group("plugins")
def command() -> None:
    """List, explain and check the plugins that are installed."""


@command.command("list")
@_format
def list_plugins(fmt: str) -> None:
    """List every installed plugin, without importing any."""
    plugins = _installed(_registry())
    show([{**_said(info), "problem": info.problem or "-"} for info in plugins], fmt)


@command.command("show")
@click.argument("name")
def show_plugin(name: str) -> None:
    """Explain the plugin NAME and its options."""
    registry = _registry()
    for info in _named(registry, name):
        click.echo(f"{info.name}: {info.kind}, from {info.distribution} {info.version}")
        click.echo(f"  {info.value}")
        if info.kind not in ("observers", "commands"):
            component = registry.find(info.kind, info.name)
            click.echo(f"\n{inspect.cleandoc(component.__doc__ or 'Not documented.')}")
            if options := list(_options(component)):
                show(options, "table")


@command.command("check")
@click.argument("name", required=False)
@_format
def check_plugins(name: str | None, fmt: str) -> None:
    """Import the plugin NAME, or every one, and say what is wrong with it.

    Exits with 1 where something is; of every one, not where only an extra is not installed.
    """
    registry = _registry()
    plugins = _named(registry, name) if name else _installed(registry)
    checked = [(info, registry.check(info)) for info in plugins]
    show(
        [
            {**_said(info), "verdict": verdict}
            for info, problems in checked
            for verdict in problems or ["fine"]
        ],
        fmt,
    )
    if any(problems and (name or not registry.lacks_extra(info)) for info, problems in checked):
        raise click.exceptions.Exit(1)


def _said(info: PluginInfo) -> dict[str, Any]:
    return {
        "kind": info.kind,
        "name": info.name,
        "package": info.distribution,
        "version": info.version,
    }


def _registry() -> Registry:
    from finops_cost_management.plugins.registry import Registry

    return Registry()


def _installed(registry: Registry) -> list[PluginInfo]:
    from finops_cost_management.plugins.component import KINDS
    from finops_cost_management.plugins.registry import COMMANDS, OBSERVERS

    return [info for kind in (*KINDS, OBSERVERS, COMMANDS) for info in registry.available(kind)]


def _named(registry: Registry, name: str) -> list[PluginInfo]:
    from finops_cost_management.did_you_mean import did_you_mean
    from finops_cost_management.errors import PluginError

    plugins = _installed(registry)
    if found := [info for info in plugins if info.name == name]:
        return found
    raise PluginError(
        f"no plugin is called {name!r}",
        hint=did_you_mean(name, [info.name for info in plugins])
        or "`finops plugins list` shows what is installed",
    )


def _options(component: type[Component[Any]]) -> Iterator[dict[str, str]]:
    for name, field in component.Options.model_fields.items():
        default = "required" if field.is_required() else repr(field.get_default())
        kind = inspect.formatannotation(field.annotation, base_module="pydantic.types")
        yield {
            "option": field.alias or name,
            "type": kind,
            "default": default,
            "description": " ".join((field.description or "").split()),
        }
