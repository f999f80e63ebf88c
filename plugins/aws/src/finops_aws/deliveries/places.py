"""Where deliveries lie: a bucket, or a folder that mirrors one."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finops_aws.access import client, explained
from finops_cost_management import AccessError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finops_cost_management.plugins.component import Component

SCHEME = "s3://"


@contextmanager
def _opened(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AccessError(
            f"cannot read {file}: {error.strerror}", hint="check that it exists and its permissions"
        ) from error


class Place(ABC):
    """Objects by their key."""

    @abstractmethod
    def keys(self, prefix: str = "") -> Iterator[str]:
        """The keys below the place that begin with a prefix, in order."""

    @abstractmethod
    def read(self, key: str) -> bytes:
        """A small object as a whole."""

    @abstractmethod
    def fetch(self, key: str, target: Path) -> None:
        """Write an object to a file, in bounded memory."""

    @abstractmethod
    def key_of(self, address: str) -> str:
        """The key of what a manifest names: an ``s3://`` address, or a key of the bucket."""


def place_of(path: str, component: Component[Any]) -> Place:
    """The place that an option names.

    Args:
        path: ``s3://bucket/prefix``, or a folder.
        component: Whose access is used.
    """
    if path.startswith(SCHEME):
        bucket, _, prefix = path.removeprefix(SCHEME).partition("/")
        return Bucket(bucket, prefix, component)
    return Folder(Path(path).expanduser())


class Bucket(Place):
    """A prefix of an S3 bucket."""

    def __init__(self, bucket: str, prefix: str, component: Component[Any]) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._s3 = client(component, "s3")

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}"

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Below the prefix of the place, page by page."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix + prefix
        )
        with explained("s3:ListBucket"):
            for page in pages:
                for item in page.get("Contents", ()):
                    yield item["Key"].removeprefix(self.prefix)

    def read(self, key: str) -> bytes:
        """In one request."""
        with explained("s3:GetObject"):
            answer = self._s3.get_object(Bucket=self.bucket, Key=self.prefix + key)
            content: bytes = answer["Body"].read()
            return content

    def fetch(self, key: str, target: Path) -> None:
        """In parts."""
        with explained("s3:GetObject"):
            self._s3.download_file(self.bucket, self.prefix + key, str(target))

    def key_of(self, address: str) -> str:
        """Of this bucket; a manifest may name its objects from the root of the bucket."""
        if address.startswith(SCHEME):
            bucket, _, address = address.removeprefix(SCHEME).partition("/")
            if bucket != self.bucket:
                raise DataError(
                    f"a manifest in {self} names a file in the bucket {bucket}",
                    hint="point `path` at the bucket that the export delivers into",
                )
        if not address.startswith(self.prefix):
            raise DataError(
                f"a manifest in {self} names {address}, which is not below it",
                hint="point `path` at the whole export, not at a part of it",
            )
        key = address.removeprefix(self.prefix)
        if ".." in key.split("/"):  # a name for S3, a step upwards for the disk
            raise DataError(
                f"a manifest in {self} names {address}, which is not below it",
                hint="wait for the next delivery",
            )
        return key


class Folder(Place):
    """A folder that holds what a bucket does, from some prefix of it on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.is_dir():
            raise AccessError(
                f"there is no folder {folder}", hint="check `path`; a bucket is s3://bucket/prefix"
            )

    def __str__(self) -> str:
        return str(self.folder)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Paths of files, relative to the folder."""
        for file in sorted(self.folder.rglob("*")):
            key = file.relative_to(self.folder).as_posix()
            if key.startswith(prefix) and file.is_file():
                yield key

    def read(self, key: str) -> bytes:
        """As it is on the disk."""
        with _opened(self.folder / key):
            return (self.folder / key).read_bytes()

    def fetch(self, key: str, target: Path) -> None:
        """A copy, so that what is read does not change meanwhile."""
        with _opened(self.folder / key):
            shutil.copyfile(self.folder / key, target)

    def key_of(self, address: str) -> str:
        """The longest end of the address that is there: a folder may mirror a part of a bucket."""
        # Without its root, and without steps upwards, no address leads out of the folder.
        parts = [part for part in address.removeprefix(SCHEME).split("/") if part not in ("", ".")]
        if ".." in parts or not parts:
            raise DataError(
                f"a manifest in {self} names {address}, which is not below it",
                hint="wait for the next delivery, or mirror the export anew",
            )
        for start in range(len(parts)):
            key = "/".join(parts[start:])
            if (self.folder / key).is_file():
                return key
        return "/".join(parts[1:] if address.startswith(SCHEME) else parts)
