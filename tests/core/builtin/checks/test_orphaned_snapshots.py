"""Snapshots that stay the same for a quarter are told, with what is unsure about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from finops_cost_management.answers.recommendations import DAYS_A_MONTH, SavingsAnswer
from finops_cost_management.builtin.checks.orphaned_snapshots import (
    OrphanedSnapshots,
    OrphanedSnapshotsOptions,
)
from finops_cost_management.builtin.demo import truth
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END, Charge, daily_charges
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component

CENT = Decimal("0.01")


def snapshot(cost: str = "4", **columns: Any) -> list[Charge]:
    return daily_charges(
        cost,
        **{
            "days": 100,
            "ResourceId": "arn:aws:ec2:us-east-1:0002:snapshot/snap-0a1b",
            "SkuMeter": "EBS:SnapshotUsage",
            "PricingUnit": "GB-Mo",
            "PricingQuantity": Decimal(80),
            **columns,
        },
    )


def find(engine: Engine, *bills: Sequence[Charge], **options: Any) -> SavingsAnswer:
    check = OrphanedSnapshots(OrphanedSnapshotsOptions(**options))
    charges = [charge for bill in bills for charge in bill]
    return check.find_savings(bill_snapshot(engine, charges), DateWindow.last(90, until=CASE_END))


@pytest.mark.parametrize("days_ago", [0, 20, 40])
def test_the_demo_to_the_cent(demo: CostSnapshot, demo_window: DateWindow, days_ago: int) -> None:
    end = demo_window.end - timedelta(days=days_ago)
    (hidden,) = (
        idle
        for idle in truth(DateWindow.last(90, until=end)).idle_resources
        if idle.resource_name == "old-order-backups"
    )
    answer = OrphanedSnapshots().find_savings(demo, DateWindow(demo_window.start, end))
    (found,) = answer.findings
    assert not answer.unknown
    assert found.resource_id == hidden.resource_id
    assert found.estimated_monthly_savings == (hidden.saving / 90 * DAYS_A_MONTH).quantize(CENT)


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"SkuMeter": None, "ChargeDescription": "$0.05 per GB-Month of snapshot data stored"},
        {"SkuMeter": None, "ResourceId": "snap-0a1b2c3d"},
        {"SkuMeter": None, "x_SkuMeterName": "LRS Snapshots", "PricingUnit": "1 GB/Month"},
        {"SkuMeter": None, "x_SkuDescription": "Storage PD Snapshot in Iowa"}
        | {"PricingUnit": "gibibyte month"},
        {"SkuMeter": "WarmStorage-ByteHrs-EBS", "ChargeDescription": "Backup of EBS volumes"},
    ],
    ids=str,
)
def test_snapshots_in_the_words_of_their_providers(engine: Engine, columns: Any) -> None:
    assert len(find(engine, snapshot(**columns)).findings) == 1


def test_what_only_has_the_word_in_its_name_is_none(engine: Engine) -> None:
    bucket = snapshot(ResourceId="arn:aws:s3:::db-snapshots", SkuMeter="TimedStorage-ByteHrs")
    archived = snapshot(SkuMeter="EBS:SnapshotArchiveStorage")
    taking = snapshot(SkuMeter="EBS:FastSnapshotRestore", PricingUnit="Hours")
    assert find(engine, bucket, archived, taking).checked == 0


def test_months_of_different_length_are_no_change(engine: Engine) -> None:
    def share(day: int) -> Decimal:
        month = (CASE_END - timedelta(days=100 - day)).month
        return (Decimal(2480) / (30 if month in (6, 9) else 31)).quantize(Decimal("1e-9"))

    assert find(engine, snapshot(PricingQuantity=share)).findings


@pytest.mark.parametrize(
    ("quantity", "found"),
    [
        (lambda day: Decimal(80) + (day == 50), 1),  # a day is less than 1 % of a week of it
        (lambda day: Decimal(80) + (day // 50), 0),
        (lambda day: Decimal(80) - (day // 50), 0),
        (lambda _: Decimal(0), 1),
    ],
)
def test_a_chain_in_use_changes(engine: Engine, quantity: Any, found: int) -> None:
    answer = find(engine, snapshot(PricingQuantity=quantity))
    assert (len(answer.findings), answer.clean) == (found, 1 - found)


def test_days_without_charges_are_no_standing_still(engine: Engine) -> None:
    every_other = [charge for number, charge in enumerate(snapshot()) if number % 2]
    assert find(engine, every_other).clean == 1


@pytest.mark.parametrize(
    ("columns", "confidence"),
    [
        ({}, 0.5),
        ({"SubAccountId": "0009"}, 0.8),
        ({"RegionId": "eu-west-1"}, 0.8),
        ({"HostProviderName": "Microsoft", "SkuMeter": "P30 LRS Disk"}, 0.8),
    ],
)
def test_surer_where_no_disk_is_left(
    engine: Engine, columns: dict[str, Any], confidence: float
) -> None:
    disk = {"SkuMeter": "EBS:VolumeUsage.gp3", **columns}
    (found,) = find(engine, snapshot(), daily_charges("1", ResourceId="vol-1", **disk)).findings
    assert found.confidence == confidence


def test_a_place_without_a_name_is_a_place(engine: Engine) -> None:
    nowhere: dict[str, Any] = {"RegionId": None, "SubAccountId": None}
    disk = daily_charges("1", ResourceId="vol-1", SkuMeter="EBS:VolumeUsage.gp3", **nowhere)
    (found,) = find(engine, snapshot(**nowhere), disk).findings
    assert found.confidence == 0.5


def test_currencies_and_commitments(engine: Engine) -> None:
    answer = find(
        engine,
        snapshot(),
        snapshot("7", BillingCurrency="EUR"),
        snapshot("9", CommitmentDiscountId="SP-1"),
    )
    assert {one.currency: one.estimated_monthly_savings for one in answer.findings} == {
        "USD": (4 * DAYS_A_MONTH).quantize(CENT),
        "EUR": (7 * DAYS_A_MONTH).quantize(CENT),
    }


def test_costs_that_are_open_are_not_told_as_a_sum(engine: Engine) -> None:
    open_cost = snapshot(EffectiveCost=lambda day: None if day == 60 else Decimal(4))
    answer = find(engine, open_cost)
    assert [one.reason for one in answer.unknown] == ["charges without effective cost"]
