"""What the pages name exists: targets, files, hooks, options, doctests."""

from __future__ import annotations

import doctest
import inspect
import re
import runpy
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

import finops_cost_management
from finops_cost_management.finops_cli import COMMANDS
from finops_cost_management.focus.header import REQUIRED
from finops_cost_management.pipeline.steps import (
    SECTIONS,
    STEP_KEYS,
    BudgetKeys,
    StoreKeys,
    WindowKeys,
)
from finops_cost_management.plugins.hookspecs import ComponentSpecs, LifecycleSpecs
from finops_cost_management.plugins.registry import Registry
from finops_cost_management.query.dimensions import ALIASES
from finops_cost_management.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.real_component

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "core" / "src"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@page
def test_make_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) <= targets


def test_contributing_lists_the_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- `make ([a-z-]+)`: (.*)$", text, re.MULTILINE)
    assert listed == re.findall(r"^([a-z-]+):.*?## (.*)$", makefile, re.MULTILINE)


def test_contributing_names_the_layers() -> None:
    manifest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = manifest["tool"]["importlinter"]["contracts"][0]["layers"]
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("| Layer |")[2].partition("\n\n")[0]
    named = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in table.splitlines()[2:]]
    assert named == [layer.split(" | ") for layer in reversed(layers)]


@page
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    broken = [
        link for link in links if "://" not in link and not (page.parent / link).resolve().exists()
    ]
    assert broken == []


def _signature(hook: Callable[..., object]) -> str:
    signature = inspect.signature(hook)
    arguments = [one for one in signature.parameters.values() if one.name != "self"]
    return f"{hook.__name__}{signature.replace(parameters=arguments)}".replace("'", "")


def test_every_hook_has_a_heading_with_its_signature() -> None:
    hooks = [
        hook
        for specs in (ComponentSpecs, LifecycleSpecs)
        for name, hook in vars(specs).items()
        if not name.startswith("_")
    ]
    text = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### `(\w+\(.*)`$", text, re.MULTILINE)
    assert headings == [_signature(hook) for hook in hooks]


def test_the_reference_is_not_stale() -> None:
    written = runpy.run_path(str(ROOT / "docs" / "write_reference.py"))["reference"]()
    assert (ROOT / "docs" / "reference.md").read_text(encoding="utf-8") == written, (
        "run: python docs/write_reference.py"
    )


def _text(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_every_key_of_a_pipeline_file_is_documented() -> None:
    models: list[type[BaseModel]] = [*STEP_KEYS.values(), BudgetKeys, StoreKeys, WindowKeys]
    keys = {key for model in models for key in model.model_fields} | set(SECTIONS)
    assert {key for key in keys if f"`{key}`" not in _text("configuration.md")} == set()


def test_every_setting_is_documented() -> None:
    settings = {f"FINOPS_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in settings if f"| `{name}` |" not in _text("configuration.md")} == set()


def test_every_dimension_is_documented() -> None:
    assert {name for name in ALIASES if f"`{name}`" not in _text("costs.md")} == set()


def test_every_required_column_is_documented() -> None:
    assert {name for name in REQUIRED if name not in _text("focus.md")} == set()


def test_every_command_is_shown_somewhere() -> None:
    everything = "".join(one.read_text(encoding="utf-8") for one in PAGES)
    assert {name for name in COMMANDS if f"finops {name}" not in everything} == set()


def test_every_check_has_a_page() -> None:
    checks = {
        info.name
        for info in Registry().available("optimizers")
        if info.distribution == "finops-cost-management"
    }
    assert {path.stem for path in (ROOT / "docs" / "checks").glob("*.md")} >= checks


@pytest.mark.parametrize("name", finops_cost_management.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    assert re.search(rf"`{name}`", text), f"docs/python.md does not name {name}"


@pytest.mark.parametrize(
    "module",
    [
        ".".join(path.relative_to(CORE).with_suffix("").parts)
        for path in sorted(CORE.rglob("*.py"))
        if ">>> " in path.read_text(encoding="utf-8")
    ],
)
def test_docstrings(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = import_module(module)
    results = doctest.testmod(loaded, extraglobs={"Path": Path})
    assert results.attempted > 0
    assert results.failed == 0
