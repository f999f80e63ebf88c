"""``finops optimize``."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import click

from finops_cost_management.commands.opening import config_option
from finops_cost_management.commands.tables import FORMATS

if TYPE_CHECKING:
    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.answers.recommendations import Recommendation

FIGURES = ("Saves a month", "Counts")
CATEGORIES = ("compute", "storage", "network", "database", "commitment", "kubernetes")


@click.command(epilog="Example: finops optimize --category compute --min-savings 50")
@click.option(
    "--category",
    "categories",
    multiple=True,
    type=click.Choice(CATEGORIES),
    help="Only this kind of spend; may be repeated.",
)
@click.option(
    "--min-savings",
    type=click.FloatRange(min=0),
    help="Only what saves at least this a month, in the currency of the bill.",
)
@click.option(
    "--provider",
    "providers",
    multiple=True,
    help="aws, azure, gcp, or a provider as the bill names it; may be repeated.",
)
@click.option("--days", type=click.IntRange(7, 366), help="How far back every check looks.")
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Only what is at least so likely to be real.",
)
@click.option("--format", "fmt", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write to a file.")
@config_option
def command(
    categories: tuple[str, ...],
    min_savings: float | None,
    providers: tuple[str, ...],
    days: int | None,
    min_confidence: float,
    fmt: str,
    output: Path | None,
    config_path: Path | None,
) -> int:
    """Say what would cost less, from the costs that the store holds.

    The optimizers of the configuration are asked; where it names none, all checks that need
    nothing but the bill. Findings are kept: `finops recommendations` shows and decides them.
    """
    from finops_cost_management.commands.tables import show
    from finops_cost_management.facade.cost_aggregator import CostAggregator
    from finops_cost_management.facade.cost_optimizer import CostOptimizer, OptimizerConfig
    from finops_cost_management.report.savings_rows import full_row, short_row
    from finops_cost_management.whole_file import whole_file

    optimizer = CostOptimizer(
        CostAggregator(config_path),
        OptimizerConfig(analysis_period_days=days, confidence_level=_number(min_confidence)),
    )
    outcome = optimizer.analyze()
    found = optimizer.select(
        outcome,
        categories or None,
        min_savings,
        providers or None,
    )
    rows = [short_row(one) if fmt == "table" else full_row(one) for one in found]
    if output:
        with whole_file(output) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            show(rows, fmt, stream=file, figures=FIGURES, nothing="Nothing to save.")
        click.echo(f"wrote {output}", err=True)
    else:
        show(rows, fmt, figures=FIGURES, nothing="Nothing to save.")
    _say_the_rest(outcome, found)
    return int(outcome.exit_code())


def _number(given: float) -> float:
    if isnan(given):
        raise click.BadParameter("nan is no number", param_hint="--min-confidence")
    return given


def _say_the_rest(outcome: Outcome, found: list[Recommendation]) -> None:
    """Totals, what was looked at, and what failed, beside the table."""
    from finops_cost_management.answers.alternatives import monthly_savings
    from finops_cost_management.logs import masked
    from finops_cost_management.report.silences import decided_before
    from finops_cost_management.report.wording import money

    for currency, total in monthly_savings(found).items():
        click.echo(f"up to {money(total, currency)} a month, each resource counted once", err=True)
    if any(one.better for one in found):
        click.echo("what counts less than it saves: better advice on the same resource", err=True)
    if hidden := len(outcome.recommendations) - len(found):
        click.echo(f"{hidden:,} others do not meet the options given", err=True)
    if outcome.decided:
        click.echo(decided_before(len(outcome.decided)), err=True)
    for step, answer in outcome.savings.items():
        click.echo(f"{step}: {answer.coverage}", err=True)
    for record in outcome.failures:
        click.echo(masked(f"finops: {record.step} failed: {record.message}"), err=True)
