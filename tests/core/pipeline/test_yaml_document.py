"""YAML by the core rules of 1.2, with the place of everything, and in bounds."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.pipeline import yaml_document
from finops_cost_management.pipeline.problems import Place
from finops_cost_management.pipeline.yaml_document import YamlDocument, dump

pytestmark = pytest.mark.real_component


def _read(text: str, **environment: str) -> YamlDocument:
    return YamlDocument(text, environment)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # What YAML 1.1 reads as something else than editors do.
        ("on", "on"),
        ("NO", "NO"),
        ("yes", "yes"),
        ("12:30", "12:30"),
        ("010", 10),
        ("1e3", 1000.0),
        ("0o17", 15),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("2026-11-23", "2026-11-23"),
        ("=", "="),
        # The core schema itself.
        ("~", None),
        ("", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("-7", -7),
        ("0x1F", 31),
        ("-0x1F", "-0x1F"),
        ("+.5", 0.5),
        ("1.", 1.0),
        (".", "."),
        ("-.INF", -math.inf),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("!!float 5", 5.0),
    ],
)
def test_scalars_follow_the_core_schema_of_1_2(text: str, value: Any) -> None:
    document = _read(f"key: {text}")
    assert document.problems == []
    assert document.data == {"key": value}
    assert type(document.data["key"]) is type(value)


def test_not_a_number_is_read() -> None:
    assert math.isnan(_read("x: .NaN").data["x"])


def test_keys_are_text() -> None:
    assert _read("on: 1\n7: 2\nnull: 3").data == {"on": 1, "7": 2, "null": 3}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", (4, 3), "b.c is there twice, first in line 3"),
        ("a: [1, 2", (1, 9), "expected ',' or ']', but got '<stream end>'"),
        ("a: b: c", (1, 5), "mapping values are not allowed here"),
        ("a: 1\n\tb: 2", (2, 1), "found character '\\t' that cannot start any token"),
        ("a: !!python/object:os.system x", (1, 4), "the tag !!python/object:os.system is not"),
        ("a: !secret x", (1, 4), "the tag !secret is not understood; leave it out"),
        ("a: !!int x", (1, 4), "a is not a int"),
        ("? [a]\n: 1", (1, 3), "a key must be text"),
        ("a: 1\n---\nb: 2", (2, 1), "but found another document"),
        ("a: &x [*x]", (1, 7), None),
        (
            "sources: {a: {token: ${TOKEN}}}",
            (1, 23),
            "put quotes around ${…} inside of { } and [ ]",
        ),
        ("a: *nowhere", (1, 4), "found undefined alias 'nowhere'"),
        ("a: \x00", (1, 1), "special characters are not allowed"),
    ],
)
def test_problems_have_their_place(text: str, place: tuple[int, int], message: str | None) -> None:
    (problem,) = _read(text).problems
    if message is None:
        assert "alias" in problem.message
    else:
        assert message in problem.message
        assert problem.place == Place(*place)
    assert "\n" not in problem.message


def test_places_are_kept_for_keys_values_and_what_is_missing() -> None:
    document = _read("sources:\n  prod:\n    to: [a,\n         b]\n")
    path = ("sources", "prod", "to")
    assert document.key_place(path) == Place(3, 5)
    assert document.place(path) == Place(3, 9)
    assert document.place((*path, 1)) == Place(4, 10)
    assert document.place((*path, 7, "deeper")) == Place(3, 9)
    assert document.has((*path, 1))
    assert not document.has((*path, 2))


def test_alias_gives_its_value() -> None:
    assert _read("a: &x {b: [1]}\nc: *x").data == {"a": {"b": [1]}, "c": {"b": [1]}}


def test_merge_key_is_a_key_like_any_other() -> None:
    assert _read("a: &x {b: 1}\nc: {<<: *x}").data["c"] == {"<<": {"b": 1}}


def test_alias_bomb_stops_early() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (problem,) = _read("\n".join(lines)).problems
    assert "unfold to over 50,000 values" in problem.message


def test_deep_nesting_is_said_and_not_a_crash() -> None:
    (problem,) = _read("[" * 5000).problems
    assert problem.message == "the file is nested too deeply"


def test_large_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_document, "MAX_CHARACTERS", 10)
    (problem,) = _read("a: 1234567890").problems
    assert "longer than 10 characters" in problem.message


def test_placeholder_gives_text_and_never_structure() -> None:
    document = _read(
        "n: ${N}\nq: '${N}'\ninjected: ${EVIL}\nliteral: 4", N="4", EVIL="{a: [1]}\nb: 2"
    )
    assert document.data == {
        "n": "4",
        "q": "4",
        "injected": "{a: [1]}\nb: 2",
        "literal": 4,
    }
    assert not document.is_literal(("n",))
    assert document.is_literal(("literal",))


def test_undefined_variable_is_a_problem_with_its_place() -> None:
    (problem,) = _read("sources:\n  prod: {key: '${NOPE}'}").problems
    assert problem.place == Place(2, 15)
    assert problem.message == (
        "sources.prod.key needs the environment variable NOPE; "
        "set it, or give a default: ${NOPE:-default}"
    )


def test_as_text_keeps_what_was_written() -> None:
    document = _read("where: {account: 007, live: True, x: [1.50, null], y: '${A:-09}'}")
    assert document.as_text(document.data["where"], ("where",)) == {
        "account": "007",
        "live": "True",
        "x": ["1.50", None],
        "y": "09",
    }


_scalars = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
_trees = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def _without_dollars(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("$", "")
    if isinstance(value, list):
        return [_without_dollars(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_dollars(item) for key, item in value.items()}
    return value


@given(_trees.map(_without_dollars))
def test_what_is_dumped_reads_back(tree: Any) -> None:
    document = _read(dump({"top": tree}))
    assert document.problems == []
    assert document.data == {"top": tree}


@given(st.text())
def test_any_text_gives_data_or_problems(text: str) -> None:
    document = _read(text)
    assert all(problem.place.line >= 1 for problem in document.problems)
