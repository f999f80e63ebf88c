"""A store whose commits were made on days of the past, and panels made up for a test."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

from finops_cost_management.engine import Engine
from finops_cost_management.query.panel import CostPanel
from finops_cost_management.store.cost_store import CostStore
from finops_cost_management.store.delivery import Delivery
from finops_cost_management.window import DateWindow

MakePanel = Callable[..., CostPanel]
Costs = dict[str, dict[date, float]]
"""Service → day → cost."""

PastStore = Callable[[Path, dict[date, Costs]], CostStore]


@pytest.fixture
def make_panel() -> MakePanel:
    """Makes a panel of services out of rows of costs."""

    def make(
        *rows: Sequence[float], first: date = date(2026, 1, 5), currencies: tuple[str, ...] = ()
    ) -> CostPanel:
        values = np.array(rows, dtype=np.float64)
        window = DateWindow(first, first + timedelta(days=values.shape[1]))
        return CostPanel(
            values=values,
            dates=np.arange(np.datetime64(window.start), np.datetime64(window.end)),
            keys=tuple({"ServiceName": f"s{number}"} for number in range(len(rows))),
            currencies=currencies or ("USD",) * len(rows),
        )

    return make


@pytest.fixture(scope="session")
def past_store() -> PastStore:
    """Makes a store in a folder that took in what it was given on the given days.

    Delta writes down when a commit was made; here it is told another day.
    """

    def make(folder: Path, deliveries: dict[date, Costs]) -> CostStore:
        store = CostStore(folder)
        log = folder / "charges" / "_delta_log"
        with Engine(threads=1) as engine:
            for day, costs in deliveries.items():
                before = set(log.glob("*.json"))
                store.ingest("bill", _delivery(day, costs), engine)
                for commit in set(log.glob("*.json")) - before:
                    _date_back(commit, datetime.combine(day, time(6), UTC))
        return store

    return make


def _delivery(day: date, costs: Costs) -> Delivery:
    import pyarrow as pa

    rows = [
        {
            "BilledCost": str(cost),
            "EffectiveCost": str(cost),
            "BillingCurrency": "USD",
            "BillingPeriodStart": f"{at:%Y-%m}-01T00:00:00Z",
            "BillingPeriodEnd": f"{(at.replace(day=1) + timedelta(days=32)):%Y-%m}-01T00:00:00Z",
            "ChargePeriodStart": f"{at}T00:00:00Z",
            "ChargePeriodEnd": f"{at + timedelta(days=1)}T00:00:00Z",
            "ChargeCategory": "Usage",
            "ServiceName": service,
            "ServiceProviderName": "Cloud",
        }
        for service, by_day in costs.items()
        for at, cost in by_day.items()
    ]
    table = pa.Table.from_pylist(rows)
    return Delivery(name=f"bill of {day}", digest=str(day), read=lambda _: table)


def _date_back(commit: Path, when: datetime) -> None:
    stamp = int(when.timestamp() * 1000)
    lines = [json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if "commitInfo" in line:
            line["commitInfo"]["timestamp"] = stamp
    commit.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    os.utime(commit, (when.timestamp(), when.timestamp()))
