"""Structured logs on standard error, without a secret in them."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import MutableMapping

LogFormat = Literal["auto", "console", "json"]
MASK = "***"
_MIN_SECRET_LENGTH = 4  # masking shorter ones would garble every text
_secrets: set[str] = set()


def hide(secret: str) -> None:
    """From now on, replace this value by ``***`` in everything that is logged or printed."""
    if len(secret) >= _MIN_SECRET_LENGTH:
        _secrets.add(secret)


def masked(text: str) -> str:
    """The text without any known secret."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def configure(level: str = "INFO", fmt: LogFormat = "auto") -> None:
    """Send structlog's and the standard library's records to standard error.

    Args:
        level: Name of the lowest level that is shown.
        fmt: ``console`` for people, ``json`` for machines; ``auto`` asks whether it is a terminal.
    """
    import structlog

    people = fmt == "console" or (fmt == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    final = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if people
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(_StandardError())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *final,
                _mask,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for chatty in ("alembic", "matplotlib"):  # what they call information is about themselves
        logging.getLogger(chatty).setLevel("WARNING")


class _StandardError:
    """Standard error as it is when something is logged: it may be replaced in between."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def _mask(_logger: object, _name: str, rendered: str | MutableMapping[str, Any]) -> str:
    return masked(str(rendered))
