"""How long panels take: to build, to judge, to forecast."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from figures import Figure, WrongAnswerError, seconds

from finops_cost_management.query.cost_query import CostMetric
from finops_cost_management.query.panel import build_panel
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from settings import Settings

    from finops_cost_management.query.panel import CostPanel

NAME = "panel"
FIRST_DAY = date(2025, 5, 1)
HORIZON = 30
LEVELS = (0.8, 0.95)


def measure(settings: Settings) -> Iterator[Figure]:
    """Build a panel of many series from answers of the store, judge it and forecast it."""
    window = DateWindow.after(FIRST_DAY, settings.days)
    answers = _answers(settings.series, window)
    panels: list[CostPanel] = []
    taken = seconds(
        lambda: panels.append(
            build_panel(
                *answers,
                dimensions=("ResourceId",),
                window=window,
                cost=CostMetric.EFFECTIVE,
            )
        )
    )
    (panel,) = panels
    size = f"{settings.series:,} series × {settings.days} days"
    yield Figure(
        benchmark=NAME,
        measure=f"build {size}",
        ours=taken,
        unit="s",
        proof=_reconciled(panel, answers[0]),
    )
    yield from _models(panel, window, size)
