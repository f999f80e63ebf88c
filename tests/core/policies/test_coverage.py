from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.answers.policies import PolicyStatus
from finops_cost_management.plugins.savings_case import daily_charges
from finops_cost_management.policies.coverage import allocation, coverage, tag_coverage
from finops_cost_management.policies.judged_bill import JudgedBill
from finops_cost_management.policies.shares import in_percent
from finops_cost_management.policies.tagging import has_tag

pytestmark = pytest.mark.invented

Judged = Callable[..., JudgedBill]
MINIMUM = Decimal("0.95")


def charges(cost: str, **columns: Any) -> list[Any]:
    return daily_charges(cost, **{"ResourceId": f"r-{cost}", **columns})


def tagged(cost: str, *keys: str, **columns: Any) -> list[Any]:
    return charges(cost, Tags=json.dumps(dict.fromkeys(keys, "x")), **columns)


@pytest.mark.parametrize(
    ("with_tag", "without", "status"),
    [
        ("95", "5", PolicyStatus.PASSED),
        ("94.999999999999", "5.000000000001", PolicyStatus.FAILED),
        ("100", None, PolicyStatus.PASSED),
    ],
)
def test_the_limit_is_exact(
    judged: Judged, with_tag: str, without: str | None, status: PolicyStatus
) -> None:
    bill = judged([*tagged(with_tag, "team"), *(charges(without) if without else [])])
    assert tag_coverage(bill, ["team"], "all", MINIMUM).status is status


def test_a_share_below_the_limit_is_never_said_to_reach_it(judged: Judged) -> None:
    bill = judged([*tagged("94.999999999999", "team"), *charges("5.000000000001")])
    verdict = tag_coverage(bill, ["team"], "all", MINIMUM)
    assert verdict.measured == "94.99 % of costs in USD"
    assert verdict.limit == "at least 95 % of the cost of taggable usage has team"


@pytest.mark.parametrize(("match", "share"), [("all", "50.00 %"), ("any", "100.00 %")])
def test_all_tags_or_any(judged: Judged, match: Literal["all", "any"], share: str) -> None:
    bill = judged([*tagged("1", "team", "owner"), *tagged("1.00", "owner")])
    verdict = tag_coverage(bill, ["team", "owner"], match, Decimal("0.1"))
    assert verdict.measured == f"{share} of costs in USD"


def test_only_usage_of_a_resource_is_taggable(judged: Judged) -> None:
    bill = judged(
        [
            *tagged("1", "team"),
            *charges("50", ResourceId=None),
            *charges("51", ChargeCategory="Tax", ResourceId=None),
            *charges("52", ChargeCategory="Purchase", CommitmentDiscountId="ri"),
            *charges("53", CommitmentDiscountStatus="Unused"),
            *charges("54", ChargeClass="Correction"),
        ]
    )
    assert tag_coverage(bill, ["team"], "all", MINIMUM).measured == "100.00 % of costs in USD"
    assert allocation(bill, ["tags.team"], MINIMUM).status is PolicyStatus.FAILED


def test_the_finding_names_the_largest_parts_without(judged: Judged) -> None:
    bill = judged([*tagged("90", "team"), *charges("8", ServiceName="X"), *charges("2")])
    (finding,) = tag_coverage(bill, ["team"], "all", MINIMUM).findings
    assert finding.subject == "costs in USD"
    assert finding.message == (
        "90.00 % of the cost of taggable usage has team, at least 95 % is wanted: "
        "300.00 USD has not"
    )
    assert finding.evidence["AWS / 0002 / X"] == "240.00 USD"
    assert finding.evidence["whole cost"] == "3,000.00 USD"


