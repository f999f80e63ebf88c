"""Traffic with a cheaper way is told; what the bill cannot tell is not counted as one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.answers.recommendations import DAYS_A_MONTH, SavingsAnswer
from finops_cost_management.builtin.checks.data_transfer import DataTransfer, DataTransferOptions
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END, Charge, daily_charges
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component

CENT = Decimal("0.01")
GATEWAY = "arn:aws:ec2:us-east-1:0002:natgateway/nat-1"


def traffic(
    resource: str, meter: str, gigabytes: float | None, cost: Decimal | str, **columns: Any
) -> list[Charge]:
    quantity = None if gigabytes is None else Decimal(str(gigabytes))
    return daily_charges(
        cost,
        **{
            "days": 45,
            "ResourceId": resource,
            "SkuMeter": meter,
            "PricingUnit": "GB",
            "PricingQuantity": quantity,
            **columns,
        },
    )


def gateway(
    passed: float = 200, cost: str = "9", hours: str = "1.08", name: str = GATEWAY, **columns: Any
) -> list[Charge]:
    running = {"PricingUnit": "Hrs", **columns}
    return [
        *traffic(name, "NatGateway-Hours", 24, hours, **running),
        *traffic(name, "NatGateway-Bytes", passed, cost, **columns),
    ]


def find(engine: Engine, *bills: Sequence[Charge], **options: Any) -> SavingsAnswer:
    check = DataTransfer(DataTransferOptions(**options))
    charges = [charge for bill in bills for charge in bill]
    return check.find_savings(bill_snapshot(engine, charges), DateWindow.last(90, until=CASE_END))


def a_month(cost: Decimal | str | int) -> Decimal:
    return (Decimal(cost) * DAYS_A_MONTH).quantize(CENT)


@pytest.mark.parametrize("days_ago", [0, 20, 40])
def test_the_demo_has_none(demo: CostSnapshot, demo_window: DateWindow, days_ago: int) -> None:
    end = demo_window.end - timedelta(days=days_ago)
    answer = DataTransfer().find_savings(demo, DateWindow(demo_window.start, end))
    assert answer.clean == answer.checked == 4


def test_only_what_stays_in_the_region_counts(engine: Engine) -> None:
    (found,) = find(
        engine,
        gateway(),
        traffic(GATEWAY, "DataTransfer-Out-Bytes", 30, "2.7"),
        traffic(GATEWAY, "DataTransfer-In-Bytes", 10, "0"),
        traffic(GATEWAY, "USE1-USW2-AWS-Out-Bytes", 10, "0.2"),
    ).findings
    assert found.variant == "nat"
    assert found.current_cost == a_month(9)
    assert found.estimated_monthly_savings == a_month("6.75")  # 150 of 200 GB
    assert found.evidence["gigabytes processed"] == "6,000"
    assert found.evidence["of them from or to the outside"] == "1,500"


@pytest.mark.parametrize(
    ("passed", "incoming"),
    [
        (gateway(cost="1.5"), 10),  # under 50 a month
        (gateway(hours="5"), 10),  # less than twice its hours
        (gateway(), 170),  # what is left is too little
        (gateway(), 900),  # more outside than passed it
    ],
)
def test_gateways_that_are_fine(engine: Engine, passed: list[Charge], incoming: int) -> None:
    bill = [*passed, *traffic(GATEWAY, "DataTransfer-In-Bytes", incoming, "0")]
    answer = find(engine, bill)
    assert (answer.clean, answer.checked) == (1, 1)


def test_a_bill_that_leaves_free_charges_out_proves_nothing(engine: Engine) -> None:
    out = traffic(GATEWAY, "DataTransfer-Out-Bytes", 30, "2.7")
    brought_in = traffic("i-1", "DataTransfer-In-Bytes", 99, "0")
    answer = find(engine, gateway(), out, brought_in)
    assert [one.reason for one in answer.unknown] == [
        "the bill does not say what its NAT gateways brought in from outside"
    ]
    other = gateway(name="nat-2", cost="0.1"), traffic("nat-2", "DataTransfer-In-Bytes", 1, "0")
    assert [one.resource_id for one in find(engine, gateway(), *other).findings] == [GATEWAY]
    elsewhere = [{**charge, "x_Source": "another export"} for bill in other for charge in bill]
    assert find(engine, gateway(), elsewhere).unknown


def test_gigabytes_that_are_open_are_unknown(engine: Engine) -> None:
    answer = find(engine, gateway(), traffic(GATEWAY, "DataTransfer-In-Bytes", None, "0"))
    assert [one.reason for one in answer.unknown] == ["charges without a quantity"]


@pytest.mark.parametrize(
    ("meter", "variant"),
    [
        ("DataTransfer-Regional-Bytes", "zones"),
        ("Network Inter Zone Data Transfer Out", "zones"),
        ("USE1-USW2-AWS-Out-Bytes", "regions"),
        ("Network Inter Region Egress from Americas to EMEA", "regions"),
    ],
)
def test_a_share_is_assumed_between_zones_and_regions(
    engine: Engine, meter: str, variant: str
) -> None:
    bill = traffic("i-1", meter, 400, "4")
    (found,) = find(engine, bill).findings
    assert (found.variant, found.confidence) == (variant, 0.3)
    assert (found.current_cost, found.estimated_monthly_savings) == (a_month(4), a_month(1))
    assert found.evidence["assumption"] == "25.0 % of this traffic can be avoided"
    (half,) = find(engine, bill, avoidable_share="0.5").findings
    assert half.estimated_monthly_savings == a_month(2)
    assert find(engine, bill, minimum_cost=200).clean == 1


CDN = {"ServiceName": "Amazon CloudFront"}


@pytest.mark.parametrize(
    ("cdn_price", "saving"), [("0.045", "4.5"), ("0.072", "1.8"), ("0.073", None), ("0.12", None)]
)
def test_the_own_price_of_the_cdn(engine: Engine, cdn_price: str, saving: str | None) -> None:
    sent = traffic("i-1", "DataTransfer-Out-Bytes", 100, "9")
    free = traffic("i-1", "DataTransfer-Out-Bytes free tier", 50, "0")
    cdn = traffic("cdn", "DataTransfer-Out-Bytes", 10, Decimal(cdn_price) * 10, **CDN)
    answer = find(engine, sent, free, cdn)
    assert [one.estimated_monthly_savings for one in answer.findings] == (
        [a_month(saving)] if saving else []
    )
    assert answer.checked == 1


def test_no_cdn_no_price(engine: Engine) -> None:
    sent = traffic("i-1", "DataTransfer-Out-Bytes", 100, "9")
    cdn = traffic("cdn", "DataTransfer-Out-Bytes", 100, "1", **CDN)
    assert find(engine, sent).clean == 1
    euros = [{**charge, "BillingCurrency": "EUR"} for charge in cdn]
    assert find(engine, sent, euros).clean == 1
    other = [{**charge, "HostProviderName": "Microsoft"} for charge in cdn]
    assert find(engine, sent, other).clean == 1


@pytest.mark.parametrize("resource", [GATEWAY, "vpn-0a1b", "nat-0a1b"])
def test_what_goes_out_through_a_gateway_is_no_page(engine: Engine, resource: str) -> None:
    sent = traffic(resource, "DataTransfer-Out-Bytes", 100, "9")
    assert (
        find(engine, sent, traffic("cdn", "DataTransfer-Out-Bytes", 9, "0.1", **CDN)).checked == 0
    )


def test_one_machine_may_have_several_patterns(engine: Engine) -> None:
    found = find(
        engine,
        traffic("i-1", "DataTransfer-Regional-Bytes", 400, "4"),
        traffic("i-1", "USE1-USW2-AWS-Out-Bytes", 400, "8"),
        traffic("i-1", "DataTransfer-Out-Bytes", 100, "9"),
        traffic("cdn", "DataTransfer-Out-Bytes", 9, "0.1", **CDN),
    ).findings
    assert [one.variant for one in found] == ["cdn", "regions", "zones"]
    assert len({one.id for one in found}) == 3


def test_committed_and_other_currencies_stay_apart(engine: Engine) -> None:
    meter = "DataTransfer-Regional-Bytes"
    found = find(
        engine,
        traffic("i-1", meter, 400, "4"),
        traffic("i-1", meter, 400, "40", CommitmentDiscountId="C-1"),
        traffic("i-1", meter, 400, "8", BillingCurrency="EUR"),
    ).findings
    assert {one.currency: one.estimated_monthly_savings for one in found} == {
        "USD": a_month(1),
        "EUR": a_month(2),
    }


def test_gigabytes_of_nothing_are_unknown(engine: Engine) -> None:
    answer = find(engine, gateway(passed=0), traffic(GATEWAY, "DataTransfer-In-Bytes", 1, "0"))
    assert [one.reason for one in answer.unknown] == ["charges without a quantity"]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    charges=st.lists(
        st.tuples(
            st.sampled_from(["NatGateway-Bytes", "DataTransfer-In-Bytes", "DataTransfer-Out-Bytes"])
            | st.sampled_from(["DataTransfer-Regional-Bytes", "USE1-USW2-AWS-Out-Bytes"]),
            st.none() | st.integers(-(10**6), 10**6),
            st.decimals(-1000, 1000, places=2),
            st.sampled_from([{}, CDN]),
        ),
        max_size=8,
    )
)
def test_no_bill_has_incredible_savings(
    engine: Engine, charges: list[tuple[str, int | None, Decimal, dict[str, str]]]
) -> None:
    bills = [
        traffic("a", meter, gigabytes, cost, **columns)
        for meter, gigabytes, cost, columns in charges
    ]
    for one in find(engine, *bills, minimum_cost=0, minimum_nat_cost=0).findings:
        assert Decimal(0) < one.estimated_monthly_savings <= one.current_cost
