"""A folder in which the demo has run, on the day on which the pages were written."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tomllib
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from finops_cost_management.finops_cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "examples" / "finops-weekend"
TODAY = date(2026, 11, 23)
"""The day on which the outputs in the pages are true."""


@contextmanager
def _as_a_reader(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """In a folder, on that day, without settings, with a terminal of 80 columns."""
    logger = logging.getLogger()
    handlers, level = logger.handlers, logger.level
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in [name for name in os.environ if name.startswith("FINOPS_")]:
            patch.delenv(name)
        patch.setenv("COLUMNS", "80")
        patch.setenv("NO_COLOR", "1")
        patch.setattr("finops_cost_management.window.today_utc", lambda: TODAY)
        patch.setattr("finops_cost_management.pipeline.pipeline.today_utc", lambda: TODAY)
        patch.setattr(sys, "path", [*sys.path])  # `use: module:Class` adds the folder
        try:
            yield patch
        finally:
            logger.handlers = handlers
            logger.setLevel(level)
            here = str(folder)
            for name, module in list(sys.modules.items()):
                if (getattr(module, "__file__", None) or "").startswith(here):
                    del sys.modules[name]


@pytest.fixture(scope="session")
def after_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make demo` leaves behind."""
    folder = tmp_path_factory.mktemp("after-demo")
    shutil.copytree(ROOT / "examples", folder / "examples")
    with _as_a_reader(folder):
        assert main(["run", "examples/quickstart.yaml"]) == 0
    return folder


@pytest.fixture
def tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The plugin of the tutorial, as `pip install --editable` would leave it."""
    manifest = tomllib.loads((TUTORIAL / "pyproject.toml").read_text(encoding="utf-8"))
    project = manifest["project"]
    site = tmp_path / "site-packages"
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    (info / "top_level.txt").write_text("finops_weekend\n")
    lines = []
    for group, offers in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in offers.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.syspath_prepend(TUTORIAL / "src")
    return TUTORIAL


@pytest.fixture
def reader(
    after_demo: Path,
    tutorial: Path,  # noqa: ARG001 # installed, so that pages may use it
    tmp_path: Path,
) -> Iterator[pytest.MonkeyPatch]:
    """Stands in a fresh folder in which the demo has run."""
    folder = tmp_path / "reader"
    shutil.copytree(after_demo, folder)
    with _as_a_reader(folder) as patch:
        yield patch
