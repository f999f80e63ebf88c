"""``finops validate``: everything that is wrong, quickly, without importing the world."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from finops_cost_management.commands.validate import command
from finops_cost_management.errors import ConfigurationError
from finops_cost_management.pipeline.problems import ConfigurationProblems

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real_component

EVERYTHING = """
sources:
  demo: {use: demo}
  files: {use: focus.files, path: exports}
store: {storage_options: {key: "${KEY:-hunter2}"}}
detectors:
  spikes: {use: seasonal}
forecasters:
  month: {use: auto}
optimizers:
  waste: {use: unused_commitments}
budgets:
  all: {amount: 100, forecast: month}
exports:
  review: {use: html}
  focus: {use: focus}
notifiers:
  out: {use: console}
"""

HEAVY = [
    "numpy",
    "pandas",
    "pyarrow",
    "ibis",
    "duckdb",
    "deltalake",
    "sklearn",
    "scipy",
    "matplotlib",
    "sqlalchemy",
    "boto3",
    "azure",
    "google",
    "jinja2",
    "requests",
]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FINOPS_CONFIG", raising=False)


def test_right_file_is_fine(tmp_path: Path) -> None:
    (tmp_path / "finops.yaml").write_text(EVERYTHING)
    result = CliRunner().invoke(command, [])
    assert (result.exit_code, result.output) == (0, "finops.yaml is fine: 8 steps, one budget\n")


def test_show_masks_secrets(tmp_path: Path) -> None:
    (tmp_path / "finops.yaml").write_text(EVERYTHING)
    result = CliRunner().invoke(command, ["--show"])
    assert "key: '***'" in result.output
    assert "hunter2" not in result.output
    assert "horizon:" in result.output


def test_secret_in_the_open_is_warned_about_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("store: {storage_options: {key: hunter2}}")
    result = CliRunner().invoke(command, ["p.yaml"])
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: p.yaml:1:32: store.storage_options.key is a secret")
    assert result.stdout == "p.yaml is fine: 0 steps, 0 budgets\n"


def test_problems_are_raised_for_the_root_to_print(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("notifers: {}\nnames: x")
    result = CliRunner().invoke(command, ["p.yaml"])
    assert isinstance(result.exception, ConfigurationProblems)
    assert len(result.exception.problems) == 2


def test_no_file_says_what_to_do() -> None:
    result = CliRunner().invoke(command, [])
    assert isinstance(result.exception, ConfigurationError)
    assert str(result.exception) == (
        "there is no finops.yaml here; name a file, or set FINOPS_CONFIG"
    )


def test_no_sdk_and_no_numeric_library_is_imported(tmp_path: Path) -> None:
    (tmp_path / "finops.yaml").write_text(EVERYTHING)
    program = (
        "import json, sys\n"
        "from finops_cost_management.commands.validate import command\n"
        "command(['finops.yaml'], standalone_mode=False)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(  # our own interpreter, our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    verdict, modules = done.stdout.splitlines()
    assert verdict.endswith("is fine: 8 steps, one budget")
    assert set(HEAVY) & set(json.loads(modules)) == set()
