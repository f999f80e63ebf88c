"""YAML as data, where every value knows its place in the file.

Scalars are read by the core rules of YAML 1.2, as editors do: ``on`` and ``NO`` are text,
``12:30`` is text, ``010`` is ten. Every mapping key is text. There are no merge keys, and of the
tags only those of plain data.

Placeholders are replaced after parsing, scalar by scalar, so that a value can never bring
structure with it. A value that holds one is always text: ``threads: ${THREADS:-4}`` gives the
text ``4``, which the model of the option reads as a number where it wants one, and an account
number keeps its leading zero where it wants text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from finops_cost_management.pipeline.interpolation import interpolate
from finops_cost_management.pipeline.problems import Place, Problem, ValuePath, dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_CHARACTERS = 1_000_000
MAX_VALUES = 50_000
"""Values of a document after its aliases are followed: a small file can name billions."""

_TAG = "tag:yaml.org,2002:"
_START = Place(1, 1)


class _CoreResolver(BaseResolver):
    """The core schema of YAML 1.2.2, chapter 10.3.2."""


for _tag, _pattern, _first in (
    ("null", r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)", list("tTfF")),
    ("int", r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?",
        list("-+.0123456789"),
    ),
    ("float", r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))", list("-+.")),
):
    _CoreResolver.add_implicit_resolver(_TAG + _tag, re.compile(_pattern + r"\Z"), _first)


class _Loader(Reader, Scanner, Parser, Composer, _CoreResolver):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        _CoreResolver.__init__(self)


class _Dumper(yaml.SafeDumper):
    """Quotes what the core rules would read as something else than text."""

    yaml_implicit_resolvers = _CoreResolver.yaml_implicit_resolvers

    def represent_str(self, text: str) -> yaml.ScalarNode:
        # PyYAML folds these as line ends unless they are written as escapes.
        style = '"' if re.search("[\x85\u2028\u2029]", text) else None
        return self.represent_scalar(_TAG + "str", text, style)


_Dumper.add_representer(str, _Dumper.represent_str)


class YamlDocument:
    """One document: its data, its problems, and the place of each value.

    Attributes:
        data: Dictionaries with text keys, lists and scalars; None where it cannot be parsed.
        problems: What is wrong with the text itself.
        secrets: What placeholders brought in from files.
    """

    def __init__(self, text: str, environment: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self.secrets: set[str] = set()
        self._environment = environment
        self._places: dict[ValuePath, Place] = {(): _START}
        self._keys: dict[ValuePath, Place] = {}
        self._texts: dict[ValuePath, str] = {}
        self._literals: set[ValuePath] = set()
        self._open: list[yaml.Node] = []
        self.data: Any = None
        if len(text) > MAX_CHARACTERS:
            self._add(_START, (), f"the file is longer than {MAX_CHARACTERS:,} characters")
            return
        try:
            node = _Loader(text).get_single_node()
            if node is not None:
                self.data = self._build(node, ())
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(mark.line + 1, mark.column + 1) if mark else _START
            message = " ".join((error.problem or str(error)).split())
            if "${" in "".join(text.splitlines()[place.line - 1 : place.line]):
                message += "; put quotes around ${…} inside of { } and [ ]"
            self._add(place, (), message)
        except yaml.YAMLError as error:
            self._add(_START, (), " ".join(str(error).split()))
        except RecursionError:
            self._add(_START, (), "the file is nested too deeply")
        except _TooLargeError:
            self._add(_START, (), f"the aliases of the file unfold to over {MAX_VALUES:,} values")

    def place(self, path: ValuePath) -> Place:
        """Where a value is; for one that the file does not have, where its parent is."""
        while path not in self._places:
            path = path[:-1]
        return self._places[path]

    def key_place(self, path: ValuePath) -> Place:
        """Where the key of a value is."""
        return self._keys.get(path) or self.place(path)

    def has(self, path: ValuePath) -> bool:
        """Whether the file has a value there."""
        return path in self._places

    def is_literal(self, path: ValuePath) -> bool:
        """Whether a scalar is written in the file, without any placeholder."""
        return path in self._literals

    def as_text(self, value: Any, path: ValuePath) -> Any:
        """A part of the data with its scalars as they are written: ``007`` keeps its zeros."""
        if isinstance(value, dict):
            return {key: self.as_text(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.as_text(item, (*path, index)) for index, item in enumerate(value)]
        return None if value is None else self._texts.get(path, value)

    def _build(self, node: yaml.Node, path: ValuePath) -> Any:
        if len(self._places) > MAX_VALUES:
            raise _TooLargeError
        self._places[path] = _place(node)
        if node in self._open:
            self._add(_place(node), path, "an alias stands for a value that holds the alias itself")
            return None
        self._open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                self._check_tag(node, path, ["seq"])
                return [self._build(item, (*path, i)) for i, item in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, path: ValuePath) -> dict[str, Any]:
        self._check_tag(node, path, ["map"])
        data: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._add(_place(key), path, "a key must be text")
            elif key.value in data:
                first = self._keys[(*path, key.value)]
                self._add(
                    _place(key),
                    (*path, key.value),
                    f"{dotted((*path, key.value))} is there twice, first in line {first.line}; "
                    "keep one of them",
                )
            else:
                self._keys[(*path, key.value)] = _place(key)
                data[key.value] = self._build(value, (*path, key.value))
        return data

    def _scalar(self, node: yaml.Node, path: ValuePath) -> Any:
        text: str = node.value
        if "$" in text:
            result = interpolate(text, self._environment)
            self.secrets.update(secret for secret in result.secrets if secret)
            for problem in result.problems:
                self._add(_place(node), path, f"{dotted(path)} {problem}")
            self._texts[path] = result.text
            if result.replaced or result.problems:
                return result.text
            text = result.text
        self._literals.add(path)
        self._texts[path] = text
        return self._read(node, text, path)

    def _read(self, node: yaml.Node, text: str, path: ValuePath) -> Any:
        kind = node.tag.removeprefix(_TAG)
        try:
            match kind:
                case "null":
                    return None
                case "bool":
                    return {"true": True, "false": False}[text.lower()]
                case "int":
                    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
                case "float":
                    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        except (KeyError, ValueError):
            self._add(_place(node), path, f"{dotted(path)} is not a {kind}")
            return None
        self._check_tag(node, path, ["str"])
        return text

    def _check_tag(self, node: yaml.Node, path: ValuePath, known: Iterable[str]) -> None:
        if node.tag not in {_TAG + name for name in known}:
            tag = node.tag.replace(_TAG, "!!")
            self._add(_place(node), path, f"the tag {tag} is not understood; leave it out")

    def _add(self, place: Place, path: ValuePath, message: str) -> None:
        self.problems.append(Problem(place, message, path))


def dump(data: Any) -> str:
    """Data as YAML that reads back as the same data."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _TooLargeError(Exception):
    """Aliases were unfolded far enough."""


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
