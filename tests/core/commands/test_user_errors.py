"""Mistakes on the command line are said as such; a reader that leaves is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from finops_cost_management.finops_cli import main

pytestmark = [pytest.mark.real_component, pytest.mark.invented]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cost", "--days", "99999999"], "99999999 is not in the range"),
        (["cost", "--end-date", "9999-12-31"], "9999-12-31 is not between 1970 and 2999"),
        (["cost", "--start-date", "0001-01-01"], "0001-01-01 is not between"),
        (["export", "--output", "x.csv", "--until", "9999-12-31"], "is not between"),
        (["export", "--output", "x.csv", "--days", "9999999999"], "is not in the range"),
        (["run", "--until", "9999-12-31"], "is not between"),
        (["runs", "--limit", "99999999999999999999"], "is not in the range"),
        (["store", "vacuum", "--keep-days", "99999999999"], "is not in the range"),
        (["cost", "--group-by", "effective_cost"], "'effective_cost' is an amount"),
        (["cost", "--where", "BilledCost=10"], "'BilledCost' is an amount"),
    ],
)
def test_it_is_said_what_is_wrong(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    assert words in printed
    assert "defect" not in printed


@pytest.mark.parametrize("command", [["cost"], ["run"], ["store", "show"]])
def test_a_home_that_cannot_be_made(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    Path("file").write_text("no folder")
    Path("finops.yaml").write_text("sources: {company: {use: demo}}\n")
    monkeypatch.setenv("FINOPS_HOME", "file/home")
    assert main(command) == 1
    printed = capsys.readouterr().err
    assert "check FINOPS_HOME" in printed
    assert "defect" not in printed


@pytest.mark.parametrize(
    "command",
    ["schema", "--help", "cost --help", "plugins list --format json"],
)
def test_a_reader_that_leaves_is_no_error(command: str) -> None:
    program = [sys.executable, "-m", "finops_cost_management.finops_cli", *command.split()]
    reader, writer = os.pipe()
    process = subprocess.Popen(
        program,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    os.close(writer)
    os.close(reader)  # gone before the first line
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")
