"""Daily costs of cloud bills, made up: with their habits, and with incidents that are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from accuracy.billing_days import BillingDays
from accuracy.incidents import Event, Ledger, plant_incidents
from accuracy.noise import happens, multiplicative_noise, wandering_level

from finops_cost_management.query.panel import CostPanel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HABITS = {
    "weekday": 0.29,
    "month_start": 0.14,
    "month_end": 0.06,
    "monthly_fee": 0.04,
    "monthly_price": 0.05,
    "fixed_price": 0.05,
    "growth": 0.14,
    "scheduled_days": 0.03,
    "random_days": 0.03,
    "commitment": 0.03,
    "deployment": 0.03,
    "credits": 0.03,
    "total": 0.08,
}
"""What a series is mainly like → share of the series."""

AVERAGE_MONTH = 30.4
_FIRST_DAYS = np.arange(np.datetime64("2021-01-01"), np.datetime64("2024-01-01"))


@dataclass(frozen=True)
class GeneratedCosts:
    """Costs of which everything is known.

    Attributes:
        panel: Series × days, USD; the key says only which series it is.
        events: The incidents: alerts are right there.
        habits: Per series, what it is mainly like: one of `HABITS`.
        planned: Changes that people would have known of: alerts there are neither right nor wrong.
    """

    panel: CostPanel
    events: tuple[Event, ...]
    habits: tuple[str, ...]
    planned: tuple[Event, ...] = ()


def generate(series: int, days: int, *, seed: int, anomalies: bool = True) -> GeneratedCosts:
    """Make up daily costs; the same arguments give the same costs.

    Args:
        series: How many series.
        days: How many days; the first incidents come after 90 to 130 of them.
        seed: Where chance starts.
        anomalies: Whether anything goes wrong.
    """
    random = np.random.default_rng(seed)
    calendar = BillingDays.of(random.choice(_FIRST_DAYS), days)
    habits = random.choice(list(HABITS), size=series, p=list(HABITS.values()))
    values = np.empty((series, days))
    events: list[Event] = []
    planned: list[Event] = []
    for row, (habit, chance) in enumerate(zip(habits, random.spawn(series), strict=True)):
        ledger, known = (
            _total(chance, calendar) if habit == "total" else _one(habit, chance, calendar)
        )
        planned += [Event(row, habit, day, day + 1) for day in known]
        if anomalies:
            events += plant_incidents(chance, ledger, row)
        values[row] = ledger.usage + ledger.charges
    return GeneratedCosts(
        panel=panel_of(values, calendar.dates),
        events=tuple(events),
        habits=tuple(str(habit) for habit in habits),
        planned=tuple(planned),
    )


def panel_of(values: NDArray[np.float64], dates: NDArray[np.datetime64]) -> CostPanel:
    """Series × days as a panel in USD, keyed by their numbers."""
    return CostPanel(
        values=values,
        dates=dates,
        keys=tuple({"ServiceName": f"service {row}"} for row in range(len(values))),
        currencies=("USD",) * len(values),
    )


def _one(
    habit: str, random: np.random.Generator, calendar: BillingDays, level: float | None = None
) -> tuple[Ledger, Sequence[int]]:
    """One series with its habits, and the days of its planned changes."""
    level = level or float(np.exp(random.uniform(0, np.log(100_000))))
    if habit in {"monthly_price", "fixed_price"}:
        return _price(random, calendar, level, by_month=habit == "monthly_price"), ()
    ledger = _used(random, calendar, level, habit)
    known: Sequence[int] = ()
    if habit in {"month_start", "month_end", "monthly_fee"}:
        ledger.charges = _monthly(random, calendar, ledger.usage, habit)
    elif habit in {"commitment", "deployment"}:
        known = _change(random, ledger.usage, habit)
    elif habit == "credits":
        ledger.usage *= -1
    return ledger, known


def _price(
    random: np.random.Generator, calendar: BillingDays, level: float, *, by_month: bool
) -> Ledger:
    """The same every day, or every month the same."""
    noise = float(np.exp(random.uniform(np.log(0.003), np.log(0.03))))
    usage = level * multiplicative_noise(random, len(calendar.dates), spread=noise)
    if by_month:
        usage *= AVERAGE_MONTH / calendar.month_days
    return Ledger(calendar, usage, np.zeros_like(usage), noise)


def _used(random: np.random.Generator, calendar: BillingDays, level: float, habit: str) -> Ledger:
    """What is paid by use: noise, growth, the week, holidays, and days without any."""
    days = len(calendar.dates)
    scheduled, at_random = habit == "scheduled_days", habit == "random_days"
    noise = float(np.exp(random.uniform(np.log(0.05 if scheduled else 0.01), np.log(0.15))))
    memory = random.uniform(0.3, 0.8) if happens(random, 0.4) else 0.0
    usage = level * multiplicative_noise(random, days, spread=noise, memory=memory)
    if happens(random, 0.4):
        usage *= wandering_level(random, days, step=random.uniform(0.002, 0.01))
    if habit == "growth" or happens(random, 0.4):
        usage *= _growth(random, days, strong=habit == "growth")
    weekend = 1.0
    if habit == "weekday" or happens(random, 0.55):
        weekend = random.uniform(0.1 if habit == "weekday" else 0.5, 0.9)
        usage *= _week(random, calendar, weekend)
        if happens(random, 0.6):
            # A holiday on a weekend is a weekend.
            usual = np.where(calendar.weekend, weekend, 1.0)
            closed = np.minimum(random.uniform(weekend, 1) / usual, 1)
            usage *= np.where(calendar.holiday, closed, 1.0)
    if scheduled:
        chosen = random.choice(7, random.integers(1, 5), replace=False)
        usage *= np.isin(calendar.weekday, chosen)
    elif at_random:
        usage *= random.random(days) < random.uniform(0.15, 0.6)
    steady = not (scheduled or at_random)
    return Ledger(calendar, usage, np.zeros(days), noise, weekend, steady=steady)


def _change(random: np.random.Generator, usage: NDArray[np.float64], habit: str) -> list[int]:
    """A commitment begins, and perhaps expires; or something planned is put to work."""
    first = int(random.integers(60, max(len(usage) - 20, 61)))
    if habit == "deployment":
        usage[first:] *= random.uniform(1.2, 1.8)
        return [first]
    discount = random.uniform(0.5, 0.8)
    usage[first:] *= discount
    expiry = first + int(random.integers(60, 200))
    if expiry >= len(usage) or not happens(random, 0.3):
        return [first]
    usage[expiry:] /= discount
    return [first, expiry]


def _total(random: np.random.Generator, calendar: BillingDays) -> tuple[Ledger, Sequence[int]]:
    """The sum of many services, some large and most small."""
    others = [habit for habit in HABITS if habit not in {"total", "commitment", "deployment"}]
    weights = np.array([HABITS[habit] for habit in others])
    habits = random.choice(others, size=random.integers(5, 31), p=weights / weights.sum())
    biggest = np.exp(random.uniform(np.log(50), np.log(20_000)))
    parts = [
        _one(habit, random, calendar, float(biggest * np.exp(random.uniform(-4, 0))))[0]
        for habit in habits
    ]
    usage = np.sum([part.usage for part in parts], axis=0)
    weekend = float(usage[calendar.weekend].mean() / usage[~calendar.weekend].mean())
    charges = np.sum([part.charges for part in parts], axis=0)
    return Ledger(calendar, usage, charges, _noise_of(usage), weekend, whole=True), ()


def _noise_of(usage: NDArray[np.float64]) -> float:
    """What weekdays differ by from a week to the next, as the noise of a single day."""
    changes = usage[7:] - usage[:-7]
    of_two_days = 1.4826 * np.median(np.abs(changes - np.median(changes)))
    return max(float(of_two_days / np.sqrt(2) / abs(np.median(usage))), 0.01)


def _growth(random: np.random.Generator, days: int, *, strong: bool) -> NDArray[np.float64]:
    since = np.arange(days, dtype=np.float64)
    rate = random.uniform(0.001, 0.004) if strong else random.uniform(-0.0005, 0.0015)
    return (1 + rate) ** since if happens(random, 0.5) else np.maximum(1 + rate * since, 0.2)


def _week(
    random: np.random.Generator, calendar: BillingDays, weekend: float
) -> NDArray[np.float64]:
    workdays = random.normal(1, 0.04, 5)
    ends = weekend * random.normal(1, 0.05, 2)
    return np.concatenate([workdays / workdays.mean(), ends])[calendar.weekday]


def _monthly(
    random: np.random.Generator, calendar: BillingDays, usage: NDArray[np.float64], habit: str
) -> NDArray[np.float64]:
    """A charge a month: an amount, or a share of what the month before cost."""
    day = {
        "month_start": calendar.day == 1,
        "month_end": calendar.to_end == random.choice([0, 0, 0, 1]),
        "monthly_fee": calendar.day == random.integers(2, 28),
    }[habit]
    of_month = (
        np.bincount(calendar.month, weights=usage) / np.bincount(calendar.month) * AVERAGE_MONTH
    )
    if happens(random, 0.4):
        share = random.uniform(0.03, 0.15)
        base = of_month if habit == "month_end" else np.concatenate([of_month[:1], of_month[:-1]])
        amounts = share * base
    else:
        spread = random.choice([0.0, 0.02, 0.08])
        times = np.exp(random.uniform(np.log(0.7), np.log(10)))
        amounts = (
            times * np.median(usage) * multiplicative_noise(random, len(of_month), spread=spread)
        )
    return np.where(day, amounts[calendar.month], 0.0)
