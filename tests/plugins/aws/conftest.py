"""Reports as AWS writes them, made up line by line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from finops_aws.cost_and_usage import read_report
from finops_cost_management.engine import Engine

Item = dict[str, str]
Convert = Callable[[list[Item]], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with Engine(threads=1) as engine:
        yield engine


@pytest.fixture
def item() -> Callable[..., Item]:
    """A line item of CUR 2.0: an hour of usage, unless said otherwise."""

    def make(kind: str, cost: str, **columns: str) -> Item:
        return {
            "bill_billing_period_start_date": "2026-09-01T00:00:00.000Z",
            "bill_billing_period_end_date": "2026-10-01T00:00:00.000Z",
            "bill_payer_account_id": "000000000001",
            "line_item_usage_account_id": "012345678901",
            "line_item_currency_code": "USD",
            "line_item_line_item_type": kind,
            "line_item_unblended_cost": cost,
            "line_item_usage_start_date": "2026-09-10T04:00:00.000Z",
            "line_item_usage_end_date": "2026-09-10T05:00:00.000Z",
            "line_item_product_code": "AmazonEC2",
            "line_item_usage_type": "USE1-BoxUsage:m5.xlarge",
            "line_item_usage_amount": "1",
            "line_item_resource_id": "i-0123456789abcdef0",
            **columns,
        }

    return make


@pytest.fixture
def convert(engine: Engine, tmp_path: Path) -> Convert:
    """The FOCUS rows of line items, by way of a CSV file."""

    def run(items: list[Item]) -> list[dict[str, Any]]:
        path = tmp_path / f"part-{len(list(tmp_path.iterdir()))}.csv"
        write_csv(path, items)
        table: pa.Table = read_report(engine, [path]).to_pyarrow()
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows

    return run


def write_csv(path: Path, items: list[Item]) -> None:
    names = list(dict.fromkeys(name for one in items for name in one))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(items)
