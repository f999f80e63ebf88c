"""Anomalies and forecasts in words: their days, what drives them, how good they were before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from finops_cost_management.query.dimensions import ALIASES, NONE
from finops_cost_management.report.wording import percent, plain, series

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from finops_cost_management.answers.anomalies import Anomaly, Driver
    from finops_cost_management.answers.forecasts import BacktestAccuracy, Forecast

_SHORT_NAMES = {column: alias.replace("_", " ") for alias, column in ALIASES.items()}


def days_of(anomaly: Anomaly) -> str:
    """The days of an anomaly: ``2026-11-16`` or ``2026-11-16..18``."""
    first, last = anomaly.date, anomaly.last_date
    if first == last:
        return str(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first}..{last:%d}"
    return f"{first}..{last:%m-%d}" if first.year == last.year else f"{first}..{last}"


def by_dimension(anomaly: Anomaly) -> list[list[Driver]]:
    """The drivers of each dimension, the most telling first; each list adds up to the impact."""
    dimensions: dict[str, list[Driver]] = {}
    for driver in anomaly.drivers:
        dimensions.setdefault(driver.dimension, []).append(driver)
    return list(dimensions.values())


def at_most(drivers: Sequence[Driver], lines: int) -> list[Driver]:
    """The first drivers of a dimension and one that sums up the rest: they add up as before.

    Args:
        drivers: Of one dimension, at least one.
        lines: How many there may be, at least one.
    """
    if len(drivers) <= lines:
        return list(drivers)
    shown, rest = list(drivers[: lines - 1]), drivers[lines - 1 :]
    together = replace(
        rest[0],
        value=None,
        impact=sum((one.impact for one in rest[1:]), rest[0].impact),
        others=sum(one.others or 1 for one in rest),
        unexplained=False,
    )
    return [*shown, together]


def driver_name(driver: Driver) -> str:
    """What a driver is: a value, the others together, or what no value explains."""
    if driver.unexplained:
        return "not explained by any"
    if driver.others:
        return f"{driver.others:,} {'other' if driver.others == 1 else 'others'}"
    return plain(driver.value or NONE)


def dimension_name(dimension: str) -> str:
    """A dimension as people say it: ``service`` for ``ServiceName``, ``tags.team`` as it is."""
    return _SHORT_NAMES.get(dimension, dimension)


def seen_also(anomaly: Anomaly) -> str:
    """Where the incident was seen, too; empty where nowhere else."""
    if not anomaly.also_seen:
        return ""
    many = len(anomaly.also_seen)
    return f"seen {many:,} more {'time' if many == 1 else 'times'}"


def sums_first(forecasts: Iterable[Forecast]) -> list[Forecast]:
    """Totals before what they are made of."""
    return sorted(forecasts, key=lambda one: not one.is_sum)


def forecast_name(forecast: Forecast) -> str:
    """A series in words, or what a total is the sum of."""
    if forecast.is_sum:
        return f"all {forecast.parts:,} series"
    return series(forecast.dimensions)


def accuracy_words(accuracy: BacktestAccuracy) -> str:
    """How a model did on the past: its errors against the costs, and against a naive rule."""
    parts = []
    if accuracy.wape is not None:
        parts.append(f"off by {percent(accuracy.wape)} of the cost")
    if accuracy.mase is not None:
        parts.append(f"{accuracy.mase:.2f} times the error of repeating last week")
    if not parts:
        return "not known"
    many = accuracy.origins
    return f"{', '.join(parts)}, in {many:,} {'test' if many == 1 else 'tests'} on the past"


def seasons_words(forecast: Forecast) -> str:
    """The seasons that were detected: ``weekly, monthly``; empty for none."""
    return ", ".join(forecast.seasonality)
