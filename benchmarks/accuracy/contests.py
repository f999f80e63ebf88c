"""How good detectors and forecasters are, next to what users would pick instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accuracy.alert_contest import measure_alerts
from accuracy.forecast_contest import measure_forecasts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from settings import Settings
    from standings import Standing

NAME = "accuracy"
LEAST_SERIES = 20
"""A panel has at least so many series: models that learn from all of them need company."""


def measure(settings: Settings) -> Iterator[Standing]:
    """Judge detectors, then forecasters."""
    series = settings.judged_series
    seeds = settings.seeds[: max(series // LEAST_SERIES, 1)]
    yield from measure_alerts(NAME, series, seeds)
    yield from measure_forecasts(NAME, series, seeds)
