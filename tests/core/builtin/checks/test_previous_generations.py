"""Old families are found with the saving that list prices and the own contract allow."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.answers.recommendations import DAYS_A_MONTH, Effort, Risk, SavingsAnswer
from finops_cost_management.builtin.checks.previous_generations import PreviousGenerations
from finops_cost_management.builtin.checks.successors import SUCCESSORS, successor_of
from finops_cost_management.builtin.demo import truth
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END, Charge, daily_charges
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.report.wording import percent
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component

CENT = Decimal("0.01")
PAGE = Path(__file__).resolve().parents[4] / "docs" / "checks" / "previous_generations.md"
OLD: dict[str, Any] = {
    "ResourceId": "i-0001",
    "SkuMeter": "BoxUsage:r4.xlarge",
    "PricingUnit": "Hours",
}
GOOGLE: dict[str, Any] = {
    "ResourceId": "vm",
    "HostProviderName": "Google Cloud",
    "ServiceName": "Compute Engine",
    "SkuMeter": "n1-standard-8 running in Iowa",
    "PricingUnit": "hour",
}


def find(engine: Engine, charges: Sequence[Charge]) -> SavingsAnswer:
    window = DateWindow.last(90, until=CASE_END)
    return PreviousGenerations().find_savings(bill_snapshot(engine, charges), window)


def test_saving_is_own_cost_times_the_difference_of_list_prices(engine: Engine) -> None:
    (found,) = find(engine, daily_charges("6", **OLD)).findings
    ratio = Decimal("0.2142") / Decimal("0.266")
    expected = (6 - 6 * ratio) * DAYS_A_MONTH
    assert found.estimated_monthly_savings == expected.quantize(CENT)
    assert found.recommended_configuration == {"instance type": "r7g.xlarge"}
    assert (found.implementation_effort, found.risk) == (Effort.MEDIUM, Risk.MEDIUM)  # Arm
    assert found.evidence["list prices an hour"] == ("r4.xlarge 0.266 USD, r7g.xlarge 0.2142 USD")


def test_sustained_use_discount_is_lost_by_the_move(engine: Engine) -> None:
    at_list = find(engine, daily_charges("9.12", **GOOGLE)).findings
    some_off = find(engine, daily_charges("9.12", **GOOGLE, EffectiveCost=Decimal("7.30"))).findings
    assert some_off[0].estimated_monthly_savings == (
        (Decimal("7.30") - Decimal("9.12") * Decimal("0.268") / Decimal("0.38")) * DAYS_A_MONTH
    ).quantize(CENT)
    assert some_off[0].estimated_monthly_savings < at_list[0].estimated_monthly_savings
    # The whole discount, 30 %: the successor would cost more.
    whole = find(engine, daily_charges("9.12", **GOOGLE, EffectiveCost=Decimal("6.38")))
    assert (whole.clean, whole.findings) == (1, ())


@pytest.mark.parametrize(
    ("columns", "newer"),
    [
        ({"SkuPriceDetails": '{"InstanceType":"c4.2xlarge"}', "SkuMeter": "x"}, None),
        ({"SkuPriceDetails": '{"InstanceType":"c4.2xlarge"}'}, "c7g.2xlarge"),
        ({"SkuMeter": None, "x_UsageType": "EUW2-BoxUsage:m3.large"}, "m6i.large"),
        (
            {
                "ServiceName": "Amazon Relational Database Service",
                "SkuMeter": "InstanceUsage:db.m4.large",
            },
            "db.m6g.large",
        ),
        ({"ServiceName": "Amazon ElastiCache", "SkuMeter": "NodeUsage:cache.r3.2xlarge"},
         "cache.r6g.2xlarge"),
        (
            {
                "HostProviderName": "Microsoft",
                "ServiceName": "Virtual Machines",
                "SkuMeter": None,
                "x_SkuMeterName": "D3 v2/DS3 v2",
            },
            "Standard_D4as_v5",
        ),
        (
            {
                "HostProviderName": "Microsoft",
                "ServiceName": "Virtual Machines",
                "SkuMeter": None,
                "x_SkuMeterName": "some meter",
                "x_SkuDetails": '{"ServiceType":"Standard_F8","VCPUs":8',  # not even JSON
            },
            "Standard_F8s_v2",
        ),
        (GOOGLE, "e2-standard-8"),
    ],
)  # fmt: skip
def test_types_are_read_from_every_bill(
    engine: Engine, columns: dict[str, Any], newer: str | None
) -> None:
    found = find(engine, daily_charges("6", **OLD | columns)).findings
    assert [one.recommended_configuration["instance type"] for one in found] == (
        [newer] if newer else []
    )


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"SkuMeter": "BoxUsage"}, "the bill does not say its type"),
        ({"x_Operation": "RunInstances:0002"}, "its price includes a licence"),
        ({"SkuPriceDetails": '{"OperatingSystem":"Windows"}'}, "its price includes a licence"),
        (
            {"SkuMeter": lambda day: f"BoxUsage:r4.{'xlarge' if day < 75 else '2xlarge'}"},
            "its type changed in these days",
        ),
    ],
)
def test_what_cannot_be_told(engine: Engine, columns: dict[str, Any], reason: str) -> None:
    answer = find(engine, daily_charges("6", **OLD | columns))
    assert not answer.findings
    assert [one.reason.startswith(reason) for one in answer.unknown] == [True]


@pytest.mark.parametrize(
    "columns",
    [
        {"PricingCategory": "Dynamic"},
        {"SkuMeter": "SpotUsage:r4.xlarge"},
        {"ResourceId": None},
        {"ServiceName": "Amazon Elastic Block Store", "SkuMeter": "EBS:VolumeUsage.gp2"},
    ],
)
def test_what_is_no_subject(engine: Engine, columns: dict[str, Any]) -> None:
    assert not find(engine, daily_charges("6", **OLD | columns)).checked


def test_machines_with_a_gpu_have_no_successor(engine: Engine) -> None:
    gpu = GOOGLE | {"SkuMeter": "Nvidia Tesla T4 GPU running in Iowa"}
    bill = [*daily_charges("9", **GOOGLE), *daily_charges("6", **gpu)]
    assert not find(engine, bill).findings


def test_partly_committed_machines_save_on_the_rest(engine: Engine) -> None:
    bill = [
        *daily_charges("3", **OLD),
        *daily_charges("2", **OLD, CommitmentDiscountId="sp", CommitmentDiscountStatus="Used"),
    ]
    (found,) = find(engine, bill).findings
    ratio = Decimal("0.2142") / Decimal("0.266")
    assert found.estimated_monthly_savings == ((3 - 3 * ratio) * DAYS_A_MONTH).quantize(CENT)
    assert found.current_cost == (5 * DAYS_A_MONTH).quantize(CENT)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    effective=st.decimals(-50, 500, places=4),
    contracted=st.one_of(st.none(), st.decimals(-50, 500, places=4)),
)
def test_saving_is_never_more_than_the_prices_allow(
    engine: Engine, effective: Decimal, contracted: Decimal | None
) -> None:
    bill = daily_charges(effective, **OLD, ContractedCost=contracted)
    for found in find(engine, bill).findings:
        ratio = Decimal("0.2142") / Decimal("0.266")
        assert found.estimated_monthly_savings <= found.current_cost * (1 - ratio) + CENT


def test_every_successor_is_cheaper_and_no_family_is_there_twice() -> None:
    seen: set[tuple[str, str]] = set()
    for family in SUCCESSORS:
        assert Decimal(0) < family.ratio < 1, family.current
        assert family.compared in family.sizes
        for now, then in family.types().items():
            assert (family.provider, now) not in seen
            seen.add((family.provider, now))
            assert successor_of(family.provider, now.upper()) == (family, then)
    for provider, newer in {
        (one.provider, then) for one in SUCCESSORS for then in one.types().values()
    }:
        assert successor_of(provider, newer) is None, "advice would lead to further advice"


def test_page_has_the_same_prices() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for family in SUCCESSORS:
        difference = percent(1 - family.ratio)
        assert f"| {family.evidence} | {difference} | {family.differences or 'nothing'} |" in page


def test_current_generations_stay() -> None:
    for kind in ("m5.large", "c5.xlarge", "r5.4xlarge", "t3.medium", "db.r5.large"):
        assert successor_of("AWS", kind) is None


def test_demo_is_found_and_nothing_else(demo: CostSnapshot, demo_window: DateWindow) -> None:
    answer = PreviousGenerations().find_savings(demo, demo_window)
    days = DateWindow.last(30, until=demo_window.end)
    hidden = {one.resource_id: one for one in truth(days).superseded_resources}
    assert {one.resource_id for one in answer.findings} == hidden.keys()
    assert {one.resource_name for one in answer.findings} == {
        "inventory-sync",
        "edi-gateway",
        "report-scheduler",
    }
    for found in answer.findings:
        told = hidden[found.resource_id].saving / 30 * DAYS_A_MONTH
        assert told / 2 <= found.estimated_monthly_savings <= told + CENT
    assert not answer.unknown
