"""Where the files of a table lie: in a local folder, or in an object store.

Both are told apart here and nowhere else. A local file is written in place. A file for an object
store is written to the engine's scratch folder and uploaded in parts; DuckDB reads it by ranges,
through a file system that answers from Delta's log what the log knows already. Neither needs a
DuckDB extension, which would be fetched from the network.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import textwrap
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finops_cost_management import logs
from finops_cost_management.errors import (
    AccessError,
    ConfigurationError,
    FinopsError,
    RetryLaterError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis
    from obstore.store import ObjectStore

    from finops_cost_management.engine import Engine

SCHEMES = ("s3", "s3a", "abfs", "abfss", "az", "gs")
"""Kinds of object stores, as their addresses begin."""

CHECK_PLACE = "check the path and its permissions; for an object store, the credentials, too"
"""What to do where a place refuses us."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_SECRET_OPTION = re.compile(r"key|secret|token|password|credential|sas", re.IGNORECASE)
_QUERY = re.compile(r"(?<=\S)\?[^\s)>\"']+")
_NOISE = re.compile(r"\x1b\[[0-9;]*m|↳")
_XML = re.compile(r"<\?xml.*?<Code>(.*?)</Code>.*?<Message>(.*?)</Message>.*", re.DOTALL)
_GAVE_UP = re.compile(r"after [1-9]\d* retries")

_PART_BYTES = 8 * 2**20  # a file may have 10,000 parts
_PARTS_AT_ONCE = 4
_MAX_RETRIES = 5
_RETRY_SECONDS = 60
_CLIENT_LIMITS = {"connect_timeout": "10s", "timeout": "120s"}
_CLIENT_OPTIONS = frozenset(
    {
        "allow_http",
        "allow_invalid_certificates",
        "connect_timeout",
        "http1_only",
        "http2_only",
        "pool_idle_timeout",
        "pool_max_idle_per_host",
        "proxy_ca_certificate",
        "proxy_excludes",
        "proxy_url",
        "randomize_addresses",
        "timeout",
        "user_agent",
    }
)
"""Options of the HTTP client: `deltalake` takes them among the others, `obstore` apart."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """One data file.

    Attributes:
        path: Relative to the table.
        size: In bytes.
        rows: How many rows it holds.
        written: When, milliseconds since 1970.
        partition: Partition column → value.
    """

    path: str
    size: int
    rows: int
    written: int
    partition: Mapping[str, str]


class TableFiles(ABC):
    """The place of one table.

    Attributes:
        uri: How `deltalake` and messages name it.
        storage_options: What `deltalake` needs to get there; None where it needs nothing.
    """

    uri: str
    storage_options: dict[str, str] | None = None

    @staticmethod
    def at(location: Path | str, storage_options: Mapping[str, str] | None = None) -> TableFiles:
        """The place that a path or an address names.

        Raises:
            ConfigurationError: No such kind of place is known, an option is not understood, or
                the packages for object stores are not installed.
        """
        scheme = _SCHEME.match(str(location))
        if scheme is None:
            return LocalFolder(Path(location))
        if scheme[1].lower() not in SCHEMES:
            raise ConfigurationError(
                f"the store cannot lie at {location}",
                hint=f"name a folder, or an address that begins with {'://, '.join(SCHEMES)}://",
            )
        return ObjectStoreFolder(str(location), storage_options or {})

    @abstractmethod
    def exists(self) -> bool:
        """Whether anything was ever committed here."""

    @abstractmethod
    def prepare(self) -> None:
        """Make room for a new table."""

    @abstractmethod
    def write(self, engine: Engine, rows: ibis.Table, path: str) -> tuple[int, int]:
        """Write rows to a new file, whole or not at all.

        Returns:
            How many rows, and how many bytes.
        """

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a file that no commit names."""

    @abstractmethod
    def readable(self, engine: Engine, files: Sequence[TableFile]) -> list[str]:
        """The names by which DuckDB reads the files."""

    @contextlib.contextmanager
    def access(self, doing: str, hint: str) -> Iterator[None]:
        """Say in words what is refused, instead of what `deltalake` and `obstore` raise.

        A commit that lost against another one is left to the caller.

        Raises:
            AccessError: The place refuses us.
            RetryLaterError: It does not answer.
        """
        from deltalake.exceptions import CommitFailedError

        try:
            yield
        except CommitFailedError:
            raise
        except self._errors() as error:
            what = f"cannot {doing} {self.uri}: {_in_words(error)}"
            # What an object store answers may hold a key: it is not kept as the cause.
            cause = None if self.storage_options is not None else error
            if _GAVE_UP.search(what):
                raise RetryLaterError(what, hint="run again later, or check the address") from cause
            raise AccessError(what, hint=hint) from cause

    def _errors(self) -> tuple[type[Exception], ...]:
        from deltalake.exceptions import DeltaError

        return (DeltaError, OSError)


