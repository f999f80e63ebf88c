"""Where an export writes to: a path in which the window's dates may stand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

if TYPE_CHECKING:
    from finops_cost_management.window import DateWindow


def _known_placeholders(template: str) -> str:
    try:
        template.format(month="", date="")
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{template!r} is not a path template: only {{month}} and {{date}} may stand in braces"
        ) from error
    return template


PathTemplate = Annotated[str, AfterValidator(_known_placeholders)]
"""A path; ``{month}`` and ``{date}`` stand for the window's last month and last day."""


def fill(template: str, window: DateWindow) -> str:
    """Put the window's last month (``2026-11``) and last day (``2026-11-23``) into a text."""
    last = window.end - timedelta(days=1)
    return template.format(month=f"{last:%Y-%m}", date=last.isoformat())


def output_path(template: str, window: DateWindow) -> Path:
    """The path of a template; ``~`` is the home folder."""
    return Path(fill(template, window)).expanduser()
