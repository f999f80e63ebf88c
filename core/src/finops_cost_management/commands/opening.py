"""What several commands open: the configuration, the store, an engine on it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finops_cost_management.pipeline.config import PipelineConfig
    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.store.cost_store import CostStore

MOST_DAYS = 36_525
"""What an option in days may say: a century."""
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
MOST_LINES = 1_000_000
"""What an option in lines may say."""


class Day(click.DateTime):
    """A day of a bill, as ``2026-11-17``."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read it; nobody means a day far away from all bills."""
        day: datetime = super().convert(value, param, ctx)
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            self.fail(f"{day.date()} is not between {_FIRST_YEAR} and {_LAST_YEAR}", param, ctx)
        return day


class Moment(click.ParamType[int | datetime]):
    """A version of the store, or an instant: a day means its end, UTC."""

    name = "version|date|instant"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | datetime:
        """Read ``7``, ``2026-11-17`` or ``2026-11-17T09:00``."""
        text = str(value)
        if text.isdecimal() and len(text) < len("20261117"):
            return int(text)
        try:
            if len(text) == len("2026-11-17"):
                return datetime.combine(date.fromisoformat(text), time.max, UTC)
            instant = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is neither a version, a date nor an instant", param, ctx)
        if not instant.microsecond:  # tables show whole seconds: the one that was meant is over
            instant = instant.replace(microsecond=999_999)
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="The configuration [default: FINOPS_CONFIG, else finops.yaml].",
)
as_of_option = click.option(
    "--as-of", type=Moment(), help="Ask what the store believed at a version, day or instant."
)


def configuration(config_path: Path | None) -> PipelineConfig:
    """What the configuration says; the defaults where there is none."""
    from finops_cost_management.pipeline.config import PipelineConfig
    from finops_cost_management.pipeline.loading import find_config, load_config
    from finops_cost_management.plugins.registry import Registry

    found = find_config(config_path)
    return load_config(found, Registry()) if found else PipelineConfig()


def open_store(config_path: Path | None) -> CostStore:
    """The store that the configuration names; the default one where there is no configuration."""
    from finops_cost_management.settings import load_settings

    return configuration(config_path).store.open(load_settings())


@contextmanager
def open_snapshot(
    config_path: Path | None, as_of: int | datetime | None = None
) -> Iterator[CostSnapshot]:
    """The store's rows, ready to be asked."""
    from finops_cost_management.engine import Engine
    from finops_cost_management.query.snapshot import CostSnapshot
    from finops_cost_management.settings import load_settings

    store = open_store(config_path)
    with Engine.of(load_settings()) as engine:
        yield CostSnapshot.of(store, engine, as_of=as_of)
