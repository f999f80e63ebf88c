"""``finops plugins``: what is installed, what it offers, whether it is right."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from finops_cost_management.plugins.component import Component
    from finops_cost_management.plugins.registry import PluginInfo, Registry

_format = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="For people or for programs.",
)


@click.group("plugins")
def command() -> None:
    """List, explain and check the plugins that are installed."""


@command.command("list")
@_format
def list_plugins(form: str) -> None:
    """List every installed plugin, without importing any."""
    plugins = _installed(_registry())
    if form == "json":
        _print_json([_as_data(info) for info in plugins])
    else:
        _print_table(
            ["kind", "name", "package", "version", "problem"],
            [
                [info.kind, info.name, info.distribution, info.version, info.problem]
                for info in plugins
            ],
        )


@command.command("show")
@click.argument("name")
@_format
def show_plugin(name: str, form: str) -> None:
    """Explain the plugin NAME and its options."""
    registry = _registry()
    plugins = _named(registry, name)
    explained = [
        (info, None if info.kind == "observers" else registry.find(info.kind, info.name))
        for info in plugins
    ]
    if form == "json":
        _print_json(
            [
                _as_data(info)
                | ({"options": component.Options.model_json_schema()} if component else {})
                for info, component in explained
            ]
        )
        return
    for info, component in explained:
        click.echo(f"{info.name}: {info.kind}, from {info.distribution} {info.version}")
        click.echo(f"  {info.value}")
        if component is not None:
            click.echo(f"\n{inspect.cleandoc(component.__doc__ or 'Not documented.')}\n")
            _print_table(["option", "type", "default", "description"], _options(component))


@command.command("check")
@click.argument("name", required=False)
@_format
def check_plugins(name: str | None, form: str) -> None:
    """Import the plugin NAME, or every one, and say what is wrong with it."""
    registry = _registry()
    plugins = _named(registry, name) if name else _installed(registry)
    checked = [(info, registry.check(info)) for info in plugins]
    if form == "json":
        _print_json([_as_data(info) | {"problems": problems} for info, problems in checked])
    else:
        _print_table(
            ["kind", "name", "package", "verdict"],
            [
                [info.kind, info.name, info.distribution, problem]
                for info, problems in checked
                for problem in problems or ["fine"]
            ],
        )
    if any(problems for _, problems in checked):
        raise click.exceptions.Exit(1)


def _registry() -> Registry:
    from finops_cost_management.plugins.registry import Registry

    return Registry()


def _installed(registry: Registry) -> list[PluginInfo]:
    from finops_cost_management.plugins.component import KINDS
    from finops_cost_management.plugins.registry import OBSERVERS

    return [info for kind in (*KINDS, OBSERVERS) for info in registry.available(kind)]


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


def _options(component: type[Component[Any]]) -> Iterable[Sequence[str]]:
    for name, field in component.Options.model_fields.items():
        default = "required" if field.is_required() else repr(field.get_default())
        kind = inspect.formatannotation(field.annotation, base_module="pydantic.types")
        yield [field.alias or name, kind, default, " ".join((field.description or "").split())]


def _as_data(info: PluginInfo) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(info)


def _print_json(data: Any) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """A table for a person; in a pipe, lines with tabs, which every tool can cut."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    texts = [[cell or "" for cell in row] for row in rows]
    if not console.is_terminal:
        for row in (columns, *texts):
            click.echo("\t".join(row))
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in texts:
        table.add_row(*row)
    console.print(table, markup=False)
