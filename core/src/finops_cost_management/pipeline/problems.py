"""What is wrong with a configuration file, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_cost_management.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

ValuePath = tuple[str | int, ...]
"""Where a value is in the document: keys and list positions from the top."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a file, as editors count: the first line and column are 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, or worth a warning.

    Attributes:
        place: Where it is.
        message: What is wrong and what to do, in one line.
        path: The value that it is about.
    """

    place: Place
    message: str
    path: ValuePath = ()

    def within(self, file: str) -> str:
        """The problem as compilers write it: ``file:line:column: message``."""
        return f"{file}:{self.place.line}:{self.place.column}: {self.message}"


class ConfigurationProblems(ConfigurationError):  # noqa: N818 # it holds several errors
    """A configuration file has problems: all of them, in the order of the file.

    Attributes:
        file: The name of the file.
        problems: What is wrong.
    """

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda problem: problem.place))
        super().__init__("\n".join(problem.within(file) for problem in self.problems))


def dotted(path: ValuePath) -> str:
    """A path as people write it: ``sources.prod.path``, ``notifiers.mail.to[0]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
