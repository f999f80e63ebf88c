"""``finops export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from finops_cost_management.commands.opening import MOST_DAYS, Day, as_of_option, config_option

if TYPE_CHECKING:
    from datetime import datetime

    from finops_cost_management.focus.writing import WrittenVersion

FORMATS: dict[str, WrittenVersion] = {
    "focus-1.2": "1.2",
    "focus-1.3": "1.3",
    "focus-1.4": "1.4",
}


@click.command(epilog="Example: finops export --format focus-1.2 --output demo.parquet --days 60")
@click.option(
    "--format", "fmt", type=click.Choice(list(FORMATS)), default="focus-1.2", show_default=True
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The file; .parquet, .csv or .csv.gz says which kind.",
)
@click.option(
    "--days",
    type=click.IntRange(1, MOST_DAYS),
    default=30,
    show_default=True,
    help="The last days.",
)
@click.option(
    "--until",
    type=Day(),
    help="First day outside [default: today, UTC].",
)
@config_option
@as_of_option
def command(
    fmt: str,
    output: Path,
    days: int,
    until: datetime | None,
    config_path: Path | None,
    as_of: int | datetime | None,
) -> int:
    """Write the store's rows as a FOCUS file that other tools read."""
    from finops_cost_management.commands.opening import open_snapshot
    from finops_cost_management.focus.writing import write_focus
    from finops_cost_management.query.cost_query import CostQuery
    from finops_cost_management.window import DateWindow, today_utc

    window = DateWindow.last(days, until=until.date() if until else today_utc())
    with open_snapshot(config_path, as_of) as costs:
        rows = CostQuery(window=window).select(costs.rows)
        count = rows.count().to_pyarrow().as_py()
        if not count:
            click.echo(
                f"The store has no charge from {window}, so nothing was written. "
                "`finops store show` says what it has, `finops run` brings more.",
                err=True,
            )
            return 1
        write_focus(rows, FORMATS[fmt], output, costs.engine)
    click.echo(f"wrote {count:,} rows to {output}", err=True)
    return 0
