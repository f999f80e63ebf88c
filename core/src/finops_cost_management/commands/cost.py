"""``finops cost``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from finops_cost_management.commands.opening import MOST_DAYS, Day, as_of_option, config_option
from finops_cost_management.commands.tables import FORMATS

if TYPE_CHECKING:
    from datetime import datetime

    from finops_cost_management.query.cost_query import Condition
    from finops_cost_management.window import DateWindow


@click.command(
    epilog="Example: finops cost --group-by service --where tags.team=checkout --grain monthly"
)
@click.option(
    "--days",
    type=click.IntRange(1, MOST_DAYS),
    default=30,
    show_default=True,
    help="The last days.",
)
@click.option("--start-date", type=Day(), help="First day, instead of --days.")
@click.option("--end-date", type=Day(), help="Last day [default: yesterday, UTC].")
@click.option(
    "--group-by",
    multiple=True,
    help="provider, service, region, account, any FOCUS column, or tags.<key>; may be repeated.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="DIMENSION=VALUE",
    help="Only rows with this value (!= for all others); repeat for more conditions.",
)
@click.option(
    "--cost",
    type=click.Choice(["billed", "effective", "list", "contracted"]),
    default="effective",
    show_default=True,
    help="Which of FOCUS's costs.",
)
@click.option("--grain", type=click.Choice(["daily", "weekly", "monthly"]), help="Split by time.")
@click.option("--format", "fmt", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write to a file.")
@config_option
@as_of_option
def command(
    days: int,
    start_date: datetime | None,
    end_date: datetime | None,
    group_by: tuple[str, ...],
    where: tuple[str, ...],
    cost: str,
    grain: str | None,
    fmt: str,
    output: Path | None,
    config_path: Path | None,
    as_of: int | datetime | None,
) -> int:
    """Ask the store what was spent. There is one answer per currency."""
    from typing import cast

    from finops_cost_management.commands.opening import open_snapshot
    from finops_cost_management.commands.tables import show
    from finops_cost_management.query.cost_query import CostMetric, CostQuery, Grain
    from finops_cost_management.whole_file import whole_file

    window = _window(days, start_date, end_date)
    query = CostQuery(
        window=window,
        cost=CostMetric(cost),
        group_by=group_by,
        where=_conditions(where),
        grain=cast("Grain | None", grain),
    )
    with open_snapshot(config_path, as_of) as costs:
        rows = costs.ask(query).to_pylist()
    if not rows:
        click.echo(
            f"The store has no such charge from {window}. `finops store show` says what it has, "
            "`finops run` brings more.",
            err=True,
        )
        return 0
    if not grain:
        rows.sort(key=lambda row: (row["BillingCurrency"], -(row[query.cost.column] or 0)))
    unknown = sum(row["UnknownRows"] for row in rows)
    if fmt == "table" and not unknown:
        rows = [{name: row[name] for name in row if name != "UnknownRows"} for row in rows]
    if output:
        with whole_file(output) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            show(rows, fmt, stream=file)
        click.echo(f"wrote {output}", err=True)
    else:
        show(rows, fmt, title=f"{cost} cost, {window}")
    if unknown:
        click.echo(
            f"{unknown:,} rows do not say their {cost} cost; they are not in the sums.", err=True
        )
    return 0


def _window(days: int, start: datetime | None, end: datetime | None) -> DateWindow:
    from finops_cost_management.window import DateWindow, days_after, today_utc

    until = days_after(end.date(), 1) if end else today_utc()
    return DateWindow(start.date(), until) if start else DateWindow.last(days, until=until)


def _conditions(where: tuple[str, ...]) -> dict[str, Condition]:
    from finops_cost_management.errors import ConfigurationError

    conditions: dict[str, list[str]] = {}
    for text in where:
        name, equals, value = text.partition("=")
        if not equals or not name.rstrip("!"):
            raise ConfigurationError(
                f"--where {text!r} is no condition", hint="write it as dimension=value"
            )
        conditions.setdefault(name, []).append(value)
    return {
        name.removesuffix("!"): {"not": values} if name.endswith("!") else values
        for name, values in conditions.items()
    }
