"""``finops runs``."""

from __future__ import annotations

import click

from finops_cost_management.commands.tables import FORMATS


@click.command(epilog="Example: finops runs --limit 5 --format json")
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True)
@click.option("--format", "fmt", type=click.Choice(FORMATS), default="table", show_default=True)
def command(limit: int, fmt: str) -> None:
    """List the latest runs and how each step ended."""
    from finops_cost_management.commands.tables import show
    from finops_cost_management.settings import load_settings
    from finops_cost_management.state.database import StateDatabase
    from finops_cost_management.state.runs import recent_runs

    database = StateDatabase.of(load_settings())
    try:
        records = recent_runs(database, limit)
    finally:
        database.close()
    rows = [
        {
            "Run": record.run.id,
            "Pipeline": record.run.pipeline,
            "Step": str(step.step),
            "State": step.state.value,
            "Seconds": f"{step.seconds:.2f}",
            "Rows": step.rows,
            "Refused": step.refused,
            "Message": step.message,
        }
        for record in records
        for step in record.steps
    ]
    if not rows:
        click.echo("Nothing ran yet: `finops run` does.", err=True)
        return
    show(rows, fmt)
