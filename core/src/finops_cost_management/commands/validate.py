"""``finops validate``: is the pipeline file right?"""

from __future__ import annotations

from pathlib import Path

import click


@click.command("validate")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--show", is_flag=True, help="Print the whole configuration, secrets masked.")
def command(file: Path | None, *, show: bool) -> None:
    """Check a pipeline FILE and say everything that is wrong with it.

    Imports only the plugins that it names, and calls nobody. Without FILE, checks the one that
    FINOPS_CONFIG names, else finops.yaml in the working folder.
    """
    from finops_cost_management.errors import ConfigurationError
    from finops_cost_management.pipeline.config import DEFAULT_FILE
    from finops_cost_management.pipeline.loading import find_config, load_config
    from finops_cost_management.pipeline.masking import masked_yaml
    from finops_cost_management.plugins.registry import Registry

    path = find_config(file)
    if path is None:
        raise ConfigurationError(
            f"there is no {DEFAULT_FILE} here", hint="name a file, or set FINOPS_CONFIG"
        )
    config = load_config(path, Registry())
    for warning in config.warnings:
        click.echo(f"warning: {warning.within(config.file)}", err=True)
    if show:
        click.echo(masked_yaml(config), nl=False)
    else:
        budgets = "one budget" if len(config.budgets) == 1 else f"{len(config.budgets)} budgets"
        told = [f"{len(list(config.entries))} steps", budgets]
        if config.policies:
            count = len(config.policies)
            told.append("one policy" if count == 1 else f"{count} policies")
        click.echo(f"{path} is fine: {', '.join(told)}")
