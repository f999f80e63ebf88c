"""Placeholders in values: ``${NAME}``, ``${NAME:-default}``, ``${file:/run/secrets/x}``, ``$$``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\$\$|\$\{(?P<body>[^{}]*)\}|(?P<open>\$\{)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_SECRET_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A text after its placeholders were replaced.

    Attributes:
        text: The result; where there are problems, it is not to be used.
        replaced: Whether it held any placeholder.
        secrets: What came from files.
        problems: What could not be replaced, and why.
    """

    text: str
    replaced: bool
    secrets: tuple[str, ...]
    problems: tuple[str, ...]


def interpolate(text: str, environment: Mapping[str, str]) -> Interpolated:
    """Replace the placeholders of one text.

    An empty variable takes the default, as in a shell. What a placeholder gives is not looked at
    again, so a value can never bring a placeholder of its own. A lone dollar stays.
    """
    secrets: list[str] = []
    problems: list[str] = []
    replaced = False

    def replace(match: re.Match[str]) -> str:
        nonlocal replaced
        if match[0] == "$$":
            return "$"
        if match["open"]:
            problems.append("a placeholder is not closed; write $${ for the characters themselves")
            return ""
        replaced = True
        if match["body"].startswith("file:"):
            return _read(Path(match["body"].removeprefix("file:")), secrets, problems)
        name, has_default, default = match["body"].partition(":-")
        if not _NAME.fullmatch(name):
            problems.append(
                f"{match[0]} is not a placeholder; use ${{NAME}}, ${{NAME:-default}}, "
                "${file:/path}, or $${ for the characters themselves"
            )
            return ""
        value = environment.get(name)
        if has_default:
            return value or default
        if value is None:
            problems.append(
                f"needs the environment variable {name}; "
                f"set it, or give a default: ${{{name}:-default}}"
            )
        return value or ""

    result = _PLACEHOLDER.sub(replace, text)
    return Interpolated(result, replaced, tuple(secrets), tuple(problems))


def _read(path: Path, secrets: list[str], problems: list[str]) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_SECRET_BYTES + 1)
        if len(content) > _MAX_SECRET_BYTES:
            problems.append(f"the file {path} is too large for a value; name another file")
            return ""
        text = content.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        problems.append(f"cannot read the file {path}: {error.strerror}; check path and permission")
        return ""
    except ValueError:  # no UTF-8, or no possible path
        problems.append(f"cannot read {path} as a text file in UTF-8; name another file")
        return ""
    secrets.append(text)
    return text
