"""``finops run``."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from finops_cost_management.commands.opening import Day

if TYPE_CHECKING:
    from datetime import datetime

    from finops_cost_management.answers.outcome import Outcome

LEVELS = ("low", "medium", "high", "critical")


@click.command(epilog="Example: finops run examples/quickstart.yaml --fail-on high")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--until",
    type=Day(),
    help="First day outside the window [default: today, UTC].",
)
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    help="Exit with 3 if there is a finding of at least this severity. A budget that is exceeded "
    "is critical, one at risk high, one that cannot be told medium; a saving is low.",
)
@click.pass_context
def command(
    ctx: click.Context, file: Path | None, until: datetime | None, fail_on: str | None
) -> int:
    """Run a pipeline: sources, store, questions, answers, people.

    FILE is the configuration; without it FINOPS_CONFIG, else finops.yaml.

    Exit codes: 0 fine, 1 a step failed, 2 the file is wrong, 3 findings with --fail-on,
    130 stopped by the user.
    """
    from finops_cost_management import logs
    from finops_cost_management.commands.progress import ProgressBars, StructuredLog
    from finops_cost_management.errors import ConfigurationError
    from finops_cost_management.pipeline.loading import find_config
    from finops_cost_management.pipeline.pipeline import Pipeline
    from finops_cost_management.settings import load_settings

    settings = load_settings()
    debug = bool((ctx.obj or {}).get("debug"))
    logs.configure("debug" if debug else settings.log_level, settings.log_format)
    path = find_config(file)
    if path is None:
        raise ConfigurationError(
            "there is no configuration: no FILE, no FINOPS_CONFIG, no finops.yaml here",
            hint="write one for your cloud (see docs/configuration.md), or start with the demo: "
            "put `sources: {demo: {use: demo}}` into finops.yaml",
        )
    pipeline = Pipeline.from_yaml(path, settings=settings)
    with ExitStack() as stack:
        if sys.stderr.isatty() and not debug:
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                TimeElapsedColumn(),
                TextColumn("{task.fields[said]}", markup=False),
                console=Console(stderr=True),
                transient=True,
            )
            observer: object = ProgressBars(stack.enter_context(progress))
        else:
            observer = StructuredLog()
        outcome = pipeline.run(until=until.date() if until else None, observers={"cli": observer})
    _say_failures(outcome)
    return int(outcome.exit_code(fail_on))


def _say_failures(outcome: Outcome) -> None:
    from finops_cost_management.logs import masked

    for record in outcome.failures:
        click.echo(masked(f"finops: {record.step} failed: {record.message}"), err=True)
