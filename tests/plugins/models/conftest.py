"""Invented daily costs whose habits and incidents are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from finops_cost_management.testing import panel_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from finops_cost_management.query.panel import CostPanel

FIRST_DAY = date(2025, 1, 1)


@dataclass(kw_only=True)
class InventedCosts:
    """A panel with the incidents that were planted in it.

    Attributes:
        panel: The costs.
        incidents: (series, first day, days) of every incident, days counted from the start.
    """

    panel: CostPanel
    incidents: list[tuple[int, int, int]] = field(default_factory=list)

    def at(self, row: int, day: int) -> bool:
        """Whether a flag on this day is about an incident: its days, or its end."""
        return any(
            row == series and first <= day < first + days + 5
            for series, first, days in self.incidents
        )


def invent_costs(
    seed: int, *, series: int = 60, days: int = 240, noise: float = 0.05, incidents: bool = True
) -> InventedCosts:
    """Weekday rhythm, growth, month-start and mid-month charges, noise, and incidents."""
    random = np.random.default_rng(seed)
    dates = [FIRST_DAY + timedelta(days=day) for day in range(days)]
    weekday = np.array([day.weekday() for day in dates])
    of_month = np.array([day.day for day in dates])
    to_end = np.array([((day + timedelta(days=1)).day == 1) for day in dates])

    values = np.empty((series, days))
    planted: list[tuple[int, int, int]] = []
    for row in range(series):
        level = 10 ** random.uniform(1.5, 3.5)
        growth = random.uniform(-0.0005, 0.002)
        weekend = random.choice([1.0, 0.9, 0.6, 0.3])
        cost = level * (1 + growth) ** np.arange(days)
        cost *= np.where(weekday >= 5, weekend, 1.0)
        cost *= np.exp(random.normal(0, noise, days))
        if row % 3 == 0:
            cost += np.where(of_month == 1, level * random.uniform(1, 6), 0)
        if row % 3 == 1:
            cost += np.where(to_end, level * random.uniform(0.5, 3), 0)
        if row % 6 == 2:
            cost += np.where(of_month == 17, level * random.uniform(1, 3), 0)
        if incidents and row % 2 == 0:
            first = int(random.integers(100, days - 20))
            kind = ("spike", "drop", "shift")[row // 2 % 3]
            if kind == "spike":
                length = int(random.integers(1, 4))
                cost[first : first + length] += level * random.uniform(0.8, 3)
            elif kind == "drop":
                length = int(random.integers(1, 4))
                cost[first : first + length] *= random.uniform(0, 0.3)
            else:
                length = days - first
                cost[first:] *= random.uniform(1.6, 2.5)
            planted.append((row, first, min(length, 4)))
        values[row] = cost
    return InventedCosts(panel=panel_of(values, start=FIRST_DAY), incidents=planted)


@pytest.fixture(scope="session")
def invented() -> Callable[..., InventedCosts]:
    """See `invent_costs`."""
    return invent_costs
