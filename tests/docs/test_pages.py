"""Every example of every page works: YAML is valid, Python runs, commands say what the page says.

The blocks of a page are taken in their order, in one folder in which the demo has run:

- ``yaml``: must be accepted by the reader of pipeline files and by the JSON Schema, but for
  ``mistakes.yaml``: what is wrong with it, a command says.
- ``python``: runs; blocks of a page share their variables.
- ``bash`` and ``console``: each `finops …` line runs and ends with 0, or with the code that its
  comment names (``# exit code 3``). What a ``console`` block shows after ``$ finops …`` is what
  the command prints; ``…`` stands for anything.

A block whose first line is a comment with a file name is written to that file.
"""

from __future__ import annotations

import json
import re
import runpy
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from jsonschema import Draft7Validator
from sybil import Document
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from finops_cost_management.finops_cli import main
from finops_cost_management.pipeline.loading import parse_config
from finops_cost_management.pipeline.schema import json_schema
from finops_cost_management.plugins.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sybil import Example

pytestmark = pytest.mark.real_component

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "plugins").glob("*/README.md")),
    ROOT / "examples" / "finops-weekend" / "README.md",
]
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "open sesame",
    "BUCKET": "example-bills",
}
"""What the placeholders of the pages stand for."""

NOT_RUN = ("cd", "export", "git", "make", "pip", "pytest", "python3", "source", ".venv")
"""First words of lines that set something up."""

_FILE_NAME = re.compile(r"# ([\w./-]+\.(?:yaml|py))\n")
_EXIT_CODE = re.compile(r"\s+#.*\bexit code (\d)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
@pytest.mark.usefixtures("reader")
def test_page(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def commands(example: Example) -> None:
        for command, shown in _commands(example.parsed, prompt=example.parsed.startswith("$ ")):
            _run(command, shown, capsys)

    document = Document.parse(
        str(page),
        CodeBlockParser("yaml", _check_yaml),
        CodeBlockParser("python", _run_python),
        CodeBlockParser("bash", commands),
        CodeBlockParser("console", commands),
    )
    for example in document.examples():
        try:
            example.evaluate()
        except Exception as error:
            error.add_note(f"in the block at {page.relative_to(ROOT)}:{example.line}")
            raise


@pytest.mark.parametrize(
    "example", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda example: example.name
)
def test_example(example: Path) -> None:
    _accept(example.read_text(encoding="utf-8"))


def _written_to(text: str) -> Path | None:
    if not (named := _FILE_NAME.match(text)):
        return None
    path = Path(named[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _check_yaml(example: Example) -> None:
    if _written_to(example.parsed) != Path("mistakes.yaml"):
        _accept(example.parsed)


def _accept(text: str) -> None:
    registry = Registry()
    parse_config(text, registry, environment=ENVIRONMENT)
    # PyYAML makes dates of what editors, by YAML 1.2, read as text.
    data = json.loads(json.dumps(yaml.safe_load(text), default=str))
    problems = list(Draft7Validator(json_schema(registry)).iter_errors(data))
    assert not problems, f"the schema refuses it: {problems[0].message}"


def _run_python(example: Example) -> None:
    if path := _written_to(example.parsed):
        runpy.run_path(str(path))
    else:
        PythonEvaluator()(example)


def _commands(block: str, *, prompt: bool) -> Iterator[tuple[str, str | None]]:
    """Each command of a block and what the page shows of its output; None where it shows none."""
    text = block.replace("\\\n", " ")
    if not prompt:
        yield from ((line, None) for line in text.splitlines() if line.strip()[:1] not in ("", "#"))
        return
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def _run(command: str, shown: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    expected = int(code[1]) if (code := _EXIT_CODE.search(command)) else 0
    words = shlex.split(command, comments=True)
    if words[:3] == ["python", "-m", "finops_cost_management.finops_cli"]:
        words[:3] = ["finops"]
    if words[0] != "finops":
        assert command.startswith(NOT_RUN), f"neither run nor known: {command}"
        return
    capsys.readouterr()
    ended = main(words[1:])
    said = capsys.readouterr()
    assert ended == expected, f"`{command}` ended with {ended}:\n{said.err}"
    if shown is not None:
        told = said.out + "".join(
            line for line in said.err.splitlines(keepends=True) if not line.startswith("{")
        )
        pattern = re.escape(_tidy(shown)).replace("…", ".*?")
        assert re.fullmatch(pattern, _tidy(told), re.DOTALL), f"`{command}` says:\n{_tidy(told)}"


def _tidy(output: str) -> str:
    """Without blanks at the ends of lines and lines at the ends of the output."""
    return "\n".join(line.rstrip() for line in output.splitlines()).strip("\n")
