"""Idle is what is billed for being there and not used; where use would not show, it is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.answers.recommendations import DAYS_A_MONTH, SavingsAnswer
from finops_cost_management.builtin.checks.idle_resources import (
    IdleResources,
    IdleResourcesOptions,
)
from finops_cost_management.builtin.checks.orphaned_snapshots import OrphanedSnapshots
from finops_cost_management.builtin.demo import truth
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END, Charge, daily_charges
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component

Columns = dict[str, Any]
CENT = Decimal("0.01")
USE = daily_charges("1", ResourceId="anything", PricingUnit="Requests", PricingQuantity=Decimal(5))
AWS_NAT: Columns = {"SkuMeter": "NatGateway-Hours", "PricingUnit": "Hrs"}
AWS_NAT_BYTES: Columns = {
    "SkuMeter": "NatGateway-Bytes",
    "PricingUnit": "GB",
    "PricingQuantity": Decimal(9),
}


def find(engine: Engine, *bills: Sequence[Charge], **options: Any) -> SavingsAnswer:
    check = IdleResources(IdleResourcesOptions(**options))
    charges = [charge for bill in bills for charge in bill]
    return check.find_savings(bill_snapshot(engine, charges), DateWindow.last(90, until=CASE_END))


def reasons(answer: SavingsAnswer) -> dict[str, str]:
    return {one.subject: one.reason for one in answer.unknown}


def test_the_demo_to_the_cent(demo: CostSnapshot, demo_window: DateWindow) -> None:
    hidden = truth(DateWindow.last(30, until=demo_window.end))
    snapshots = {
        one.resource_id for one in OrphanedSnapshots().find_savings(demo, demo_window).findings
    }
    answer = IdleResources().find_savings(demo, demo_window)
    assert not answer.unknown
    assert {one.resource_id: one.estimated_monthly_savings for one in answer.findings} == {
        idle.resource_id: (idle.saving / 30 * DAYS_A_MONTH).quantize(CENT)
        for idle in hidden.idle_resources
        if idle.seen_on_bill and idle.resource_id not in snapshots
    }
    assert len(snapshots) == 1, "the other check finds the one that is left"


KINDS: dict[str, Columns] = {
    "AWS NAT gateway": AWS_NAT,
    "AWS NAT gateway, FOCUS 1.0": {
        "ChargeDescription": "$0.045 per NAT Gateway Hour",
        "ConsumedUnit": "Hours",
    },
    "AWS NAT gateway, usage type": {"x_UsageType": "USW2-NatGateway-Hours", "PricingUnit": "Hours"},
    "Azure NAT gateway": {
        "ServiceName": "Azure NAT Gateway",
        "x_SkuMeterName": "Standard Gateway",
        "PricingUnit": "1 Hour",
    },
    "Cloud NAT": {"x_SkuDescription": "Networking Cloud Nat Gateway Uptime", "PricingUnit": "hour"},
    "AWS balancer": {
        "ServiceName": "Elastic Load Balancing",
        "ChargeDescription": "$0.0225 per Application LoadBalancer-hour (or partial hour)",
        "PricingUnit": "Hours",
    },
    "Azure balancer": {
        "ServiceName": "Load Balancer",
        "SkuMeter": "Standard Included LB Rules and Outbound Rules",
        "PricingUnit": "1/Hour",
    },
    "Google balancer": {
        "ChargeDescription": "Network Load Balancing: Forwarding Rule Minimum Service Charge",
        "PricingUnit": "hour",
    },
    "Application Gateway": {
        "ServiceName": "Application Gateway",
        "SkuMeter": "Standard Fixed Cost",
        "PricingUnit": "Units/Hour",
    },
    "AWS endpoint": {"SkuMeter": "VpcEndpoint-Hours", "PricingUnit": "Hours"},
    "Azure endpoint": {"SkuMeter": "Standard Private Endpoint", "PricingUnit": "1 Hour"},
    "transit gateway": {"SkuMeter": "USE1-TransitGateway-Hours", "PricingUnit": "hour"},
    "VPN gateway": {"SkuMeter": "VpnGw1", "ServiceName": "VPN Gateway", "PricingUnit": "Hours"},
    "AWS firewall": {
        "ServiceName": "AWS Network Firewall",
        "SkuMeter": "Endpoint-Hour",
        "PricingUnit": "Hours",
    },
    "Azure firewall": {
        "ServiceName": "Azure Firewall",
        "SkuMeter": "Standard Deployment",
        "PricingUnit": "Hours",
    },
    "Kinesis": {
        "ServiceName": "Amazon Kinesis",
        "SkuMeter": "Storage-ShardHour",
        "PricingUnit": "ShardHour",
    },
    "Event Hubs": {
        "ServiceName": "Event Hubs",
        "SkuMeter": "Standard Throughput Unit",
        "PricingUnit": "1 Hour",
    },
    "AWS address": {"SkuMeter": "PublicIPv4:IdleAddress", "PricingUnit": "Hrs"},
    "Google address": {"x_SkuDescription": "Static Ip Charge", "PricingUnit": "hour"},
    "S3 bucket": {"ServiceName": "Amazon Simple Storage Service", "PricingUnit": "GB-Mo"},
    "Azure account": {"ServiceName": "Storage Accounts", "PricingUnit": "1 GB/Month"},
    "Google bucket": {"ServiceName": "Cloud Storage", "PricingUnit": "gibibyte month"},
    "reservation": {"CapacityReservationStatus": "Unused", "PricingUnit": "Hours"},
    "reservation, usage type": {"x_UsageType": "UnusedBox:m5.large", "PricingUnit": "Hrs"},
}


def test_each_kind_in_the_words_of_its_provider(engine: Engine) -> None:
    idle = [
        charge
        for name, columns in KINDS.items()
        for charge in daily_charges("1", days=45, ResourceId=name, **columns)
    ]
    answer = find(engine, USE, idle)
    assert {one.resource_id for one in answer.findings} == KINDS.keys()
    touched = [
        charge
        for name in KINDS
        for charge in daily_charges(
            "0", days=1, ResourceId=name, PricingUnit="GB", PricingQuantity=Decimal("0.001")
        )
    ]
    assert find(engine, USE, idle, touched).clean == len(KINDS)


NO_KINDS: dict[str, Columns] = {
    "archive": {
        "ServiceName": "Amazon Simple Storage Service",
        "SkuMeter": "TimedStorage-GlacierByteHrs",
        "PricingUnit": "GB-Mo",
    },
    "sold with its traffic": {
        "ServiceName": "Event Hubs",
        "SkuMeter": "Premium Processing Unit",
        "PricingUnit": "Hours",
    },
    "traffic is billed elsewhere": {
        "ServiceName": "VPN Gateway",
        "SkuMeter": "ErGw1AZ ExpressRoute Gateway",
        "PricingUnit": "Hours",
    },
    "disk": {"SkuMeter": "EBS:VolumeUsage.gp3", "PricingUnit": "GB-Mo"},
    "plan": {
        "ServiceName": "Azure App Service",
        "SkuMeter": "P1 v3 App",
        "PricingUnit": "1 Hour",
    },
    "machine": {"SkuMeter": "BoxUsage:m6i.large", "PricingUnit": "Hrs"},
    "Azure address": {"SkuMeter": "Standard IPv4 Static Public IP", "PricingUnit": "1 Hour"},
}


def test_what_the_bill_cannot_show_is_no_subject(engine: Engine) -> None:
    held = [
        charge
        for name, columns in NO_KINDS.items()
        for charge in daily_charges("1", days=45, ResourceId=name, **columns)
    ]
    assert find(engine, USE, held).checked == 0


def test_hourly_rows_count_as_days(engine: Engine) -> None:
    hours = [
        {
            **charge,
            "ChargePeriodStart": charge["ChargePeriodStart"] + timedelta(hours=hour),
            "ChargePeriodEnd": charge["ChargePeriodStart"] + timedelta(hours=hour + 1),
        }
        for charge in daily_charges("0.045", ResourceId="nat-1", days=45, **AWS_NAT)
        for hour in range(24)
    ]
    (found,) = find(engine, USE, hours).findings
    assert found.estimated_monthly_savings == (Decimal("1.08") * DAYS_A_MONTH).quantize(CENT)
    assert found.evidence["days with a charge for being there"] == "30 of 30"


def test_currencies_are_told_apart(engine: Engine) -> None:
    dollars = daily_charges("1", ResourceId="nat-1", **AWS_NAT)
    euros = daily_charges("2", ResourceId="nat-1", BillingCurrency="EUR", **AWS_NAT)
    found = find(engine, USE, dollars, euros).findings
    assert [(one.currency, one.current_cost) for one in found] == [
        ("EUR", Decimal("60.88")),
        ("USD", Decimal("30.44")),
    ]
    assert len({one.id for one in found}) == 2


def test_use_on_the_short_form_of_an_id_is_use(engine: Engine) -> None:
    hours = daily_charges(
        "1.2",
        ResourceId="arn:aws:ec2:us-east-1:0002:vpn-connection/vpn-0A1B",
        ChargeDescription="$0.05 per VPN Connection-Hour",
        PricingUnit="Hours",
    )
    sent = daily_charges("0", days=3, ResourceId="vpn-0a1b", PricingUnit="GB", PricingQuantity=CENT)
    assert find(engine, USE, hours).findings
    assert find(engine, USE, hours, sent).clean == 1


def test_its_own_address_is_no_use_of_a_gateway(engine: Engine) -> None:
    gateway = daily_charges("1", ResourceId="nat-1", **AWS_NAT)
    address = daily_charges(
        "0.12", ResourceId="nat-1", SkuMeter="PublicIPv4:InUseAddress", PricingUnit="Hrs"
    )
    (found,) = find(engine, USE, gateway, address).findings
    assert found.estimated_monthly_savings == (Decimal("1.12") * DAYS_A_MONTH).quantize(CENT)


def test_an_address_that_was_in_use_on_one_day_is_in_use(engine: Engine) -> None:
    idle: Columns = {
        "ResourceId": "eip-1",
        "SkuMeter": "PublicIPv4:IdleAddress",
        "PricingUnit": "Hrs",
    }
    used: Columns = {**idle, "SkuMeter": "PublicIPv4:InUseAddress"}
    bill = daily_charges("0.12", **idle)
    assert find(engine, bill).findings
    assert find(engine, bill, daily_charges("0.12", days=1, **used)).clean == 1


@pytest.mark.parametrize(
    ("quantity", "verdict"), [(Decimal(0), "found"), (None, "unknown"), (Decimal(1), "clean")]
)
def test_charges_for_use_need_a_quantity(
    engine: Engine, quantity: Decimal | None, verdict: str
) -> None:
    balancer: Columns = {"ResourceId": "lb-1", "ServiceName": "Elastic Load Balancing"}
    bill = [
        *daily_charges("1", SkuMeter="LoadBalancerUsage", PricingUnit="Hrs", **balancer),
        *daily_charges(
            "0", SkuMeter="LCUUsage", PricingUnit="LCU-Hrs", PricingQuantity=quantity, **balancer
        ),
    ]
    answer = find(engine, USE, bill)
    assert (len(answer.findings), answer.clean) == (verdict == "found", verdict == "clean")
    assert list(reasons(answer).values()) == (
        ["charges for use without a quantity"] if verdict == "unknown" else []
    )


def test_a_bill_without_any_use_proves_nothing(engine: Engine) -> None:
    gateway = daily_charges("1", ResourceId="nat-1", **AWS_NAT)
    nothing = {
        "nat-1": "the bill shows no use of anything: such charges may be left out of it",
    }
    assert reasons(find(engine, gateway)) == nothing
    # Neither does another export, nor what is left of a commitment.
    other = [{**charge, "x_Source": "another export"} for charge in USE]
    unused = [{**charge, "CommitmentDiscountStatus": "Unused"} for charge in USE]
    assert reasons(find(engine, gateway, other, unused)) == nothing


def test_use_that_is_billed_elsewhere_proves_nothing(engine: Engine) -> None:
    gateway = daily_charges("1", ResourceId="nat-1", **AWS_NAT)
    on_machine = daily_charges("1", ResourceId="vm-1", **AWS_NAT_BYTES)
    assert reasons(find(engine, gateway, on_machine)) == {
        "nat-1": "the bill has the use of every NAT gateway on other resources"
    }
    on_gateway = [
        *daily_charges("1", ResourceId="nat-2", **AWS_NAT),
        *daily_charges("1", ResourceId="nat-2", **AWS_NAT_BYTES),
    ]
    (found,) = find(engine, gateway, on_machine, on_gateway).findings
    assert found.resource_id == "nat-1"


def test_use_of_its_kind_makes_it_surer(engine: Engine) -> None:
    gateway = daily_charges("1", ResourceId="nat-1", **AWS_NAT)
    other = [
        *daily_charges("1", ResourceId="nat-2", **AWS_NAT),
        *daily_charges("1", ResourceId="nat-2", **AWS_NAT_BYTES),
    ]
    (alone,) = find(engine, USE, gateway).findings
    (beside,) = find(engine, gateway, other).findings
    assert alone.confidence < beside.confidence == 0.9


def test_a_reservation_that_a_commitment_pays_for_saves_nothing(engine: Engine) -> None:
    reserved: Columns = {"CapacityReservationStatus": "Unused", "PricingUnit": "Hours"}
    free = daily_charges("3", ResourceId="cr-1", **reserved)
    paid = daily_charges("5", ResourceId="cr-1", CommitmentDiscountId="SP-1", **reserved)
    (found,) = find(engine, free, paid).findings
    assert found.estimated_monthly_savings == (3 * DAYS_A_MONTH).quantize(CENT)
    assert not find(engine, paid).findings


@pytest.mark.parametrize(("days", "found"), [(25, 0), (26, 1)])
def test_most_days_are_enough(engine: Engine, days: int, found: int) -> None:
    daily = daily_charges("1", ResourceId="nat-1", **AWS_NAT)
    bill = [*daily[:65], *daily[65 + 30 - days :]]
    assert len(find(engine, USE, bill).findings) == found


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    gateways=st.lists(
        st.tuples(
            st.integers(1, 90),
            st.integers(0, 89) | st.none(),
            st.decimals("0.01", "99", places=2),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_every_gateway_has_one_verdict(
    engine: Engine, gateways: list[tuple[int, int | None, Decimal]]
) -> None:
    bill: list[Charge] = []
    expected = {"found": 0, "clean": 0, "unknown": 0}
    for number, (age, used_on, cost) in enumerate(gateways):
        name: Columns = {"ResourceId": f"nat-{number}"}
        bill += daily_charges(cost, days=age, **name, **AWS_NAT)
        used = daily_charges(1, **name, **AWS_NAT_BYTES)
        bill += used[used_on : used_on + 1] if used_on is not None else []
        in_lookback = used_on is not None and used_on >= 60
        worth = (cost * min(age, 30) / 30 * DAYS_A_MONTH).quantize(CENT) >= 1
        seen_before = age >= 31 or (used_on is not None and 53 <= used_on <= 60)
        if in_lookback or not worth:
            expected["clean"] += 1
        else:
            expected["found" if seen_before or age >= 30 else "unknown"] += 1
    answer = find(engine, USE, bill)
    assert {
        "found": len(answer.findings),
        "clean": answer.clean,
        "unknown": len(answer.unknown),
    } == expected
    for one in answer.findings:
        assert Decimal(0) < one.estimated_monthly_savings == one.current_cost
