"""The Cost and Usage Report, legacy and 2.0, from S3 or from a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from finops_aws.access import AwsOptions
from finops_cost_management import Source, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import ibis

    from finops_cost_management import DateWindow, Delivery, Engine

CONVERSION = 3
"""Counts up when the same report would be converted differently."""


class CostAndUsageOptions(AwsOptions):
    """Where the report is delivered."""

    path: str
    """`s3://bucket/prefix/name`, or a folder that mirrors it: what holds `metadata/` and `data/`
    (CUR 2.0), or the folders of billing periods (legacy)."""


class CostAndUsage(Source[CostAndUsageOptions]):
    """Read Cost and Usage Reports and convert them to FOCUS.

    CUR 2.0 and legacy reports, CSV (gzip, zip) or Parquet, that overwrite their files or make a
    folder for each delivery. Which files belong to a month, its newest manifest says; what is
    not complete yet has none, and is not read. A month that did not change is skipped.

    The bill stays exact: billed cost adds up to the report's for every account and month, and
    what commitments cost is in the effective cost of what used them, with the unused part as
    rows of their own.
    """

    Options = CostAndUsageOptions
    permissions: ClassVar[tuple[str, ...]] = ("s3:GetObject", "s3:ListBucket")

    @hookimpl
    def collect_costs(self, window: DateWindow, engine: Engine) -> Iterator[Delivery]:
        """One delivery for each billing month."""
        from finops_aws.deliveries.exports import deliveries_of
        from finops_aws.deliveries.places import place_of
        from finops_aws.deliveries.shapes import REPORT

        place = place_of(self.options.path, self)
        return deliveries_of(place, window, engine, read_report, shape=REPORT, version=CONVERSION)


def read_report(engine: Engine, paths: Sequence[Path]) -> ibis.Table:
    """The rows of a month's files as FOCUS 1.2.

    Raises:
        DataError: A file is damaged, empty or no Cost and Usage Report.
        AccessError: A file cannot be opened, or the disk is full.
    """
    import ibis

    from finops_aws.cur.charges import charges_of
    from finops_aws.cur.columns import report_columns
    from finops_aws.cur.focus_rows import focus_rows
    from finops_cost_management.focus.files import open_files

    # Parts may differ in their columns: each is brought to the same ones first.
    items = [report_columns(table) for table in open_files(engine, paths, alike=True)]
    rows = engine.view_of(ibis.union(*items) if len(items) > 1 else items[0])
    has_net = rows.line_item_net_unblended_cost.notnull().any().to_pyarrow().as_py()
    return focus_rows(charges_of(rows, net=bool(has_net)))
