"""The demo company's bill of half a year, for checks to find in it what is hidden there."""

from __future__ import annotations

from datetime import date

import pytest

from finops_cost_management.engine import Engine
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.testing.stores import demo_snapshot
from finops_cost_management.window import DateWindow


@pytest.fixture(scope="session")
def demo_window() -> DateWindow:
    return DateWindow(date(2026, 5, 27), date(2026, 11, 23))


@pytest.fixture(scope="session")
def demo(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, demo_window: DateWindow
) -> CostSnapshot:
    return demo_snapshot(tmp_path_factory.mktemp("demo"), engine, demo_window)
