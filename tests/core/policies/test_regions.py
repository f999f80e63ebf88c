from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from finops_cost_management.answers.policies import PolicyStatus
from finops_cost_management.plugins.savings_case import CASE_END, daily_charges
from finops_cost_management.policies.judged_bill import JudgedBill
from finops_cost_management.policies.regions import allowed_regions, forbidden_regions

pytestmark = pytest.mark.invented

Judged = Callable[..., JudgedBill]


@pytest.fixture
def bill(judged: Judged) -> JudgedBill:
    return judged(
        [
            *daily_charges(1, ResourceId="near", RegionId="eu-west-1"),
            *daily_charges(2, ResourceId="far", RegionId="us-east-1"),
            *daily_charges(3, ServiceName="Traffic", RegionId="US-West-2"),
            *daily_charges(4, ResourceId="nowhere", RegionId=None),
            *daily_charges(
                5, ResourceId="gone", RegionId="us-east-1", until=CASE_END - timedelta(days=9)
            ),
            *daily_charges(6, ResourceId="bought", RegionId="us-x", ChargeCategory="Purchase"),
        ]
    )


def test_forbidden_regions_are_patterns(bill: JudgedBill) -> None:
    verdict = forbidden_regions(bill, ["us-*"])
    assert verdict.status is PolicyStatus.FAILED
    assert [(one.subject, one.message) for one in verdict.findings] == [
        ("Traffic", "Traffic is in US-West-2"),
        ("far", "far is in us-east-1"),
    ]
    assert verdict.checked == 3


def test_allowed_regions_are_all_that_may_be(bill: JudgedBill) -> None:
    assert [one.subject for one in allowed_regions(bill, ["eu-*"]).findings] == ["Traffic", "far"]
    assert allowed_regions(bill, ["eu-*", "us-*"]).status is PolicyStatus.PASSED


def test_a_region_that_nobody_uses_passes(bill: JudgedBill) -> None:
    verdict = forbidden_regions(bill, ["cn-*"])
    assert (verdict.status, verdict.measured) == (PolicyStatus.PASSED, "0 of 3 resources")


def test_a_resource_in_two_regions_is_one_finding(judged: Judged) -> None:
    charges = [
        charge
        for region in ("us-east-1", "us-west-2", "eu-west-1")
        for charge in daily_charges(1, ResourceId="table", RegionId=region)
    ]
    (finding,) = forbidden_regions(judged(charges), ["us-*"]).findings
    assert finding.message == "table is in us-east-1 and us-west-2"
