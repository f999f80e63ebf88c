"""How the files of the store are named.

A file lies at ``x_Source=<source>/x_Period=<unit>/<digest>-<units>-<random>.parquet``: the
partition is the unit that an ingest replaces, and the name says which delivery its rows came with,
and to how many units that delivery brought rows.
"""

from __future__ import annotations

import hashlib
import secrets

from finops_cost_management.focus.header import STORE_COLUMNS

PARTITION_BY = list(STORE_COLUMNS)


def short_digest(digest: str) -> str:
    """A digest as file names and people use it: 16 hexadecimal digits."""
    return hashlib.blake2b(digest.encode(), digest_size=8).hexdigest()


def data_file(source: str, unit: str, digest: str, units: int) -> str:
    """A new file name, relative to the table, for rows that came with a (short) digest."""
    name = f"{digest}-{units}-{secrets.token_hex(4)}.parquet"
    return f"x_Source={source}/x_Period={unit}/{name}"


def file_beside(source: str, digest: str) -> str:
    """A new file name for what else came with a delivery, relative to its table."""
    return f"x_Source={source}/{digest}-{secrets.token_hex(4)}.parquet"


def digest_of(path: str) -> str:
    """The short digest of the delivery that a file came with."""
    return path.rsplit("/", 1)[-1].split("-", 1)[0]


def units_with(path: str) -> int:
    """To how many units the delivery of a data file brought rows."""
    return int(path.rsplit("/", 1)[-1].split("-")[1])
