"""How the files of the store are named.

A file lies at ``x_Source=<source>/x_Period=<unit>/<digest>-<random>.parquet``: the partition is
the unit that an ingest replaces, and the name says which delivery its rows came with.
"""

from __future__ import annotations

import hashlib
import secrets

PARTITION_BY = ["x_Source", "x_Period"]


def short_digest(digest: str) -> str:
    """A digest as file names and people use it: 16 hexadecimal digits."""
    return hashlib.blake2b(digest.encode(), digest_size=8).hexdigest()


def data_file(source: str, unit: str, digest: str) -> str:
    """A new file name for rows of a unit that came with a (short) digest, relative to the table."""
    return f"x_Source={source}/x_Period={unit}/{digest}-{secrets.token_hex(4)}.parquet"


def digest_of(path: str) -> str:
    """The short digest of the delivery that a file came with."""
    return path.rsplit("/", 1)[-1].split("-", 1)[0]
