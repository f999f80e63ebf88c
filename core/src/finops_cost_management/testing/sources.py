# ruff: noqa: S101 # assert is how pytest speaks
"""What a source promises."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from finops_cost_management.engine import Engine
from finops_cost_management.store.cost_store import CostStore
from finops_cost_management.testing.contract import PluginContract
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from finops_cost_management.plugins.component import Component
    from finops_cost_management.store.delivery import AccountsDelivery, Delivery
    from finops_cost_management.store.ingest import IngestResult


class SourceContract(PluginContract):
    """Three lines make the tests of a source: the class, ``plugin`` and ``options``.

    Override the fixture ``component`` where the source needs a fake of its cloud.

    Attributes:
        window: Days that the source has rows of, at best starting and ending inside a month.
    """

    kind = "sources"
    window: ClassVar[DateWindow] = DateWindow(date(2026, 9, 10), date(2026, 10, 20))

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[Engine]:
        """An engine of the test's own."""
        with Engine(threads=1, scratch=tmp_path / "scratch") as engine:
            yield engine

    def collect(
        self, component: Component[Any], engine: Engine, window: DateWindow | None = None
    ) -> list[Delivery | AccountsDelivery]:
        """Everything that the source delivers."""
        return list(self.ask(component, window=window or self.window, engine=engine))

    def ingest(
        self, component: Component[Any], engine: Engine, store: CostStore, window: DateWindow
    ) -> list[IngestResult]:
        """Take everything into a store, as the runner does."""
        return [
            store.ingest("tested", delivery, engine)
            for delivery in self.collect(component, engine, window)
        ]

    def test_no_row_is_refused(
        self, component: Component[Any], engine: Engine, tmp_path: Path
    ) -> None:
        """Rows must be FOCUS: a refused row is money that no report shows."""
        store = CostStore(tmp_path / "store")
        results = self.ingest(component, engine, store, self.window)
        assert sum(result.rows + (result.accounts or 0) for result in results), (
            f"the source has no row in {self.window}: set `window` to days that it has rows of"
        )
        refused = store.refused(engine)
        reasons = refused.Reason.value_counts(name="rows").limit(5).to_pyarrow().to_pylist()
        assert not reasons, f"rows are refused: {reasons}"

    def test_no_unit_is_delivered_twice(
        self, component: Component[Any], engine: Engine, tmp_path: Path
    ) -> None:
        """A delivery replaces the units that it touches: the second would drop the first's rows.

        Put all rows of a billing month (or of a day, where the grain is a day) in one delivery.
        """
        owners: dict[str, str] = {}
        for result in self.ingest(component, engine, CostStore(tmp_path / "store"), self.window):
            for unit in result.units:
                first = owners.setdefault(unit, result.delivery)
                assert first == result.delivery, f"{unit} is in {first} and in {result.delivery}"

    def test_units_are_whole(
        self, component: Component[Any], engine: Engine, tmp_path: Path
    ) -> None:
        """Asked for one day, the source delivers the whole unit that the day is in.

        Else the ingest of the last few days drops the rest of the month from the store.
        """
        wide, narrow = CostStore(tmp_path / "wide"), CostStore(tmp_path / "narrow")
        self.ingest(component, engine, wide, self.window)
        last_day = DateWindow(self.window.end - timedelta(days=1), self.window.end)
        self.ingest(component, engine, narrow, last_day)
        all_rows = _rows_by_unit(wide)
        partial = {
            unit: (rows, all_rows[unit])
            for unit, rows in _rows_by_unit(narrow).items()
            if unit in all_rows and rows != all_rows[unit]
        }
        assert not partial, f"unit → (rows asked for one day, rows asked for all): {partial}"

    def test_same_question_same_answer(
        self, component: Component[Any], engine: Engine, tmp_path: Path
    ) -> None:
        """An ingest that is repeated changes nothing, and is skipped without being read.

        Make the digest of the content (or of its version at the provider), never of the time.
        """
        store = CostStore(tmp_path / "store")
        first = self.ingest(component, engine, store, self.window)
        again = self.ingest(component, engine, store, self.window)
        assert [one.delivery for one in first] == [one.delivery for one in again]
        changed = [one.delivery for one in again if not one.skipped]
        assert not changed, f"another digest for the same content: {changed}"

    def test_deliveries_can_be_read_twice(self, component: Component[Any], engine: Engine) -> None:
        """The store reads a delivery again to keep refused rows aside."""
        for delivery in self.collect(component, engine):
            first, second = (_count(delivery.read(engine)) for _ in range(2))
            assert first == second, f"{delivery.name} gives {first} rows, then {second}"

    def test_deliveries_are_named(self, component: Component[Any], engine: Engine) -> None:
        """The name is what people recognise a delivery by in the log, the digest what we do."""
        deliveries = self.collect(component, engine)
        assert all(one.name and one.digest for one in deliveries), "give each a name and a digest"
        names = [one.name for one in deliveries]
        assert len(set(names)) == len(names), "two deliveries have the same name"


def _rows_by_unit(store: CostStore) -> dict[str, int]:
    rows: dict[str, int] = {}
    for unit in store.units():
        rows[unit.unit] = rows.get(unit.unit, 0) + unit.rows
    return rows


def _count(rows: Any) -> int:
    counted = rows.num_rows if hasattr(rows, "num_rows") else rows.count().execute()
    return int(counted)
