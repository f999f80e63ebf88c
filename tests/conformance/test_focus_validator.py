"""How the outcome of the official validator is judged; `make focus-validator` runs it for real."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

import pytest

pytestmark = pytest.mark.invented

SCRIPT = run_path(str(Path(__file__).with_name("focus_validator.py")))
KNOWN = next(iter(SCRIPT["KNOWN_WRONG"]))


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ({"A-C-001-M": ("Type", "passed"), KNOWN: ("Nullability", "failed")}, 0),
        ({"A-C-001-M": ("Type", "passed"), "A-C-000-M": ("Composite", "failed")}, 0),
        ({"A-C-001-M": ("Type", "passed"), "A-C-002-M": ("Format", "failed")}, 1),
        ({"A-C-001-M": ("Type", "skipped")}, 1),
    ],
    ids=["known wrong", "only a parent", "a rule is broken", "nothing ran"],
)
def test_only_an_unknown_broken_rule_fails(
    outcomes: dict[str, tuple[str, str]], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert SCRIPT["report"](Path("bill.parquet"), outcomes) == code
    assert ("BROKEN       A-C-002-M (Format)" in capsys.readouterr().out) == (
        "A-C-002-M" in outcomes
    )


def test_without_a_fit_python_it_is_skipped_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(SCRIPT["main"].__globals__, "environment", lambda: None)
    assert SCRIPT["main"]([]) == 0
    assert capsys.readouterr().out.startswith("skipped: the FOCUS validator needs Python 3.12")
