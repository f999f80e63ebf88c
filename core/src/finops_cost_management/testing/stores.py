"""Small stores for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finops_cost_management.plugins.caller import ComponentCaller
from finops_cost_management.plugins.registry import Registry
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.store.cost_store import CostStore

if TYPE_CHECKING:
    from pathlib import Path

    from finops_cost_management.engine import Engine
    from finops_cost_management.plugins.component import Component
    from finops_cost_management.window import DateWindow


def empty_snapshot(folder: Path, engine: Engine) -> CostSnapshot:
    """What a store says before anything was ingested.

    Args:
        folder: Where the store would be.
        engine: The engine that answers.
    """
    return CostSnapshot.of(CostStore(folder), engine)


def demo_snapshot(folder: Path, engine: Engine, window: DateWindow) -> CostSnapshot:
    """A store with the demo company's rows of a window.

    Args:
        folder: Where the store goes.
        engine: The engine that takes in and answers.
        window: The days that the demo is asked for.
    """
    demo: Component[Any] = Registry().find("sources", "demo")(name="demo")
    caller = ComponentCaller()
    caller.add(demo)
    store = CostStore(folder)
    for delivery in caller.call(demo, window=window, engine=engine):
        store.ingest("demo", delivery, engine)
    return CostSnapshot.of(store, engine)
