"""What the pages name exists: targets, files, hooks, options, doctests."""

from __future__ import annotations

import doctest
import inspect
import re
import runpy
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import finops_cost_management
from finops_cost_management.plugins.hookspecs import ComponentSpecs, LifecycleSpecs

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
