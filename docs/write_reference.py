# ruff: noqa: INP001 # a script, not a package
"""Writes docs/reference.md: the options of every plugin that this repository ships.

The words are the docstrings of the options, so that they are written once. Run it after a change
of options; a test fails where it was forgotten.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finops_cost_management.plugins.component import KINDS
from finops_cost_management.plugins.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

OURS = ("finops-cost-management", "finops-models")
"""Distributions of this repository; others may be installed beside them."""

HEAD = """# Options of the built-in plugins

Written by `docs/write_reference.py` from the docstrings of the options; change them there.
The keys that all entries share are in [configuration](configuration.md#keys-that-entries-share).
"""


def reference() -> str:
    """The whole page."""
    registry = Registry()
    parts = [HEAD]
    for kind in KINDS:
        parts.append(f"## {kind}\n")
        for info in registry.available(kind):
            if info.distribution not in OURS:
                continue
            component = registry.find(kind, info.name)
            summary = (component.__doc__ or "").strip().partition("\n\n")[0]
            parts.append(f"### {info.name}\n\n{_one_line(summary)} From `{info.distribution}`.\n")
            parts.append("\n".join(_table(component.Options)) + "\n")
    return "\n".join(parts)


def _table(options: type[BaseModel]) -> Iterator[str]:
    schema = options.model_json_schema()
    if not schema.get("properties"):
        yield "It has no options."
        return
    yield "| Option | Type | Default | Meaning |"
    yield "| --- | --- | --- | --- |"
    for name, option in schema["properties"].items():
        default = f"`{_default(option)}`" if "default" in option else "required"
        meaning = _one_line(option.get("description", "")).replace("``", "`").replace("|", "\\|")
        yield f"| `{name}` | {_type(option)} | {default} | {meaning} |"


def _default(option: dict[str, Any]) -> str:
    if isinstance(option["default"], str) and _type(option).startswith("number"):
        return option["default"]
    return json.dumps(option["default"])


def _type(option: dict[str, Any]) -> str:
    """A type in words, with its limits."""
    if "anyOf" in option:
        words = [_type(one) for one in option["anyOf"]]
        if words[0].startswith("number"):  # a decimal: text is for amounts that no float holds
            words = words[:1]
        return " or ".join(words)
    if "enum" in option:
        return ", ".join(f"`{value}`" for value in option["enum"])
    if option.get("type") == "array":
        items = option.get("items") or option["prefixItems"][0]
        count = f"{option['maxItems']} " if option.get("maxItems") else ""
        return f"list of {count}{_type(items)}s"
    limits = [
        f"{sign} {option[key]:g}"
        for key, sign in (
            ("exclusiveMinimum", ">"),
            ("minimum", "≥"),
            ("exclusiveMaximum", "<"),
            ("maximum", "≤"),
        )
        if key in option
    ]
    word = {"string": "text", "boolean": "true or false"}.get(option["type"], option["type"])
    return f"{word} {', '.join(limits)}".strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    Path(__file__).with_name("reference.md").write_text(reference(), encoding="utf-8")
