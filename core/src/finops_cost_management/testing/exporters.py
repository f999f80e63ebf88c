# ruff: noqa: S101 # assert is how pytest speaks
"""What an exporter promises."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from finops_cost_management.engine import Engine
from finops_cost_management.errors import FinopsError
from finops_cost_management.testing.contract import PluginContract
from finops_cost_management.testing.digests import empty_outcome
from finops_cost_management.testing.stores import demo_snapshot, empty_snapshot
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from finops_cost_management.plugins.component import Component
    from finops_cost_management.query.snapshot import CostSnapshot


class ExporterContract(PluginContract):
    """Three lines make the tests of an exporter: the class, ``plugin`` and ``options``.

    The tests run in an empty folder, so relative paths in ``options`` are fine.

    Attributes:
        window: The days that are exported.
    """

    kind = "exporters"
    window: ClassVar[DateWindow] = DateWindow(date(2026, 9, 1), date(2026, 9, 4))

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[Engine]:
        """An engine of the test's own."""
        with Engine(threads=1, scratch=tmp_path / "scratch") as engine:
            yield engine

    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The empty folder that the exporter works in."""
        folder = tmp_path / "working-folder"
        folder.mkdir()
        monkeypatch.chdir(folder)
        return folder

    def export(self, component: Component[Any], costs: CostSnapshot) -> list[Path]:
        """The files that the exporter says it wrote."""
        outcome = empty_outcome(self.window)
        return list(self.ask(component, costs=costs, window=self.window, outcome=outcome))

    def test_empty_store_is_written_whole_or_refused(
        self, component: Component[Any], engine: Engine, folder: Path, tmp_path: Path
    ) -> None:
        """Without rows: whole files, or an error in words and no file. Half a file is a lie."""
        written: list[Path] = []
        with suppress(FinopsError):
            written = self.export(component, empty_snapshot(tmp_path / "empty", engine))
        _check_files(written, folder)

    def test_files_are_written_whole(
        self, component: Component[Any], engine: Engine, folder: Path, tmp_path: Path
    ) -> None:
        """Every file it names exists, and nothing half-written lies beside it."""
        costs = demo_snapshot(tmp_path / "store", engine, self.window)
        written = self.export(component, costs)
        assert written, "rows were there to export, and no file was written"
        _check_files(written, folder)

    def test_exporting_again_replaces(
        self, component: Component[Any], engine: Engine, folder: Path, tmp_path: Path
    ) -> None:
        """A run is repeated after a failure: the second export leaves the same files."""
        costs = demo_snapshot(tmp_path / "store", engine, self.window)
        first = sorted(self.export(component, costs))
        again = sorted(self.export(component, costs))
        assert first == again, f"{first} became {again}"
        _check_files(again, folder)


def _check_files(written: list[Path], folder: Path) -> None:
    named = {path.resolve() for path in written}
    missing = [path for path in written if not path.exists()]
    assert not missing, f"it says that it wrote {missing}"
    inside = {path for one in named if one.is_dir() for path in one.rglob("*")}
    beside = [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.resolve() not in named | inside
    ]
    assert not beside, f"it does not name {beside}: write aside, rename, name every file"
