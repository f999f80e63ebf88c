"""Tables in an object store.

A file is written to the engine's scratch folder and uploaded in parts, in bounded memory; DuckDB
reads it by ranges, through a file system that answers from Delta's log what the log knows already.
`deltalake` and `obstore` speak to the store through the same Rust library, with the same options.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from finops_cost_management import logs
from finops_cost_management.errors import ConfigurationError, FinopsError
from finops_cost_management.store.files import CHECK_PLACE, TableFile, TableFiles, in_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    from obstore.store import ObjectStore

    from finops_cost_management.engine import Engine

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

_OPEN_OPTIONS = (_CLIENT_OPTIONS - {"proxy_url"}) | {
    "account_name",
    "bucket",
    "bucket_name",
    "conditional_put",
    "container_name",
    "default_region",
    "endpoint",
    "endpoint_url",
    "region",
    "storage_account_name",
    "virtual_hosted_style_request",
}
"""Options that may be shown."""


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

        try:
            return obstore.get_range(self._store, path, start=start, length=length).to_bytes()
        except self._errors() as error:
            raise OSError(in_words(error)) from None  # DuckDB passes on its text alone

    def _errors(self) -> tuple[type[Exception], ...]:
        from obstore.exceptions import BaseError

        return (*super()._errors(), BaseError)


def is_secret(option: str, value: str) -> bool:
    """Whether a storage option must never be shown: all but those known to be harmless."""
    harmless = _bare(option) in _OPEN_OPTIONS or value.lower() in {"true", "false"}
    return not harmless or logs.without_passwords(value) != value


def _bare(option: str) -> str:
    return re.sub("^(aws|azure|google)_", "", option.lower())


def _split(options: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Options of the store, and those of the HTTP client with our limits where none are given."""
    access, client = {}, dict(_CLIENT_LIMITS)
    for name, value in options.items():
        bare = _bare(name)
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
            f"storage_options of {uri}: {in_words(error)}",
            hint="use the names that `deltalake` documents for this kind of store",
        ) from None
    except (BaseError, ValueError) as error:
        raise ConfigurationError(
            f"cannot use {uri} with these storage_options: {in_words(error)}", hint=CHECK_PLACE
        ) from None
