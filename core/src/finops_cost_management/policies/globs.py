"""Patterns of names: ``us-*``, ``*snapshot*``; capital and small letters are the same."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WILD = frozenset("*?[")


def matching(texts: Iterable[str | None], patterns: Sequence[str]) -> list[str]:
    """The texts that meet at least one of the patterns; the whole text must."""
    wanted = [pattern.casefold() for pattern in patterns]
    return [
        text
        for text in texts
        if text is not None and any(fnmatchcase(text.casefold(), one) for one in wanted)
    ]


def beginnings(patterns: Iterable[str]) -> list[str]:
    """The same patterns, where one without a wildcard stands for all that begins with it."""
    return [pattern if _WILD & set(pattern) else f"{pattern}*" for pattern in patterns]
