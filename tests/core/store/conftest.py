"""Small FOCUS deliveries, made up for the store's tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pytest

from finops_cost_management.engine import Engine
from finops_cost_management.store.cost_store import CostStore
from finops_cost_management.store.delivery import Delivery

Charge = tuple[date, str]
"""Day and billed cost."""


class Deliver(Protocol):
    """Makes a delivery of one row per (day, cost), with FOCUS columns given by name."""

    def __call__(
        self, rows: Sequence[Charge], *, digest: str, name: str = ..., **columns: Any
    ) -> Delivery: ...


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _month(day: date, plus: int = 0) -> datetime:
    return _midnight((day.replace(day=1) + timedelta(days=32 * plus)).replace(day=1))


def _table(rows: Sequence[Charge], columns: dict[str, Any]) -> pa.Table:
    instant = pa.timestamp("us", tz="UTC")
    amounts = pa.array([Decimal(cost) for _, cost in rows], pa.decimal128(38, 12))
    texts = {
        "BillingCurrency": "USD",
        "ChargeCategory": "Usage",
        "ServiceProviderName": "AWS",
        "HostProviderName": "AWS",
        "ServiceName": "Amazon Simple Storage Service",
        **columns,
    }
    return pa.table(
        {
            "BilledCost": amounts,
            "EffectiveCost": amounts,
            "BillingPeriodStart": pa.array([_month(day) for day, _ in rows], instant),
            "BillingPeriodEnd": pa.array([_month(day, 1) for day, _ in rows], instant),
            "ChargePeriodStart": pa.array([_midnight(day) for day, _ in rows], instant),
            "ChargePeriodEnd": pa.array(
                [_midnight(day + timedelta(days=1)) for day, _ in rows], instant
            ),
            **{name: pa.array([text] * len(rows), pa.string()) for name, text in texts.items()},
        }
    )


@pytest.fixture(scope="session")
def deliver() -> Deliver:
    def make(
        rows: Sequence[Charge], *, digest: str, name: str = "bill", **columns: Any
    ) -> Delivery:
        own = {key: columns.pop(key) for key in ("grain", "covers") if key in columns}
        table = _table(rows, columns)
        return Delivery(name=name, digest=digest, read=lambda _engine: table, **own)

    return make


@pytest.fixture
def store(tmp_path: Path) -> CostStore:
    return CostStore(tmp_path / "costs")


@pytest.fixture
def total(engine: Engine) -> Callable[[CostStore], Decimal]:
    """The sum of everything that a store holds."""

    def summed(store: CostStore) -> Decimal:
        rows, _ = store.table(engine)
        return rows.BilledCost.sum().to_pyarrow().as_py() or Decimal(0)

    return summed
