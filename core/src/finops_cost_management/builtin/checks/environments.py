"""Which environment a resource belongs to, as its tags or its account tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import ibis
    import ibis.expr.types as ir


def environment(charges: ibis.Table, tags: Iterable[str]) -> ir.StringValue:
    """What the first of these tags that is there says, else the name of the sub account.

    Keys are looked for in small and capital letters alike, with or without the prefix that
    exports put in front (``user:``, ``user_``).
    """
    import ibis

    values = [_tag(charges, key) for key in tags]
    return ibis.coalesce(*values, charges.SubAccountName)


def says_one_of(text: ir.StringValue, words: Iterable[str]) -> ir.BooleanValue:
    """Whether a text has one of these words as a whole one: ``shop-dev-2``, not ``devices``."""
    said = text.lower().re_search(pattern_of(words))
    return said.fill_null(False)  # noqa: FBT003 # Ibis takes it by position only


def pattern_of(words: Iterable[str]) -> str:
    """A regular expression that finds one of these words as a whole one, in small letters."""
    choice = "|".join(re.escape(word.lower()) for word in words)
    return rf"(^|[^a-z0-9])({choice})\d*([^a-z0-9]|$)"


def _tag(charges: ibis.Table, key: str) -> ir.StringValue:
    # Read as text, because JSON knows no key but the exact one.
    pattern = rf'(?i)"(?:user[:_])?{re.escape(key)}"\s*:\s*"((?:[^"\\]|\\.)*)"'
    return charges.Tags.re_extract(pattern, 1).nullif("")