def test_allocation_takes_any_of_its_dimensions(judged: Judged) -> None:
    bill = judged(
        [
            *tagged("1", "team"),
            *charges("1.0", AllocatedResourceName="search"),
            *charges("1.00", AllocatedResourceName=" "),
        ]
    )
    verdict = allocation(bill, ["tags.team", "AllocatedResourceName"], MINIMUM)
    assert verdict.measured == "66.66 % of costs in USD"
    assert verdict.limit == "at least 95 % of all cost has tags.team or AllocatedResourceName"


def test_credits_count_in_the_allocation_of_all_cost(judged: Judged) -> None:
    bill = judged([*tagged("10", "team"), *charges("-2", ChargeCategory="Credit")])
    verdict = allocation(bill, ["tags.team"], Decimal(1))
    assert verdict.measured == "125.00 % of costs in USD"


def test_each_currency_stands_alone_and_all_must_hold(judged: Judged) -> None:
    bill = judged([*tagged("99", "team"), *charges("1", BillingCurrency="EUR")])
    verdict = tag_coverage(bill, ["team"], "all", MINIMUM)
    assert [one.subject for one in verdict.findings] == ["costs in EUR"]
    assert verdict.measured == "0.00 % of costs in EUR, 100.00 % of costs in USD"
    assert verdict.checked == 2


def test_nothing_to_have_a_share_of_is_unknown(judged: Judged) -> None:
    refunded = judged([*tagged("1", "team"), *charges("-1")])
    for bill in (refunded, judged(charges("5", ResourceId=None))):
        verdict = tag_coverage(bill, ["team"], "all", MINIMUM)
        assert (verdict.status, verdict.measured) == (PolicyStatus.UNKNOWN, "")


def test_a_charge_without_cost_makes_a_pass_unknown_and_leaves_a_failure(judged: Judged) -> None:
    silent = charges("1", EffectiveCost=None)
    passed = tag_coverage(judged([*tagged("9", "team"), *silent]), ["team"], "all", MINIMUM)
    assert passed.status is PolicyStatus.UNKNOWN
    assert passed.unknown[0].reason == "30 charges do not say their effective cost"
    failed = tag_coverage(judged([*charges("9"), *silent]), ["team"], "all", MINIMUM)
    assert failed.status is PolicyStatus.FAILED


AMOUNTS = st.decimals("-1000", "1000", places=6)
KEYS = st.sampled_from([None, "{}", '{"team": "a"}', '{"team": ""}', '{"owner": "b"}'])
CHARGES = st.lists(st.tuples(AMOUNTS, KEYS, st.sampled_from(["EUR", "USD"])), max_size=12)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(found=CHARGES)
def test_covered_and_uncovered_add_up_to_the_whole(
    judged: Judged, found: list[tuple[Decimal, str | None, str]]
) -> None:
    bill = judged(
        charge
        for cost, tags, currency in found
        for charge in daily_charges(
            cost, days=1, Tags=tags, BillingCurrency=currency, ResourceId="r"
        )
    )
    has = has_tag(bill.charges, "team")
    with_tag, without = coverage(bill.charges, has), coverage(bill.charges, ~has)
    assert [one.currency for one in with_tag] == sorted({currency for _, _, currency in found})
    for one, other in zip(with_tag, without, strict=True):
        exact = sum((cost for cost, _, code in found if code == one.currency), Decimal(0))
        assert one.total == other.total == exact
        assert one.covered + other.covered == exact
        assert sum((cost for _, cost in one.uncovered), Decimal(0)) == exact - one.covered
        if one.share is not None and other.share is not None:
            assert abs(one.share + other.share - 1) < Decimal("1e-20")


@given(share=st.decimals("-2", "2", places=9), limit=st.decimals("0", "1", places=4))
def test_words_and_verdict_agree(share: Decimal, limit: Decimal) -> None:
    down = Decimal(in_percent(share, down=True).removesuffix(" %").replace(",", "")) / 100
    up = Decimal(in_percent(share, down=False).removesuffix(" %").replace(",", "")) / 100
    assert down <= share <= up
    assert (down >= limit) == (share >= limit)
    assert (up <= limit) == (share <= limit)
