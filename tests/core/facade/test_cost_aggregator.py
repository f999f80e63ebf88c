"""`CostAggregator` on the store that the demo filled."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from finops_cost_management import ConfigurationError, CostAggregator, DateWindow, Engine
from finops_cost_management.builtin.demo.options import DemoOptions
from finops_cost_management.builtin.demo.source import Demo
from finops_cost_management.settings import Settings

pytestmark = pytest.mark.real_component

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
EC2 = "Amazon Elastic Compute Cloud - Compute"


@pytest.fixture(scope="module")
def aggregator(tmp_path_factory: pytest.TempPathFactory) -> CostAggregator:
    """Of a pipeline whose store holds two months of the demo."""
    folder = tmp_path_factory.mktemp("home")
    aggregator = CostAggregator(
        f"store: {{path: {folder / 'costs'}}}\nsources: {{company: {{use: demo}}}}\n",
        settings=Settings(home=folder),
    )
    pipeline = aggregator.pipeline
    demo = Demo(DemoOptions())
    with Engine.of(pipeline.settings) as engine:
        store = pipeline.config.store.open(pipeline.settings)
        for delivery in demo.collect_costs(window=DateWindow(FIRST, date(2026, 11, 2))):
            store.ingest("company", delivery, engine)
    return aggregator


def test_ec2_by_service_and_usage_type(aggregator: CostAggregator) -> None:
    answer = aggregator.get_aws_costs(
        start_date="2026-10-01",
        end_date="2026-10-31",
        group_by=["SERVICE", "USAGE_TYPE"],
        filter={"SERVICE": [EC2]},
    )
    rows = answer.to_pylist()
    assert {row["SERVICE"] for row in rows} == {EC2}
    assert all("Usage:" in row["USAGE_TYPE"] for row in rows if row["USAGE_TYPE"])
    assert sum(row["UnblendedCost"] for row in rows) > 0


def test_accounts_add_up_to_the_whole(aggregator: CostAggregator) -> None:
    by_account = aggregator.get_aws_costs(FIRST, LAST, group_by="LINKED_ACCOUNT")
    (whole,) = aggregator.get_aws_costs(FIRST, LAST).to_pylist()
    assert by_account.num_rows > 1
    assert sum(by_account["UnblendedCost"].to_pylist(), Decimal(0)) == whole["UnblendedCost"]


def test_the_last_day_is_inside(aggregator: CostAggregator) -> None:
    days = aggregator.get_aws_costs(FIRST, LAST, granularity="DAILY")["Period"].to_pylist()
    assert (min(days), max(days)) == (FIRST, LAST)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("1 October", "2026-10-31", "is no day"),
        ("2026-10-31", "2026-10-01", "last day, 2026-10-01, is before the first, 2026-10-31"),
    ],
)
def test_days_that_are_none(aggregator: CostAggregator, start: str, end: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        aggregator.get_aws_costs(start, end)
