"""Daily series of businesses, imitated: visits, sales, load, rides, calls and stocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from accuracy.billing_days import BillingDays
from accuracy.cost_series import panel_of
from accuracy.noise import happens, multiplicative_noise, wandering_level

if TYPE_CHECKING:
    from finops_cost_management.query.panel import CostPanel


@dataclass(frozen=True)
class _Business:
    """How a kind of series moves; pairs are the least and the most.

    Attributes:
        often: Share of the series.
        weekend: Weekend days over weekdays.
        yearly: Depth of the season of the year.
        noise: Standard deviation of the logarithm.
        memory: Correlation of the noise with that of the day before.
        step: Standard deviation of a day's step of the level.
        holidays: What a holiday is over an ordinary day.
        promotions: Share of days with a promotion.
    """

    often: float
    weekend: tuple[float, float]
    yearly: tuple[float, float]
    noise: tuple[float, float]
    memory: tuple[float, float] = (0.2, 0.7)
    step: tuple[float, float] = (0.002, 0.02)
    holidays: tuple[float, float] = (0.4, 1.1)
    promotions: float = 0.0


BUSINESSES = {
    "web traffic": _Business(0.3, (0.5, 1.3), (0, 0.2), (0.05, 0.3), step=(0.005, 0.04)),
    "retail sales": _Business(0.2, (0.8, 1.8), (0.05, 0.3), (0.1, 0.35), promotions=0.03),
    "energy load": _Business(0.15, (0.8, 0.97), (0.1, 0.3), (0.02, 0.07), memory=(0.6, 0.9)),
    "rides": _Business(0.15, (0.7, 1.3), (0.05, 0.35), (0.1, 0.3), memory=(0.2, 0.5)),
    "calls": _Business(0.1, (0.1, 0.6), (0, 0.15), (0.05, 0.2)),
    "stock level": _Business(
        0.1, (1, 1), (0, 0), (0.001, 0.01), step=(0.005, 0.03), holidays=(1, 1)
    ),
}
_FIRST_DAYS = np.arange(np.datetime64("2012-01-01"), np.datetime64("2023-01-01"))


def business_series(series: int, days: int, *, seed: int) -> CostPanel:
    """Imitate daily series of businesses; the same arguments give the same series.

    Args:
        series: How many.
        days: How many days of each.
        seed: Where chance starts.
    """
    random = np.random.default_rng(seed)
    calendar = BillingDays.of(random.choice(_FIRST_DAYS), days)
    often = [business.often for business in BUSINESSES.values()]
    chosen = random.choice(list(BUSINESSES), size=series, p=often)
    values = [
        _series(chance, BUSINESSES[name], calendar)
        for name, chance in zip(chosen, random.spawn(series), strict=True)
    ]
    return panel_of(np.array(values).reshape(series, days), calendar.dates)


def _series(
    random: np.random.Generator, business: _Business, calendar: BillingDays
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    days = len(calendar.dates)
    cost = np.full(days, 10 ** random.uniform(1, 6))
    week = random.normal(1, 0.06, 7)
    week[5:] *= random.uniform(*business.weekend)
    if business.weekend != (1, 1):
        cost *= week[calendar.weekday]
    of_year = 2 * np.pi * (calendar.dates.astype(np.int64) / 365.25 + random.random())
    depth = random.uniform(*business.yearly)
    cost *= 1 + depth * np.sin(of_year) + depth * random.uniform(0, 0.4) * np.sin(2 * of_year)
    cost[calendar.holiday] *= random.uniform(*business.holidays)
    cost[random.random(days) < business.promotions] *= random.uniform(1.3, 2.5)
    cost *= np.exp(random.normal(0, 0.0006) * np.arange(days))
    step = random.uniform(*business.step)
    cost *= wandering_level(random, days, step=step, back=random.choice([0, 0.01, 0.05]))
    if happens(random, 0.25):  # some moved to another level once
        cost[int(random.integers(days)) :] *= random.choice([0.6, 0.75, 1.3, 1.6])
    memory = random.uniform(*business.memory)
    return cost * multiplicative_noise(
        random, days, spread=random.uniform(*business.noise), memory=memory
    )
