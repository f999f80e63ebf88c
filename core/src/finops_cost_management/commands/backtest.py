"""``finops backtest``."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from finops_cost_management.commands.opening import Day, config_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

    from finops_cost_management.backtest.contestants import Contestants
    from finops_cost_management.backtest.memory import StoreMemory
    from finops_cost_management.window import DateWindow

MOST_SERIES = 100_000

from_option = click.option("--from", "start", type=Day(), required=True, help="First day.")
to_option = click.option("--to", "last", type=Day(), required=True, help="Last day.")
top_option = click.option(
    "--top",
    type=click.IntRange(0, MOST_SERIES),
    default=10,
    show_default=True,
    help="How many series a table lists.",
)
format_option = click.option(
    "--format", "fmt", type=click.Choice(["table", "json"]), default="table", show_default=True
)


@click.group()
def command() -> None:
    """Replay detectors or forecasters on your own past.

    Each day knows what the store knew at the end of that day.
    """


@command.command(epilog="Example: finops backtest anomalies --from 2026-08-01 --to 2026-10-31")
@from_option
@to_option
@click.option(
    "--detector",
    "names",
    multiple=True,
    metavar="NAME",
    help="Of the file, or any plugin at its defaults; may be repeated "
    "[default: all of the file, else seasonal].",
)
@click.option(
    "--labels",
    "labels_path",
    type=click.Path(path_type=Path),
    help="CSV file of known events: date or start,end; dimensions; kind.",
)
@top_option
@format_option
@config_option
def anomalies(
    start: datetime,
    last: datetime,
    names: tuple[str, ...],
    labels_path: Path | None,
    top: int,
    fmt: str,
    config_path: Path | None,
) -> None:
    """Count the alerts of the past, next to those of a naive rule.

    Each day from --from to --to is judged as a run would have done when it was over. The naive
    rule alarms on days three standard deviations from the mean of the 30 days before.
    """
    from finops_cost_management.backtest.detectors import (
        replay_detectors,
        results,
        series_judged,
    )
    from finops_cost_management.backtest.labels import check_labels, read_labels
    from finops_cost_management.commands.backtest_output import show_anomalies

    labels = read_labels(labels_path) if labels_path else None
    with _opened(config_path) as past:
        days = _days(start, last, before=past.known_until)
        replayed = past.contestants.detectors(names)
        judged = [series_judged(past.memory, one, days, history=past.history) for one in replayed]
        if labels_path and labels:
            check_labels(labels_path, labels, [key for panel in judged for key in panel.keys])
        with _progress("judging", days.days) as advance:
            replay_detectors(
                past.memory,
                replayed,
                days,
                history=past.history,
                lag=past.lag,
                advance=advance,
            )
        found = [
            results(one, panel, days, labels) for one, panel in zip(replayed, judged, strict=True)
        ]
    show_anomalies(found, days, past.memory, fmt=fmt, top=top)


@command.command(epilog="Example: finops backtest forecast --from 2026-06-01 --to 2026-10-01")
@from_option
@to_option
@click.option(
    "--forecaster",
    "names",
    multiple=True,
    metavar="NAME",
    help="Of the file, or any plugin at its defaults; may be repeated "
    "[default: all of the file, else auto].",
)
@click.option(
    "--horizon",
    type=click.IntRange(1, 730),
    help="Days to forecast [default: what the file says, else 30].",
)
@click.option(
    "--every",
    type=click.IntRange(1, 366),
    default=7,
    show_default=True,
    help="Days from one forecast to the next.",
)
@top_option
@format_option
@config_option
def forecast(
    start: datetime,
    last: datetime,
    names: tuple[str, ...],
    horizon: int | None,
    every: int,
    top: int,
    fmt: str,
    config_path: Path | None,
) -> None:
    """Forecast from days of the past, next to a naive rule.

    --from and --to are the first days of the first and of the last forecast. The naive rule says
    of each day what the same weekday of the week before it cost.
    """
    from finops_cost_management.backtest.forecasters import replay_forecasters
    from finops_cost_management.commands.backtest_output import show_forecasts

    with _opened(config_path) as past:
        origins = _days(start, last, before=past.known_until)
        replayed = past.contestants.forecasters(names, horizon)
        work = len(range(0, origins.days, every)) * len(replayed)
        with _progress("forecasting", work) as advance:
            found = replay_forecasters(
                past.memory,
                replayed,
                origins,
                every=every,
                history=past.history,
                lag=past.lag,
                known_until=past.known_until,
                advance=advance,
            )
    show_forecasts(found, origins, every, past.memory, fmt=fmt, top=top)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What is replayed on.

    Attributes:
        memory: The store.
        contestants: Who is replayed.
        known_until: The first day that a run of today would not know.
        lag: How many days a run leaves out because clouds still correct them.
        history: How many days a panel has before the first replayed day.
    """

    memory: StoreMemory
    contestants: Contestants
    known_until: date
    lag: int
    history: int


@contextmanager
def _opened(config_path: Path | None) -> Iterator[_Past]:
    from finops_cost_management.backtest.contestants import Contestants
    from finops_cost_management.backtest.memory import StoreMemory
    from finops_cost_management.engine import Engine
    from finops_cost_management.errors import DataError
    from finops_cost_management.pipeline.config import PipelineConfig
    from finops_cost_management.pipeline.loading import find_config, load_config
    from finops_cost_management.plugins.registry import Registry
    from finops_cost_management.settings import load_settings
    from finops_cost_management.window import today_utc

    registry = Registry()
    settings = load_settings()
    found = find_config(config_path)
    config = load_config(found, registry) if found else PipelineConfig()
    store = config.store.open(settings)
    if not store.units():
        raise DataError("the store is empty", hint="`finops run` fills it")
    with Engine.of(settings) as engine:
        window = config.window.ending(today_utc())
        yield _Past(
            memory=StoreMemory(store, engine),
            contestants=Contestants(config, registry),
            known_until=window.end,
            lag=config.window.lag,
            history=window.days,
        )


def _days(start: datetime, last: datetime, *, before: date) -> DateWindow:
    from finops_cost_management.errors import ConfigurationError
    from finops_cost_management.window import DateWindow, days_after

    if last < start:
        raise ConfigurationError(
            f"--from {start.date()} is later than --to {last.date()}", hint="both days are inside"
        )
    if last.date() >= before:
        raise ConfigurationError(
            f"--to {last.date()} is not over yet for a run of today",
            hint=f"the newest day that it knows is {days_after(before, -1)}",
        )
    return DateWindow(start.date(), days_after(last.date(), 1))


@contextmanager
def _progress(doing: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(doing, total=total)
        yield partial(progress.advance, task)
