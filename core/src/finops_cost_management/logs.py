"""Structured logs on standard error, without a secret in them."""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, quote_plus, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

LogFormat = Literal["auto", "console", "json"]
MASK = "***"
_MIN_SECRET_LENGTH = 4  # masking shorter ones would garble every text
_MIN_PART_LENGTH = 6  # lines of a secret: shorter ones are braces and words
_MIN_MEMBER_LENGTH = 24  # values in a secret JSON document: shorter ones are names
_secrets: set[str] = set()

_WITH_USER = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<user>[^\s:/?#@]*)(?P<password>:\S*)?@", re.IGNORECASE
)
_PASSWORD_PARAMETER = re.compile(r"[?&][^=&]*(?:password|token)=([^&\s]+)", re.IGNORECASE)
_CONTAINER_SCHEMES = ("abfs", "abfss", "wasb", "wasbs")
"""Addresses that name a container where others name a user."""


def hide(secret: str) -> None:
    """From now on, replace this value by ``***`` in everything that is logged or printed.

    A value has many faces: escaped in JSON or in an address, on one line, line by line. All of
    them are hidden. One of fewer than four characters is not: every text would be garbled.
    """
    if len(secret) >= _MIN_SECRET_LENGTH:
        _secrets.update(variants(secret))


def variants(secret: str) -> set[str]:
    """The texts by which a secret may show up."""
    faces = {face for part in _parts(secret) for face in _written(part)}
    return {secret, *(face for face in faces if len(face) >= _MIN_SECRET_LENGTH)}


def _parts(secret: str) -> Iterator[str]:
    """The secret, and what of it is a secret by itself."""
    yield secret
    yield secret.strip()
    yield " ".join(secret.split())
    lines = secret.splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= _MIN_PART_LENGTH)
    yield from _passwords(secret)
    if secret.lstrip().startswith("{"):
        yield from _members(secret)


def _passwords(address: str) -> Iterator[str]:
    found = [(match["password"] or "")[1:] for match in _WITH_USER.finditer(address)]
    for password in found + _PASSWORD_PARAMETER.findall(address):
        yield password
        yield unquote(password)


def _members(document: str) -> Iterator[str]:
    """Long values of a secret JSON document: the private key of a service account."""
    try:
        data = json.loads(document)
    except ValueError:
        return
    for value in data.values() if isinstance(data, dict) else ():
        if isinstance(value, str) and len(value) >= _MIN_MEMBER_LENGTH:
            yield from _parts(value)


def _written(text: str) -> Iterator[str]:
    """A text as it stands in JSON, in Python, and in an address."""
    yield text
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    encodable = text.encode("utf-8", "replace")
    yield quote(encodable)
    yield quote(encodable, safe="")
    yield quote_plus(encodable)


def masked(text: str) -> str:
    """The text without any known secret."""
    # Again until none is left: a mask and what stands beside it may spell another secret.
    while found := [secret for secret in _secrets if secret in text]:
        for secret in sorted(found, key=len, reverse=True):
            text = text.replace(secret, MASK)
    return text


def without_passwords(text: str) -> str:
    """The text, and in every address in it ``***`` for who signs in and by which password."""

    def hidden(match: re.Match[str]) -> str:
        if match["password"] is None and match["scheme"].lower() in _CONTAINER_SCHEMES:
            return match[0]
        return f"{match['scheme']}://{MASK}@"

    return _WITH_USER.sub(hidden, text)


def hide_password_of(address: str) -> None:
    """Hide the password of an address, as it is written there and as it is meant."""
    for password in _passwords(address):
        hide(password)


def mask_library_logs() -> None:
    """Hide secrets in what any code of this process logs, however logging is set up.

    For programs that use the pipeline from Python: handlers, levels and formats stay as they
    are. Records of the standard library are masked as they are made. structlog is masked where
    nobody has configured it; a program that does adds `mask_event` to its processors.
    """
    import structlog

    make = logging.getLogRecordFactory()
    if not isinstance(make, _MaskedRecords):
        logging.setLogRecordFactory(_MaskedRecords(make))
    if not structlog.is_configured():
        *processors, _ = structlog.get_config()["processors"]
        console = _console_renderer(sys.stdout.isatty())
        structlog.configure(processors=[*processors, mask_event, console, _mask])


class _MaskedRecords:
    """A factory of log records that masks what another one makes."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._make(*args, **kwargs)
        if isinstance(record.msg, dict):  # an event of structlog on its way to its formatter
            record.msg = _without_secrets(record.msg)
            return record
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 # as logging does where arguments do not fit the message
            message = f"{record.msg} {record.args}"
        if masked(message) != message:
            record.msg, record.args = masked(message), ()
        if record.exc_info and record.exc_info[0] is not None:
            traceback = logging.Formatter().formatException(record.exc_info)
            if masked(traceback) != traceback:
                record.exc_text = masked(traceback)  # formatters take it instead of their own
        return record


def mask_event(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Hide secrets in the values of an event: a processor for structlog, before the renderer."""
    return {
        key: value if key == "exc_info" else _without_secrets(value)  # the renderer's business
        for key, value in event.items()
    }


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {_without_secrets(key): _without_secrets(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_secrets(item) for item in value]
    for text in (repr(value), str(value)):  # renderers use the one or the other
        if masked(text) != text:
            return masked(text)
    return value


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
    # Values are masked before they are rendered, because rendering escapes; what people read is
    # masked again, because the renderer writes tracebacks. JSON would no longer be JSON then.
    final: list[Any] = (
        [mask_event, _console_renderer(sys.stderr.isatty()), _mask]
        if people
        else [
            structlog.processors.format_exc_info,
            mask_event,
            structlog.processors.JSONRenderer(),
        ]
    )
    handler = _Handler(_StandardError())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for chatty in (
        "alembic",
        "botocore",
        "matplotlib",
    ):  # what they call information is about themselves
        logging.getLogger(chatty).setLevel("WARNING")


def _console_renderer(colors: bool) -> Any:  # noqa: FBT001 # the name of what it is passed on as
    import structlog

    # Plain tracebacks: the pretty ones show the values of variables, broken over lines.
    return structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback
    )


class _Handler(logging.StreamHandler["_StandardError"]):
    """Does not print the arguments of a record that cannot be written: they may be secret."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 # logging's name
        """Say which logger it was."""
        sys.stderr.write(f"finops: cannot write a record of the logger {record.name}\n")


class _StandardError:
    """Standard error as it is when something is logged: it may be replaced in between."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def _mask(_logger: object, _name: str, rendered: str | MutableMapping[str, Any]) -> str:
    return masked(str(rendered))
