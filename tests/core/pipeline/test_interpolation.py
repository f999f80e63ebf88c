"""Placeholders: what they give, what they refuse, what they never leak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.pipeline.interpolation import interpolate

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real_component

ENVIRONMENT = {"NAME": "value", "EMPTY": "", "SNEAKY": "${NAME} $$", "_x1": "y"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("${NAME}", "value"),
        ("a-${NAME}-${_x1}", "a-value-y"),
        ("${EMPTY}", ""),
        ("${EMPTY:-default}", "default"),
        ("${NOPE:-}", ""),
        ("${NOPE:-a:-b}", "a:-b"),
        ("${NAME:-default}", "value"),
        ("${SNEAKY}", "${NAME} $$"),
        ("$$", "$"),
        ("$${NAME}", "${NAME}"),
        ("$$$${NAME}", "$${NAME}"),
        ("US$ 5, ^end$", "US$ 5, ^end$"),
    ],
)
def test_placeholders(text: str, result: str) -> None:
    answer = interpolate(text, ENVIRONMENT)
    assert answer.problems == ()
    assert answer.text == result
    assert answer.secrets == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("${NOPE}", "needs the environment variable NOPE"),
        ("${}", "${} is not a placeholder"),
        ("${1A}", "${1A} is not a placeholder"),
        ("${NAME-x}", "${NAME-x} is not a placeholder"),
        ("${NAME", "a placeholder is not closed"),
        ("${A:-${B}}", "a placeholder is not closed"),
        ("${file:/no/such/file}", "cannot read the file /no/such/file: No such file or directory"),
    ],
)
def test_problems(text: str, problem: str) -> None:
    assert problem in interpolate(text, ENVIRONMENT).problems[0]


def test_every_undefined_name_is_said() -> None:
    assert len(interpolate("${A} ${B}", {}).problems) == 2


def test_file_gives_a_secret_without_its_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret ${NAME}\r\n")
    answer = interpolate(f"Bearer ${{file:{tmp_path / 'token'}}}", ENVIRONMENT)
    assert answer.text == "Bearer s3cret ${NAME}"
    assert answer.secrets == ("s3cret ${NAME}",)


def test_binary_and_huge_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "huge").write_bytes(b"x" * 70_000)
    assert "UTF-8" in interpolate(f"${{file:{tmp_path / 'binary'}}}", {}).problems[0]
    assert "too large" in interpolate(f"${{file:{tmp_path / 'huge'}}}", {}).problems[0]
    assert "cannot read" in interpolate(f"${{file:{tmp_path}}}", {}).problems[0]
    assert "cannot read" in interpolate("${file:\x00}", {}).problems[0]


@given(st.text())
def test_doubled_dollars_keep_any_text(text: str) -> None:
    answer = interpolate(text.replace("$", "$$"), {})
    assert answer.text == text
    assert not answer.replaced
