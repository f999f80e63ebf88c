"""What never rests at the on-demand price is found by kind, with the discount that is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from finops_cost_management.answers.alternatives import without_double_count
from finops_cost_management.answers.priority import PriorityFormula
from finops_cost_management.answers.recommendations import DAYS_A_MONTH, SavingsAnswer
from finops_cost_management.builtin.checks.always_on import AlwaysOn
from finops_cost_management.builtin.checks.steady_on_demand import (
    SteadyOnDemand,
    SteadyOnDemandOptions,
)
from finops_cost_management.builtin.demo import truth
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END, Charge, daily_charges
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component

CENT = Decimal("0.01")
MACHINE: dict[str, Any] = {
    "ResourceId": "i-0001",
    "SkuMeter": "BoxUsage:m6i.xlarge",
    "PricingUnit": "Hours",
    "PricingQuantity": Decimal(24),
}


def find(engine: Engine, charges: Sequence[Charge], **options: Any) -> SavingsAnswer:
    check = SteadyOnDemand(SteadyOnDemandOptions(**options))
    return check.find_savings(bill_snapshot(engine, charges), DateWindow.last(90, until=CASE_END))


def test_all_of_a_kind_are_one_finding(engine: Engine) -> None:
    bill = [
        *daily_charges("4", **MACHINE),
        *daily_charges("6", **MACHINE | {"ResourceId": "i-0002"}),
        *daily_charges("5", **MACHINE | {"ResourceId": "i-0003", "RegionId": "eu-west-1"}),
    ]
    two, one = find(engine, bill).findings
    assert two.resource_id == "0002/us-east-1/m6i.xlarge"
    small, large = two.shares["i-0001"], two.shares["i-0002"]
    assert small.quantize(CENT) == (4 * Decimal("0.27") * DAYS_A_MONTH).quantize(CENT)
    assert small * 6 == pytest.approx(large * 4, abs=Decimal("0.02"))
    assert two.estimated_monthly_savings == sum(two.shares.values())
    assert set(two.parts) == {"i-0001", "i-0002"}
    assert one.resource_id == "0002/eu-west-1/m6i.xlarge"


def test_own_discount_counts_more_than_a_typical_one(engine: Engine) -> None:
    covered = MACHINE | {"ResourceId": "i-9", "CommitmentDiscountId": "sp"}
    bill = [
        *daily_charges("10", **MACHINE),
        *daily_charges("6", **covered, CommitmentDiscountStatus="Used", ContractedCost=Decimal(8)),
        *daily_charges("0.30", **covered, CommitmentDiscountStatus="Unused"),
    ]
    (found,) = find(engine, bill).findings
    assert found.estimated_monthly_savings == (Decimal("2.5") * DAYS_A_MONTH).quantize(CENT)
    assert found.evidence["discount"] == "25.0 %"
    assert found.evidence["discount is"] == "your own commitments of the service"


def test_nothing_more_is_bought_where_commitments_are_wasted(engine: Engine) -> None:
    covered = MACHINE | {"ResourceId": "i-9", "CommitmentDiscountId": "sp"}
    bill = [
        *daily_charges("10", **MACHINE),
        *daily_charges("6", **covered, CommitmentDiscountStatus="Used", ContractedCost=Decimal(8)),
        *daily_charges("0.40", **covered, CommitmentDiscountStatus="Unused"),
    ]
    answer = find(engine, bill)
    assert not answer.findings
    assert [one.reason for one in answer.unknown] == [
        "more than 5 % of the commitments that exist for the service is unused"
    ]


def test_what_has_a_successor_is_moved_first(engine: Engine) -> None:
    old = daily_charges("10", **MACHINE | {"SkuMeter": "BoxUsage:m4.xlarge"})
    answer = find(engine, old)
    assert not answer.findings
    assert answer.clean == 1


def test_covered_usage_without_its_worth_tells_no_discount(engine: Engine) -> None:
    covered = MACHINE | {"ResourceId": "i-9", "CommitmentDiscountId": "sp"}
    bill = [
        *daily_charges("10", **MACHINE),
        *daily_charges("6", **covered, CommitmentDiscountStatus="Used", ContractedCost=Decimal(0)),
    ]
    (found,) = find(engine, bill).findings
    assert found.evidence["discount"] == "27.0 %"


@pytest.mark.parametrize(
    "columns",
    [
        {"PricingCategory": "Dynamic"},
        {"CommitmentDiscountId": "sp", "CommitmentDiscountStatus": "Used"},
        {"ServiceName": "Amazon ElastiCache", "SkuMeter": "NodeUsage:cache.r6g.large"},
        {"ServiceName": "Amazon Elastic Block Store", "SkuMeter": "EBS:VolumeUsage.gp3"},
        {"ResourceId": None},
    ],
)
def test_what_is_no_subject(engine: Engine, columns: dict[str, Any]) -> None:
    assert not find(engine, daily_charges("9", **MACHINE | columns)).checked


def test_many_small_ones_are_worth_a_word_together(engine: Engine) -> None:
    bill = [
        charge
        for number in range(10)
        for charge in daily_charges("0.50", **MACHINE | {"ResourceId": f"i-{number}"})
    ]
    (found,) = find(engine, bill, minimum_savings=20).findings
    assert found.evidence["instances"] == "10"
    assert find(engine, bill, minimum_savings=60).clean == 1


def test_younger_than_sixty_days_is_unknown(engine: Engine) -> None:
    bill = [
        *daily_charges("9", ResourceId="other", ServiceCategory="Storage"),
        *daily_charges("9", days=50, **MACHINE),
    ]
    assert [one.reason for one in find(engine, bill).unknown] == [
        "younger than the look-back of 60 days"
    ]


def test_no_programme_no_discount(engine: Engine) -> None:
    columns = {
        "HostProviderName": "Microsoft",
        "ServiceName": "Azure Database for PostgreSQL",
        "SkuMeter": "General Purpose vCore",
    }
    answer = find(engine, daily_charges("9", **MACHINE | columns))
    assert [one.reason for one in answer.unknown] == [
        "no discount is known for a commitment of the service"
    ]


def test_a_licence_is_not_discounted_for_sure(engine: Engine) -> None:
    (plain,) = find(engine, daily_charges("9", **MACHINE)).findings
    licensed = MACHINE | {"SkuPriceDetails": '{"OperatingSystem":"Windows"}'}
    (windows,) = find(engine, daily_charges("9", **licensed)).findings
    assert windows.confidence < plain.confidence


DISCOUNTS = {  # where the demo has no commitments of its own
    "Azure SQL Database": Decimal("0.21"),
    "Cloud SQL": Decimal("0.25"),
}
SERVICES = {
    "Amazon Elastic Compute Cloud",
    "Amazon Relational Database Service",
    "Azure SQL Database",
    "Cloud SQL",
    "Compute Engine",
    "Virtual Machines",
}


def wasted_services(rows: list[dict[str, Any]], window: DateWindow) -> set[str]:
    """Services of whose commitments more than a twentieth is unused, added up row by row."""
    commitments: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    applied: defaultdict[str, set[str]] = defaultdict(set)  # service → commitments it uses
    for row in rows:
        commitment = row["CommitmentDiscountId"]
        in_window = row["ChargePeriodStart"].date() in window
        if not (commitment and in_window and row["ChargeCategory"] == "Usage"):
            continue
        commitments[commitment][1] += row["EffectiveCost"]
        if row["CommitmentDiscountStatus"] == "Unused":
            commitments[commitment][0] += row["EffectiveCost"]
        else:
            applied[row["ServiceName"]].add(commitment)
    return {
        service
        for service, names in applied.items()
        if sum(commitments[one][0] for one in names)
        > sum(commitments[one][1] for one in names) / 20
    }


def expected_of(rows: list[dict[str, Any]], window: DateWindow) -> dict[str, Decimal]:
    """Resource → saving of a month, added up row by row."""
    hours: defaultdict[str, defaultdict[Any, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    costs: defaultdict[str, Decimal] = defaultdict(Decimal)
    service_of = {}
    covered: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in rows:
        day = row["ChargePeriodStart"].date()
        is_instance = row["PricingUnit"] == "Hours" and row["ServiceName"] in SERVICES
        if day not in window or row["ChargeCategory"] != "Usage" or not is_instance:
            continue
        if row["CommitmentDiscountStatus"] == "Used":
            covered[row["ServiceName"]][0] += row["EffectiveCost"]
            covered[row["ServiceName"]][1] += row["ContractedCost"]
        elif row["PricingCategory"] == "Standard":
            hours[row["ResourceId"]][day] += row["PricingQuantity"]
            costs[row["ResourceId"]] += row["EffectiveCost"]
            service_of[row["ResourceId"]] = row["ServiceName"]
    wasted = wasted_services(rows, window)
    expected = {}
    for resource, by_day in hours.items():
        if service_of[resource] in wasted:
            continue
        twice = sum(count > 24 for count in by_day.values())
        if twice > 3 or sum(count >= 23 for count in by_day.values()) < window.days * 0.95:
            continue
        own = covered.get(service_of[resource])
        discount = 1 - own[0] / own[1] if own else DISCOUNTS[service_of[resource]]
        month = costs[resource] * discount / window.days * DAYS_A_MONTH
        expected[resource] = month.quantize(CENT)
    return expected


def test_demo_is_what_its_rows_add_up_to(demo: CostSnapshot, demo_window: DateWindow) -> None:
    answer = SteadyOnDemand().find_savings(demo, demo_window)
    window = DateWindow.last(60, until=demo_window.end)
    expected = expected_of(demo.rows.to_pyarrow().to_pylist(), window)
    for one in truth(window).superseded_resources:
        expected.pop(one.resource_id, None)
    shares = {name: part for one in answer.findings for name, part in one.shares.items()}
    assert shares == expected
    assert len(expected) == 8
    assert sum(one.estimated_monthly_savings for one in answer.findings) == sum(expected.values())
    assert {one.reason for one in answer.unknown} == {
        "more than 5 % of the commitments that exist for the service is unused",
        "several instances under one id",
    }


def test_stopping_at_night_and_committing_are_alternatives(
    demo: CostSnapshot, demo_window: DateWindow
) -> None:
    steady = SteadyOnDemand().find_savings(demo, demo_window).findings
    stopped = AlwaysOn().find_savings(demo, demo_window).findings
    both = without_double_count([*steady, *stopped], PriorityFormula())
    counted = {one.resource_id: one.counted_savings for one in both}
    for one in stopped:
        assert counted[one.resource_id] == one.estimated_monthly_savings
    dev = next(one for one in both if one.resource_id.endswith("0003/westeurope/Standard_D8s_v5"))
    assert dev.counted_savings == 0
    assert len(dev.better) == 1
