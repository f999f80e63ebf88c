"""``finops runs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from finops_cost_management.commands.opening import MOST_LINES
from finops_cost_management.commands.tables import FORMATS

if TYPE_CHECKING:
    from finops_cost_management.state.runs import RunRecord


@click.command(epilog="Example: finops runs --limit 5 --format json")
@click.option("--limit", type=click.IntRange(1, MOST_LINES), default=10, show_default=True)
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
    rows = [row for record in records for row in _rows(record)]
    if not rows:
        click.echo("Nothing ran yet: `finops run` does.", err=True)
        return
    show(rows, fmt)


def _rows(record: RunRecord) -> list[dict[str, Any]]:
    run = {"Run": record.run.id, "Pipeline": record.run.pipeline}
    if record.finished is None:
        unknown = dict.fromkeys(("Seconds", "Rows", "Refused", "Requests"))
        message = "it still runs, or its process was killed"
        return [{**run, "Step": "(all)", "State": "not ended", **unknown, "Message": message}]
    return [
        {
            **run,
            "Step": str(step.step),
            "State": step.state.value.replace("_", " "),
            "Seconds": f"{step.seconds:.2f}",
            "Rows": step.rows,
            "Refused": step.refused,
            "Requests": step.requests,
            "Message": step.message,
        }
        for step in record.steps
    ]
