"""``finops store``."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from finops_cost_management.commands.opening import (
    MOST_DAYS,
    MOST_LINES,
    as_of_option,
    config_option,
)
from finops_cost_management.commands.tables import FORMATS

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import ibis

    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.store.cost_store import CostStore, StoredUnit

format_option = click.option(
    "--format", "fmt", type=click.Choice(FORMATS), default="table", show_default=True
)
_EMPTY = "The store is empty: `finops run` fills it."


@click.group()
def command() -> None:
    """Look into the store, and tidy it."""


@command.command(epilog="Example: finops store show --as-of 2026-11-17")
@config_option
@as_of_option
@format_option
def show(config_path: Path | None, as_of: int | datetime | None, fmt: str) -> None:
    """Say what the store holds, by source and billing period."""
    from finops_cost_management.commands.opening import open_snapshot, open_store
    from finops_cost_management.focus.header import STORE_COLUMNS
    from finops_cost_management.query.dimensions import Dimension

    store = open_store(config_path)
    with open_snapshot(config_path, as_of) as costs:
        rows, _ = store.table(costs.engine, as_of=as_of)  # what does not count, too
        uncounted = _uncounted(costs, rows)
        held = rows.group_by(
            Source=rows.x_Source, Period=rows.x_Period, BillingCurrency=rows.BillingCurrency
        ).aggregate(
            Rows=rows.count(),
            Providers=Dimension.parse("provider").of(rows).nunique(),
            FirstDay=rows.ChargePeriodStart.min().cast("date"),
            LastDay=rows.ChargePeriodStart.max().cast("date"),
            BilledCost=rows.BilledCost.sum().cast("decimal(38, 12)"),
            EffectiveCost=rows.EffectiveCost.sum().cast("decimal(38, 12)"),
        )
        answer = held.order_by("Source", "Period", "BillingCurrency").to_pyarrow().to_pylist()
        extra = sorted({name for name in rows.columns if name.startswith("x_")} - {*STORE_COLUMNS})
    _print(answer, fmt)
    if answer and fmt == "table":
        click.echo(f"Extra columns: {', '.join(extra)}")
    if fmt == "table":
        for provider, count in uncounted.items():
            click.echo(
                f"Kubernetes: {count:,} rows do not count, as the store has a bill of {provider}"
            )
        for told in store.accounts():
            click.echo(
                f"Accounts: {told.source} names {told.accounts:,}, told on {told.written:%Y-%m-%d}"
            )


@command.command(epilog="Example: finops store history --limit 20")
@config_option
@click.option("--limit", type=click.IntRange(1, MOST_LINES), default=20, show_default=True)
@format_option
def history(config_path: Path | None, limit: int, fmt: str) -> None:
    """List what was committed, newest first; --as-of takes any of these versions."""
    from finops_cost_management.commands.opening import open_store

    _print(
        [
            {
                "Version": str(entry.version),
                "Committed": entry.committed,
                "Source": entry.ingest.source if entry.ingest else "(table changed)",
                "Delivery": entry.ingest.delivery if entry.ingest else "",
                "Periods": ", ".join(entry.ingest.units) if entry.ingest else "",
                "Rows": entry.ingest.rows if entry.ingest else 0,
                "Refused": entry.ingest.refused if entry.ingest else 0,
            }
            for entry in open_store(config_path).history(limit)
        ],
        fmt,
    )


@command.command(epilog="Example: finops store refused --format csv")
@config_option
@click.option("--limit", type=click.IntRange(1, MOST_LINES), default=20, show_default=True)
@format_option
def refused(config_path: Path | None, limit: int, fmt: str) -> None:
    """Show the rows that were refused, each with its reason."""
    from finops_cost_management.commands.opening import open_store
    from finops_cost_management.engine import Engine
    from finops_cost_management.settings import load_settings

    with Engine.of(load_settings()) as engine:
        rows = open_store(config_path).refused(engine)
        total = rows.count().to_pyarrow().as_py()
        answer = rows.order_by("x_Source", "Delivery", "Reason").limit(limit).to_pyarrow()
    if not total:
        click.echo("No row was refused.", err=True)
        return
    shown = answer.select(["x_Source", "Delivery", "Reason", "Row"]).to_pylist()
    _print(shown, fmt)
    if total > len(shown):
        click.echo(f"{total - len(shown):,} more: raise --limit.", err=True)


@command.command(epilog="Example: finops store vacuum --keep-days 30 --dry-run")
@config_option
@click.option(
    "--keep-days",
    type=click.IntRange(1, MOST_DAYS),
    default=90,
    show_default=True,
    help="How far back --as-of must still reach.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def vacuum(config_path: Path | None, keep_days: int, *, dry_run: bool) -> None:
    """Remove files that no version of the last days needs."""
    from finops_cost_management.commands.opening import open_store

    gone = open_store(config_path).vacuum(timedelta(days=keep_days), dry_run=dry_run)
    for path in gone:
        click.echo(path)
    verb = "would go" if dry_run else "removed"
    click.echo(f"{len(gone)} files {verb}; versions of the last {keep_days} days stay.", err=True)


@command.command(epilog="Example: finops store remove old --period 2026-05")
@click.argument("source")
@click.option(
    "--period",
    "periods",
    multiple=True,
    help="Only this billing month, or this day; may be repeated.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
def remove(source: str, periods: tuple[str, ...], config_path: Path | None, *, yes: bool) -> None:
    """Forget the rows and accounts of SOURCE; --as-of finds them until the store is vacuumed.

    A source that a pipeline still names brings them back with the next run.
    """
    from finops_cost_management.commands.opening import open_store

    store = open_store(config_path)
    units = _chosen(store, source, periods)
    told = sum(one.accounts for one in store.accounts() if one.source == source)
    what = f"{sum(unit.rows for unit in units):,} rows of {source} in {len(units)} periods"
    if told and not periods:
        what += f", and the names of {told:,} accounts"
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError(f"This removes {what}. Add --yes where nobody can be asked.")
        click.confirm(f"Remove {what}?", abort=True, err=True)
    gone = store.remove(source, frozenset(unit.unit for unit in units) if periods else None)
    click.echo(f"removed {gone:,} rows of {source}", err=True)


def _chosen(store: CostStore, source: str, periods: tuple[str, ...]) -> list[StoredUnit]:
    """What a person named; a month stands for its days, too."""
    from finops_cost_management.did_you_mean import did_you_mean
    from finops_cost_management.errors import ConfigurationError

    units = store.units()
    held = [unit for unit in units if unit.source == source]
    told = {one.source for one in store.accounts()}
    if not held and (periods or source not in told):
        raise ConfigurationError(
            f"the store holds nothing of {source!r}" + (" by period" if source in told else ""),
            hint=did_you_mean(source, sorted({unit.source for unit in units} | told))
            or "`finops store show` lists its sources",
        )
    for period in periods:
        if not any(_within(unit.unit, period) for unit in held):
            raise ConfigurationError(
                f"the store holds nothing of {source} in {period}",
                hint=f"it has {held[0].unit} to {held[-1].unit}: see `finops store show`",
            )
    return [
        unit
        for unit in held
        if not periods or any(_within(unit.unit, period) for period in periods)
    ]


def _uncounted(costs: CostSnapshot, rows: ibis.Table) -> dict[str, int]:
    """Provider → how many rows of clusters do not count, for its bill has their cost."""
    from finops_cost_management.query.dimensions import PROVIDER, Dimension

    if costs.allocations is None:
        return {}

    def by_provider(some: ibis.Table) -> dict[str, int]:
        provider = Dimension(PROVIDER).of(some)
        answer = some.group_by(provider).aggregate(Rows=some.count()).to_pyarrow().to_pylist()
        return {row[PROVIDER]: row["Rows"] for row in answer}

    counted = by_provider(costs.rows)
    missing = {name: held - counted.get(name, 0) for name, held in by_provider(rows).items()}
    return {name: missing[name] for name in sorted(filter(None, missing)) if missing[name]}


def _within(unit: str, period: str) -> bool:
    return unit == period or unit.startswith(f"{period}-")


def _print(rows: list[dict[str, Any]], fmt: str) -> None:
    from finops_cost_management.commands.tables import show as show_rows

    if not rows:
        click.echo(_EMPTY, err=True)
        return
    show_rows(rows, fmt)
