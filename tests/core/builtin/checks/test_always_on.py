"""What never rests outside production is found; what rests, works or is committed is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from finops_cost_management.answers.recommendations import DAYS_A_MONTH, SavingsAnswer
from finops_cost_management.builtin.checks.always_on import AlwaysOn, AlwaysOnOptions
from finops_cost_management.builtin.demo import truth
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END, Charge, daily_charges
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component

MACHINE: dict[str, Any] = {
    "ResourceId": "i-0001",
    "SubAccountName": "shop-development",
    "SkuMeter": "EU-BoxUsage:m6i.xlarge",
    "PricingUnit": "Hrs",
    "PricingQuantity": Decimal(24),
}


def find(engine: Engine, charges: Sequence[Charge], **options: Any) -> SavingsAnswer:
    check = AlwaysOn(AlwaysOnOptions(**options))
    return check.find_savings(bill_snapshot(engine, charges), DateWindow.last(90, until=CASE_END))


def test_saving_is_the_cost_of_the_hours_nobody_needs(engine: Engine) -> None:
    (found,) = find(engine, daily_charges("7", **MACHINE)).findings
    assert found.current_cost == (7 * DAYS_A_MONTH).quantize(Decimal("0.01"))
    assert found.estimated_monthly_savings == (
        7 * DAYS_A_MONTH * Decimal(108) / Decimal(168)
    ).quantize(Decimal("0.01"))
    (found,) = find(engine, daily_charges("7", **MACHINE), needed_hours_per_week=0).findings
    assert found.estimated_monthly_savings == found.current_cost


def test_only_what_no_commitment_covers_can_be_saved(engine: Engine) -> None:
    half = MACHINE | {"PricingQuantity": Decimal(12)}
    bill = [
        *daily_charges("3.50", **half),
        *daily_charges("2", **half, CommitmentDiscountId="sp", CommitmentDiscountStatus="Used"),
    ]
    (found,) = find(engine, bill, needed_hours_per_week=0).findings
    assert found.estimated_monthly_savings == (Decimal("3.5") * DAYS_A_MONTH).quantize(
        Decimal("0.01")
    )


def test_hourly_rows_are_the_same_as_daily_ones(engine: Engine) -> None:
    hours = [
        charge
        | {
            "ChargePeriodStart": charge["ChargePeriodStart"] + timedelta(hours=hour),
            "ChargePeriodEnd": charge["ChargePeriodStart"] + timedelta(hours=hour + 1),
        }
        for charge in map(dict, daily_charges("0.5", **MACHINE | {"PricingQuantity": Decimal(1)}))
        for hour in range(24)
    ]
    by_hour = find(engine, hours).findings
    by_day = find(engine, daily_charges("12", **MACHINE)).findings
    assert [one.estimated_monthly_savings for one in by_hour] == [
        one.estimated_monthly_savings for one in by_day
    ]


@pytest.mark.parametrize(
    ("columns", "is_found"),
    [
        ({"Tags": '{"Environment":"Staging"}', "SubAccountName": "shop"}, True),
        ({"Tags": '{"user:ENV":"qa-2"}', "SubAccountName": "shop-production"}, True),
        ({"Tags": '{"stage": "pre-prod"}', "SubAccountName": None}, True),
        ({"Tags": '{"environment":"production"}'}, False),  # the tag counts, not the account
        ({"Tags": '{"note":"environment","x":"dev"}', "SubAccountName": "shop"}, False),
        ({"Tags": '{"environment":"devices"}', "SubAccountName": "shop"}, False),
        ({"Tags": '{"environment":""}'}, True),  # says nothing: the account does
        ({"SubAccountName": "contest-latest"}, False),
        ({"SubAccountName": None}, False),
    ],
)
def test_environment_is_read_from_tags_then_from_the_account(
    engine: Engine, columns: dict[str, Any], *, is_found: bool
) -> None:
    assert bool(find(engine, daily_charges("7", **MACHINE | columns)).findings) is is_found


def test_own_words_and_tags(engine: Engine) -> None:
    bill = daily_charges("7", **MACHINE | {"Tags": '{"purpose":"Training"}'})
    assert find(engine, bill, tags=["purpose"], environments=["training"]).findings
    assert not find(engine, bill, tags=["purpose"]).checked


def test_who_became_production_is_production(engine: Engine) -> None:
    bill = daily_charges(
        "7",
        **MACHINE,
        Tags=lambda day: '{"env":"test"}' if day < 80 else '{"env":"prod"}',
    )
    assert not find(engine, bill).checked


@pytest.mark.parametrize(
    "columns",
    [
        # FOCUS 1.0 of AWS: no meter, the usage type beside it.
        {"SkuMeter": None, "x_UsageType": "USE1-BoxUsage:t3.large"},
        {
            "SkuMeter": None,
            "ChargeDescription": "$0.0832 per On Demand Linux t3.large Instance Hour",
        },
        {
            "ServiceName": "Amazon Relational Database Service",
            "SkuMeter": "Multi-AZUsage:db.m6g.large",
        },
        {
            "HostProviderName": "Microsoft",
            "ServiceName": "Virtual Machines",
            "SkuMeter": None,
            "x_SkuMeterName": "D4s v5",
            "PricingUnit": "10 Hours",
            "PricingQuantity": Decimal("2.4"),
        },
        {
            "HostProviderName": "Google Cloud",
            "ServiceName": "Compute Engine",
            "SkuMeter": None,
            "x_SkuDescription": "N2 Instance Core running in Americas",
            "SkuPriceDetails": '{"CoreCount":4}',
            "PricingUnit": "hour",
            "PricingQuantity": Decimal(96),
        },
        {
            "HostProviderName": "Google Cloud",
            "ServiceName": "Cloud SQL",
            "SkuMeter": "Cloud SQL for MySQL: Zonal - 2 vCPU + 8GB RAM in Iowa",
            "PricingUnit": "hour",
        },
    ],
)
def test_every_provider_writes_hours_its_own_way(engine: Engine, columns: dict[str, Any]) -> None:
    assert find(engine, daily_charges("7", **MACHINE | columns)).findings


@pytest.mark.parametrize(
    "columns",
    [
        {"SkuMeter": "NatGateway-Hours"},
        {"SkuMeter": "EBSOptimized:m6i.xlarge"},
        {"SkuMeter": "EBS:VolumeUsage.gp3", "PricingUnit": "GB-Mo"},
        {"HostProviderName": "Microsoft", "ServiceName": "Azure SQL Database", "SkuMeter": "vCore"},
        {"ResourceId": None},
        {"ChargeClass": "Correction"},
    ],
)
def test_what_cannot_be_stopped_is_not_looked_at(engine: Engine, columns: dict[str, Any]) -> None:
    bill = daily_charges("7", **MACHINE | columns)
    assert not find(engine, bill).checked


def test_memory_ends_with_its_machine_and_is_no_second_one(engine: Engine) -> None:
    machine = MACHINE | {
        "HostProviderName": "Google Cloud",
        "ServiceName": "Compute Engine",
        "SkuPriceDetails": '{"CoreCount":2}',
        "SkuMeter": "N2 Instance Core running in Americas",
        "PricingUnit": "hour",
        "PricingQuantity": Decimal(48),
    }
    memory = machine | {
        "SkuMeter": "N2 Instance Ram running in Americas",
        "PricingUnit": "gibibyte hour",
        "PricingQuantity": Decimal(192),
    }
    bill = [*daily_charges("5", **machine), *daily_charges("3", **memory)]
    (found,) = find(engine, bill, needed_hours_per_week=0).findings
    assert found.estimated_monthly_savings == (8 * DAYS_A_MONTH).quantize(Decimal("0.01"))


def test_a_day_billed_twice_is_no_second_machine(engine: Engine) -> None:
    charges = daily_charges("7", **MACHINE)
    assert find(engine, [*charges, charges[-5]]).findings
    answer = find(engine, [*charges, *charges[-5:]])
    assert [one.reason for one in answer.unknown] == ["several instances under one id"]


def test_hours_that_the_bill_does_not_say_are_unknown(engine: Engine) -> None:
    answer = find(engine, daily_charges("7", **MACHINE | {"PricingQuantity": None}))
    assert [one.reason for one in answer.unknown] == [
        "the bill does not say how many hours it was on"
    ]


def test_each_currency_is_a_finding_of_its_own(engine: Engine) -> None:
    bill = [
        *daily_charges("7", **MACHINE),
        *daily_charges("9", **MACHINE | {"ResourceId": "i-0002", "BillingCurrency": "EUR"}),
    ]
    found = find(engine, bill).findings
    assert {one.currency for one in found} == {"EUR", "USD"}
    assert len({one.id for one in found}) == 2


def test_demo_is_found_to_the_cent_and_nothing_else(
    demo: CostSnapshot, demo_window: DateWindow
) -> None:
    answer = AlwaysOn().find_savings(demo, demo_window)
    hidden = truth(DateWindow.last(30, until=demo_window.end)).always_on_resources
    assert {one.resource_id: one.estimated_monthly_savings for one in answer.findings} == {
        one.resource_id: (one.saving / 30 * DAYS_A_MONTH).quantize(Decimal("0.01"))
        for one in hidden
    }
    assert len(hidden) == 12
    assert not answer.unknown