class LocalFolder(TableFiles):
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.uri = str(folder)
        self._folder = folder

    def exists(self) -> bool:
        """Whether there is a log."""
        return (self._folder / "_delta_log").is_dir()

    def prepare(self) -> None:
        """Make the folder."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def write(self, engine: Engine, rows: ibis.Table, path: str) -> tuple[int, int]:
        """Let DuckDB write in place."""
        target = self._folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            count = engine.copy_to_parquet(rows, target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return count, target.stat().st_size

    def remove(self, path: str) -> None:
        """Unlink it."""
        (self._folder / path).unlink(missing_ok=True)

    def readable(self, engine: Engine, files: Sequence[TableFile]) -> list[str]:  # noqa: ARG002 # a local path needs no engine
        """Plain paths."""
        return [str(self._folder / file.path) for file in files]


class ObjectStoreFolder(TableFiles):
    """A prefix in a bucket or container.

    Args:
        uri: ``s3://bucket/prefix`` and the like.
        storage_options: Access, by the names that `deltalake` and `obstore` share; for what is
            absent both ask the environment.
    """

    def __init__(self, uri: str, storage_options: Mapping[str, str]) -> None:
        self.uri = uri.rstrip("/")
        for name, value in storage_options.items():
            if is_secret(name, value):
                logs.hide(value)
        access, client = _split(storage_options)
        self.storage_options = {
            **access,
            **client,
            "max_retries": str(_MAX_RETRIES),
            "retry_timeout": f"{_RETRY_SECONDS}s",
        }
        self._store = _object_store(self.uri, access, client)

    def exists(self) -> bool:
        """Ask for a log."""
        from deltalake import DeltaTable

        with self.access("reach", CHECK_PLACE):
            return DeltaTable.is_deltatable(self.uri, self.storage_options)

    def prepare(self) -> None:
        """Nothing: a prefix is there with its first object."""

    def write(self, engine: Engine, rows: ibis.Table, path: str) -> tuple[int, int]:
        """Let DuckDB write to the scratch folder, and upload that in parts.

        An upload that fails is given up whole: nobody ever sees a part of a file.
        """
        import obstore

        scratch = engine.scratch / f"{secrets.token_hex(8)}.parquet"
        try:
            count = engine.copy_to_parquet(rows, scratch)
            with self.access("write to", CHECK_PLACE):
                obstore.put(
                    self._store,
                    path,
                    scratch,
                    chunk_size=_PART_BYTES,
                    max_concurrency=_PARTS_AT_ONCE,
                )
            return count, scratch.stat().st_size
        finally:
            scratch.unlink(missing_ok=True)

    def remove(self, path: str) -> None:
        """Delete it, if that is possible: it is invisible anyway."""
        import obstore

        with contextlib.suppress(FinopsError), self.access("write to", CHECK_PLACE):
            obstore.delete(self._store, path)

    def readable(self, engine: Engine, files: Sequence[TableFile]) -> list[str]:
        """Register the files with the engine, under a scheme of their own."""
        from finops_cost_management.store.ranges import CommittedFiles

        system = CommittedFiles(f"store-{secrets.token_hex(8)}", self._range, files)
        engine.ibis.register_filesystem(system)
        return [f"{system.protocol}://{file.path}" for file in files]

    def _range(self, path: str, start: int, length: int) -> bytes:
        import obstore

        with self.access("read", CHECK_PLACE):
            return obstore.get_range(self._store, path, start=start, length=length).to_bytes()

    def _errors(self) -> tuple[type[Exception], ...]:
        from obstore.exceptions import BaseError

        return (*super()._errors(), BaseError)


def is_secret(option: str, value: str) -> bool:
    """Whether a storage option must never be shown: regions and endpoints help, keys do not."""
    return bool(_SECRET_OPTION.search(option)) and value.lower() not in {"true", "false"}


def _split(options: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Options of the store, and those of the HTTP client with our limits where none are given."""
    access, client = {}, dict(_CLIENT_LIMITS)
    for name, value in options.items():
        bare = re.sub("^(aws|azure|google)_", "", name.lower())
        if bare in _CLIENT_OPTIONS:
            client[bare] = value
        else:
            access[name.lower()] = value
    return access, client


def _object_store(uri: str, access: dict[str, str], client: dict[str, str]) -> ObjectStore:
    try:
        import fsspec  # noqa: F401 # DuckDB asks for it when the store is read
        from obstore.exceptions import BaseError, UnknownConfigurationKeyError
        from obstore.store import from_url
    except ImportError as error:
        raise ConfigurationError(
            f"a store at {uri} needs the package {error.name}",
            hint="run: pip install 'finops-cost-management[remote]'",
        ) from error
    retry: Any = {
        "max_retries": _MAX_RETRIES,
        "retry_timeout": timedelta(seconds=_RETRY_SECONDS),
    }
    options: Any = {"config": access, "client_options": client, "retry_config": retry}
    try:
        return from_url(uri, **options)
    except UnknownConfigurationKeyError as error:
        raise ConfigurationError(
            f"storage_options of {uri}: {_in_words(error)}",
            hint="use the names that `deltalake` documents for this kind of store",
        ) from None
    except (BaseError, ValueError) as error:
        raise ConfigurationError(
            f"cannot use {uri} with these storage_options: {_in_words(error)}", hint=CHECK_PLACE
        ) from None


def _in_words(error: BaseException) -> str:
    """What a library says, on one line and without secrets; a signature in an address is one."""
    said = _NOISE.sub("", str(error).split("\n\nDebug source", 1)[0])
    line = ": ".join(part.strip() for part in _XML.sub(r"\1: \2", said).split("\n") if part.strip())
    return textwrap.shorten(_QUERY.sub("?…", logs.masked(line)), 600) or type(error).__name__
