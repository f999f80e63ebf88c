"""``finops schema``: to the terminal, or to a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from finops_cost_management.commands.schema import command
from finops_cost_management.errors import AccessError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real_component


def test_schema_is_printed_or_written(tmp_path: Path) -> None:
    printed = CliRunner().invoke(command, [])
    path = tmp_path / "finops.schema.json"
    written = CliRunner().invoke(command, ["--output", str(path)])
    assert written.output == ""
    assert path.read_text(encoding="utf-8") == printed.output
    assert json.loads(printed.output)["$schema"].startswith("http://json-schema.org/draft-07")


def test_unwritable_output_is_said(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--output", str(tmp_path / "none" / "x.json")])
    assert isinstance(result.exception, AccessError)
