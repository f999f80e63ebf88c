"""``finops plugins``: what is installed, what it offers, whether it is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from finops_cost_management.commands.plugins import command
from finops_cost_management.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.real_component

GOOD = '''
from pydantic import Field, SecretStr
from finops_cost_management.plugins.component import Detector, Options
from finops_cost_management.plugins.hookspecs import hookimpl

class QuietOptions(Options):
    level: int = 3
    """How
    quiet."""
    token: SecretStr
    """A secret."""

class Quiet(Detector[QuietOptions]):
    """Finds nothing.

    Ever.
    """

    Options = QuietOptions

    @hookimpl
    def detect_anomalies(self, panel): return []
'''


@pytest.fixture(autouse=True)
def _plugins(install: Callable[..., Path]) -> None:
    install("finops-good", GOOD, detectors="quiet=Quiet", version="2.3")
    install("finops-bad", "import not_there", detectors="bad=Bad")


def _rows(*arguments: str) -> list[list[str]]:
    result = CliRunner().invoke(command, list(arguments))
    return [line.split() for line in result.output.splitlines()]


def test_list_says_where_plugins_come_from() -> None:
    rows = _rows("list")
    assert ["kind", "name", "package", "version", "problem"] in rows
    assert ["detectors", "quiet", "finops-good", "2.3", "-"] in rows
    assert ["detectors", "bad", "finops-bad", "1.0", "-"] in rows


def test_list_names_duplicates(install: Callable[..., Path]) -> None:
    install("finops-rival", GOOD, detectors="quiet=Quiet")
    result = CliRunner().invoke(command, ["list", "--format", "json"])
    problems = {plugin["package"]: plugin["problem"] for plugin in json.loads(result.output)}
    assert problems["finops-rival"] == problems["finops-good"]
    assert problems["finops-good"].endswith("uninstall one of them")
    assert problems["finops-bad"] == "-"


def test_show_explains_options() -> None:
    output = CliRunner().invoke(command, ["show", "quiet"]).output
    assert "quiet: detectors, from finops-good 2.3" in output
    assert "Finds nothing.\n\nEver.\n" in output
    assert ["level", "int", "3", "How", "quiet."] in [line.split() for line in output.splitlines()]
    assert "token SecretStr required A secret." in " ".join(output.split())


def test_unknown_name_gets_a_hint() -> None:
    result = CliRunner().invoke(command, ["show", "quite"])
    assert isinstance(result.exception, PluginError)
    assert str(result.exception) == "no plugin is called 'quite'; did you mean 'quiet'?"


def test_check_of_a_right_plugin() -> None:
    result = CliRunner().invoke(command, ["check", "quiet"])
    assert result.exit_code == 0
    assert result.output.split()[-5:] == ["detectors", "quiet", "finops-good", "2.3", "fine"]


def test_check_of_a_broken_plugin_exits_with_1() -> None:
    result = CliRunner().invoke(command, ["check", "bad"])
    assert result.exit_code == 1
    assert "'bad' from finops-bad failed to import: ModuleNotFoundError" in result.output


def test_check_goes_on_after_a_broken_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    # One interpreter for each plugin takes seconds, and is tested elsewhere.
    monkeypatch.setattr("finops_cost_management.plugins.light_import.heavy_imports", lambda _: [])
    result = CliRunner().invoke(command, ["check", "--format", "json"])
    verdicts = {plugin["name"]: plugin["verdict"] for plugin in json.loads(result.output)}
    assert result.exit_code == 1
    assert verdicts["quiet"] == "fine"
    assert verdicts["bad"].startswith("'bad' from finops-bad failed to import")


def test_an_extra_that_is_not_installed_is_told_and_breaks_only_who_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, install: Callable[..., Path]
) -> None:
    needing = GOOD.replace(
        "    Options = Q", "    needs = {'not_there': 'finops-big[x]'}\n    Options = Q"
    )
    install("finops-big", needing, detectors="big=Quiet")
    monkeypatch.setattr("finops_cost_management.plugins.light_import.heavy_imports", lambda _: [])
    monkeypatch.setattr(
        "finops_cost_management.commands.plugins._installed",
        lambda registry: [one for one in registry.available("detectors") if one.name == "big"],
    )
    every, one = (CliRunner().invoke(command, ["check", *name]) for name in ([], ["big"]))
    assert "pip install 'finops-big[x]'" in every.output
    assert (every.exit_code, one.exit_code) == (0, 1)
