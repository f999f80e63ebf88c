"""The tutorial's plugin keeps its contract, as its own test asks it to."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from finops_cost_management.plugins.registry import Registry

if TYPE_CHECKING:
    from finops_cost_management.testing import OptimizerContract

pytestmark = [pytest.mark.real_component, pytest.mark.usefixtures("tutorial")]

TUTORIAL = Path(__file__).resolve().parents[2] / "examples" / "finops-weekend"
_contract: type[OptimizerContract] = runpy.run_path(str(TUTORIAL / "tests" / "test_weekend.py"))[
    "TestWeekend"
]


class TestWeekend(_contract):  # type: ignore[misc, valid-type] # it is found at run time
    pass


def test_plugins_check_finds_nothing() -> None:
    registry = Registry()
    (weekend,) = [info for info in registry.available("optimizers") if info.name == "weekend"]
    assert weekend.distribution == "finops-weekend"
    assert registry.check(weekend) == []


def test_the_page_shows_the_code_as_it_is() -> None:
    page = (TUTORIAL.parents[1] / "docs" / "plugins.md").read_text(encoding="utf-8")
    for file in ("pyproject.toml", "tests/test_weekend.py"):
        assert (TUTORIAL / file).read_text(encoding="utf-8") in page, f"{file} differs"
