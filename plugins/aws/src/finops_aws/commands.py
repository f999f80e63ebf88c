"""``finops aws``."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def aws() -> None:
    """What only AWS needs."""


@aws.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--all", "every", is_flag=True, help="For all that the plugin has, not for a file.")
def permissions(file: Path | None, *, every: bool) -> None:
    """Print the least IAM policy for the steps that the pipeline FILE names.

    Without FILE, that of FINOPS_CONFIG, else finops.yaml. Nothing is asked of AWS.
    """
    import json

    from finops_aws.policy import LONGEST, needs_of, needs_of_all, policy
    from finops_cost_management import ConfigurationError
    from finops_cost_management.pipeline.loading import find_config, load_config
    from finops_cost_management.plugins.registry import Registry

    if every and file:
        raise ConfigurationError("--all is for all steps, FILE for some", hint="give one of them")
    if every:
        needs = needs_of_all(Registry())
    else:
        found = find_config(file)
        if found is None:
            raise ConfigurationError(
                "there is no pipeline file", hint="name one, or give --all for all steps"
            )
        needs = needs_of(load_config(found, Registry()))
        if not needs:
            raise ConfigurationError(
                f"no step of {found} asks AWS", hint="give --all for all that the plugin has"
            )
    document = policy(needs)
    click.echo(json.dumps(document, indent=2))
    size = len(json.dumps(document, separators=(",", ":")))
    if size > LONGEST:
        click.echo(
            f"The policy has {size:,} characters, and IAM takes {LONGEST:,} in one: attach its "
            "statements as several policies.",
            err=True,
        )
    if any(need.role for need in needs):
        click.echo(
            "Assume… is for who runs finops, all else for the role that is assumed.", err=True
        )
