"""``finops cost``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from finops_cost_management.commands.opening import MOST_DAYS, Day, as_of_option, config_option
from finops_cost_management.commands.tables import FORMATS

if TYPE_CHECKING:
    from datetime import datetime

    from finops_cost_management.query.cost_query import Condition, CostQuery
    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.window import DateWindow

DEFAULT_DAYS = 30


@click.command(
    epilog="Example: finops cost --group-by service --where tags.team=checkout --grain monthly"
)
@click.option(
    "--days",
    type=click.IntRange(1, MOST_DAYS),
    help=f"The last days [default: {DEFAULT_DAYS}].",
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
    days: int | None,
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
            click.echo(_why_empty(costs, query), err=True)
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


def _window(days: int | None, start: datetime | None, end: datetime | None) -> DateWindow:
    from finops_cost_management.errors import ConfigurationError
    from finops_cost_management.window import DateWindow, days_after, today_utc

    until = days_after(end.date(), 1) if end else today_utc()
    if start is None:
        return DateWindow.last(days or DEFAULT_DAYS, until=until)
    if days is not None:
        raise ConfigurationError(
            "--days and --start-date both say where to begin", hint="give one of them"
        )
    if start.date() >= until:
        last = f"--end-date {end:%Y-%m-%d}" if end else "yesterday, the last day by default"
        raise ConfigurationError(
            f"--start-date {start:%Y-%m-%d} is later than {last}", hint="both days are inside"
        )
    return DateWindow(start.date(), until)


def _conditions(where: tuple[str, ...]) -> dict[str, Condition]:
    from finops_cost_management.errors import ConfigurationError
    from finops_cost_management.query.dimensions import Dimension

    conditions: dict[tuple[str, bool], list[str]] = {}
    for text in where:
        name, equals, value = text.partition("=")
        if not equals or not name.rstrip("!"):
            raise ConfigurationError(
                f"--where {text!r} is no condition", hint="write it as dimension=value"
            )
        key = (Dimension.parse(name.removesuffix("!")).name, name.endswith("!"))
        conditions.setdefault(key, []).append(value)
    for name, _ in conditions:
        if (name, True) in conditions and (name, False) in conditions:
            raise ConfigurationError(
                f"--where gives {name} both with = and with !=", hint="the values of = are enough"
            )
    return {
        name: {"not": values} if other else values for (name, other), values in conditions.items()
    }


def _why_empty(costs: CostSnapshot, query: CostQuery) -> str:
    """What the store has instead."""
    from dataclasses import replace

    days = costs.rows.ChargePeriodStart.date()
    held = costs.rows.aggregate(first=days.min(), last=days.max()).to_pyarrow().to_pylist()[0]
    if held["first"] is None:
        return "The store is empty: `finops run` fills it."
    if replace(query, where={}).select(costs.rows).count().to_pyarrow().as_py():
        return (
            f"No charge from {query.window} meets all conditions. Values are compared as they "
            "are written; `finops cost --group-by DIMENSION` lists them."
        )
    return (
        f"The store has charges from {held['first']} to {held['last']} and none from "
        f"{query.window}: ask for other days, or bring more with `finops run`."
    )
