"""Panels for tests, from a few numbers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from finops_cost_management.query.panel import CostPanel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

FIRST_DAY = date(2026, 1, 1)

ODD_PANELS: dict[str, list[list[float]]] = {
    "all zero": [[0.0] * 90],
    "no day known": [[float("nan")] * 90],
    "one day known": [[*[float("nan")] * 89, 12.5]],
    "one day long": [[12.5]],
    "all negative": [[-20.0, -21.0] * 45],
    "one huge day": [[1.0] * 89 + [1e12]],
    "began yesterday": [[0.0] * 89 + [100.0]],
}
"""What bills look like on somebody's Monday."""

ANY_COST = st.one_of(
    st.floats(-1e9, 1e9, allow_subnormal=False), st.just(0.0), st.just(float("nan"))
)
"""Whatever a day may have cost."""

ANY_EXAMPLES = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,  # a component keeps nothing between calls
        HealthCheck.differing_executors,  # a contract runs once for each subclass
        HealthCheck.too_slow,  # models may take their time
    ],
)
"""A few examples each time: the tests of an author should stay quick."""


def panel_of(
    values: ArrayLike,
    *,
    start: date = FIRST_DAY,
    names: Sequence[str] | None = None,
    currency: str = "USD",
) -> CostPanel:
    """A panel of daily series by service.

    Args:
        values: Costs, one row per series; one list of numbers is one series. NaN is a missing day.
        start: The first day.
        names: The service of each series; made up where absent.
        currency: The currency of all series.
    """
    import numpy as np

    matrix = np.atleast_2d(np.array(values, dtype=np.float64))
    series, days = matrix.shape
    first = np.datetime64(start, "D")
    chosen = names if names is not None else [f"Service {row}" for row in range(series)]
    return CostPanel(
        values=matrix,
        dates=np.arange(first, first + days),
        keys=tuple({"ServiceName": name} for name in chosen),
        currencies=(currency,) * series,
    )


def empty_panel(days: int = 90) -> CostPanel:
    """A panel without any series."""
    import numpy as np

    return panel_of(np.empty((0, days)))


def lively_panel(series: int = 6, days: int = 200, *, seed: int = 7) -> CostPanel:
    """Series with growth, a weekly rhythm, noise, gaps and a few days out of line."""
    import numpy as np

    random = np.random.default_rng(seed)
    day = np.arange(days)
    level = random.uniform(50, 5000, (series, 1))
    weekly = 1 + random.uniform(0, 0.3, (series, 1)) * np.sin(2 * np.pi * day / 7)
    growth = 1 + random.uniform(-0.001, 0.003, (series, 1)) * day
    values = level * weekly * growth * random.normal(1, 0.03, (series, days))
    for row in range(series):
        values[row, random.choice(days, 2, replace=False)] = np.nan
        spikes = random.choice(np.arange(days // 2, days), 2, replace=False)
        values[row, spikes] *= random.choice([0.2, 4.0])
    return panel_of(values)


def shuffled(panel: CostPanel, order: Sequence[int]) -> CostPanel:
    """The same series in another order."""
    return CostPanel(
        values=panel.values[list(order)],
        dates=panel.dates,
        keys=tuple(panel.keys[row] for row in order),
        currencies=tuple(panel.currencies[row] for row in order),
        cost=panel.cost,
    )
