"""FOCUS exports of AWS (1.0 and 1.2, with AWS's columns), from S3 or from a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from finops_aws.access import AwsOptions
from finops_cost_management import Source, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import ibis

    from finops_cost_management import DateWindow, Delivery, Engine

CONVERSION = 1
"""Counts up when the same export would be read differently."""

FILLED = {"ProviderName": "AWS", "PublisherName": "AWS", "InvoiceIssuerName": "AWS"}
"""Columns that FOCUS wants and AWS leaves empty for some charges → what they are then."""


class FocusExportOptions(AwsOptions):
    """Where the export is delivered."""

    path: str
    """`s3://bucket/prefix/name`, or a folder that mirrors it: what holds `metadata/` and `data/`.
    """


class FocusExport(Source[FocusExportOptions]):
    """Read AWS Data Exports in FOCUS 1.0 and 1.2, gzipped CSV or Parquet.

    Which files belong to a month, its newest manifest says, whether the export overwrites its
    files or makes a folder for each delivery; what is not complete yet has none, and is not read.
    A month that did not change is skipped. Names of the provider, publisher and invoice issuer
    that AWS leaves empty become AWS, which `x_FilledColumns` tells.
    """

    Options = FocusExportOptions
    permissions: ClassVar[tuple[str, ...]] = ("s3:GetObject", "s3:ListBucket")

    @hookimpl
    def collect_costs(self, window: DateWindow, engine: Engine) -> Iterator[Delivery]:
        """One delivery for each billing month."""
        from finops_aws.deliveries.exports import deliveries_of
        from finops_aws.deliveries.places import place_of
        from finops_aws.deliveries.shapes import FOCUS

        place = place_of(self.options.path, self)
        return deliveries_of(place, window, engine, read_export, shape=FOCUS, version=CONVERSION)


def read_export(engine: Engine, paths: Sequence[Path]) -> ibis.Table:
    """The rows of a month's files, with the names that AWS leaves empty.

    Raises:
        DataError: A file is damaged, empty or no FOCUS.
        AccessError: A file cannot be opened, or the disk is full.
    """
    import ibis

    from finops_cost_management.focus import cells
    from finops_cost_management.focus.reading import read_files, recognise

    raw = read_files(engine, paths)
    recognise(raw.columns)
    own = {name.lower(): name for name in raw.columns}
    untyped = raw[own["billedcost"]].type().is_string()
    named = {
        name: cells.text(raw[own[name.lower()]], untyped=untyped)
        for name in FILLED
        if name.lower() in own
    }
    if not named:
        return raw
    filled = [value.isnull().ifelse(name, None) for name, value in named.items()]
    return raw.mutate(
        **{own[name.lower()]: value.fill_null(FILLED[name]) for name, value in named.items()},
        x_FilledColumns=ibis.literal(", ").join(filled).nullif(""),
    )
