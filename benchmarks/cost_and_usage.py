"""In how much memory a Cost and Usage Report becomes FOCUS, whatever its size."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb
from figures import Figure, Ratio
from ingest import SAME_MEMORY, peak_of, reconcile

from finops_cost_management.store.cost_store import CostStore
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from settings import Settings

NAME = "cost-and-usage"
_PART = 500_000
"""Rows of a part: AWS splits a report into files of about this size."""

_LINES = """
SELECT
  TIMESTAMP '2026-09-01' AS bill_billing_period_start_date,
  TIMESTAMP '2026-10-01' AS bill_billing_period_end_date,
  '000000000001' AS bill_payer_account_id,
  printf('%012d', row % 50) AS line_item_usage_account_id,
  'USD' AS line_item_currency_code,
  CASE WHEN row % 97 = 0 THEN 'Tax' ELSE 'Usage' END AS line_item_line_item_type,
  0.192::DOUBLE AS line_item_unblended_cost,
  TIMESTAMP '2026-09-01' + INTERVAL (row % 720) HOUR AS line_item_usage_start_date,
  TIMESTAMP '2026-09-01' + INTERVAL (row % 720 + 1) HOUR AS line_item_usage_end_date,
  'AmazonEC2' AS line_item_product_code,
  'USE1-BoxUsage:m5.xlarge' AS line_item_usage_type,
  'RunInstances' AS line_item_operation,
  1.0::DOUBLE AS line_item_usage_amount,
  'i-' || lpad(to_hex((row % 20000)::BIGINT), 17, '0') AS line_item_resource_id,
  0.192::DOUBLE AS pricing_public_on_demand_cost,
  'us-east-1' AS product_region_code,
  MAP {{'user:team': 'team-' || (row % 30), 'user:env': 'prod'}} AS resource_tags
FROM range({}, {}) numbered(row)
"""


def measure(settings: Settings) -> Iterator[Figure]:
    """Peak memory for many rows, beside that for a few; nothing without finops-aws."""
    if find_spec("finops_aws") is None:
        return
    few, many = (_report(settings, rows) for rows in (settings.rows, settings.many_rows))
    baseline, ours = (peak_of(_convert, settings, report) for report in (few, many))
    ratio = ours / baseline
    yield Figure(
        benchmark=NAME,
        measure=f"peak memory, {settings.many_rows:,} / {settings.rows:,} rows",
        ours=ours,
        baseline=baseline,
        unit="MB",
        ratio=Ratio(median=ratio, least=ratio, most=ratio),
        at_most=SAME_MEMORY,
        proof="sums equal",
    )


def _report(settings: Settings, rows: int) -> Path:
    """A CUR 2.0 export of a month, as AWS lays it out; made once."""
    folder = settings.scratch / f"cost-and-usage-{rows}"
    data, metadata = (folder / name / "BILLING_PERIOD=2026-09" for name in ("data", "metadata"))
    manifest = metadata / "cur-Manifest.json"
    if manifest.exists():
        return folder
    data.mkdir(parents=True, exist_ok=True)
    metadata.mkdir(parents=True, exist_ok=True)
    names = []
    with duckdb.connect() as connection:
        for start in range(0, rows, _PART):
            names.append(f"cur-{len(names):05}.snappy.parquet")
            lines = _LINES.format(start, min(start + _PART, rows))
            connection.execute(f"COPY ({lines}) TO '{data / names[-1]}' (FORMAT parquet)")
    manifest.write_text(
        json.dumps(
            {
                "executionId": "1",
                "exportArn": "arn:aws:bcm-data-exports:us-east-1:000000000001:export/cur",
                "dataFiles": [
                    f"s3://bills/cur/data/BILLING_PERIOD=2026-09/{name}" for name in names
                ],
            }
        )
    )
    return folder


def _convert(settings: Settings, report: Path) -> None:
    from finops_aws.cost_and_usage import CostAndUsage

    rows = int(report.name.rpartition("-")[2])
    source = CostAndUsage(CostAndUsage.Options.model_validate({"path": str(report)}), name="bench")
    window = DateWindow(date(2026, 9, 1), date(2026, 10, 1))
    with settings.engine() as engine, TemporaryDirectory(dir=settings.scratch) as folder:
        store = CostStore(Path(folder) / "costs")
        for delivery in source.collect_costs(window=window, engine=engine):
            store.ingest("bench", delivery, engine)
        reconcile(store, engine, {"USD": (Decimal("0.192") * rows, rows)})
