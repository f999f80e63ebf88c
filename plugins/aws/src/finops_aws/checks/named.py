"""Names in AWS's lists of tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def tags_of(tags: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """Key → value of what AWS lists as ``[{"Key": …, "Value": …}]``."""
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in tags or ()}


def name_in(tags: Iterable[Mapping[str, Any]] | None) -> str | None:
    """The value of the tag ``Name``; None where there is none, or it is empty."""
    return tags_of(tags).get("Name") or None
