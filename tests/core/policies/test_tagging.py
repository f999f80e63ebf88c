from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from finops_cost_management.answers.policies import PolicyStatus, Verdict
from finops_cost_management.plugins.savings_case import CASE_END, daily_charges
from finops_cost_management.policies.judged_bill import JudgedBill
from finops_cost_management.policies.tagging import required_tags

pytestmark = pytest.mark.invented

Judged = Callable[..., JudgedBill]


def machine(name: str, cost: str = "2", **columns: Any) -> list[Any]:
    return daily_charges(cost, ResourceId=name, **columns)


def team(key: str = "team") -> str:
    return json.dumps({key: "shop"})


def judge(bill: JudgedBill, *tags: str, minimum_cost: str = "1") -> Verdict:
    return required_tags(bill, tags or ("team",), Decimal(minimum_cost))


def test_a_resource_with_all_tags_passes(judged: Judged) -> None:
    tags = json.dumps({"team": "shop", "cost/center": 7, "on call": True})
    verdict = judge(judged(machine("a", Tags=tags)), "team", "cost/center", "on call")
    assert (verdict.status, verdict.checked) == (PolicyStatus.PASSED, 1)
    assert verdict.limit == "every resource has team and cost/center and on call"
    assert verdict.measured == "0 of 1 resources lack one"


def test_each_resource_that_lacks_a_tag_is_one_finding_most_costly_first(judged: Judged) -> None:
    verdict = judge(
        judged(
            [
                *machine("small", Tags=team()),
                *machine("large", "3", ResourceName="big one", RegionId="eu-west-1"),
                *machine("fine", Tags=json.dumps({"team": "shop", "owner": "ann"})),
            ]
        ),
        "team",
        "owner",
    )
    assert verdict.status is PolicyStatus.FAILED
    assert [one.subject for one in verdict.findings] == ["large", "small"]
    first = verdict.findings[0]
    assert first.message == "big one has no tags team and owner"
    # 3 a day for 30.4375 days
    assert first.evidence["cost a month"] == "91.31 USD"
    assert first.place["RegionId"] == "eu-west-1"
    assert first.place["SubAccountId"] == "0002"
    assert verdict.findings[1].message == "small has no tag owner"
    assert verdict.measured == "2 of 3 resources lack one, 152.19 USD a month"


@pytest.mark.parametrize("tags", [None, "{}", '{"team": ""}', '{"team": "  "}', '{"Team": "x"}'])
def test_no_tag_a_blank_one_and_another_one_are_no_tag(judged: Judged, tags: str | None) -> None:
    assert judge(judged(machine("a", Tags=tags))).status is PolicyStatus.FAILED


def test_the_newest_day_counts(judged: Judged) -> None:
    gained = machine("gained", Tags=lambda day: team() if day > 80 else None)
    lost = machine("lost", Tags=lambda day: None if day > 80 else team())
    verdict = judge(judged([*gained, *lost]))
    assert [one.subject for one in verdict.findings] == ["lost"]


def test_one_tagged_charge_of_a_day_is_enough(judged: Judged) -> None:
    charges = [*machine("a", Tags=team()), *machine("a", "0.5", ChargeDescription="traffic")]
    assert judge(judged(charges)).status is PolicyStatus.PASSED


def test_what_is_gone_costs_little_or_is_no_usage_is_not_looked_at(judged: Judged) -> None:
    verdict = judge(
        judged(
            [
                *machine("seen", Tags=team()),
                *machine("gone", until=CASE_END - timedelta(days=2)),
                *machine("cheap", "0.01"),
                *machine("bought", ChargeCategory="Purchase"),
                *machine("put right", ChargeClass="Correction"),
                *machine("unused", CommitmentDiscountStatus="Unused"),
                *daily_charges(5),
            ]
        )
    )
    assert (verdict.status, verdict.checked) == (PolicyStatus.PASSED, 1)


def test_yesterday_is_still_there_and_so_is_the_month_of_a_monthly_charge(judged: Judged) -> None:
    (monthly, *_) = machine("monthly", "90", days=30)
    monthly = {**monthly, "ChargePeriodEnd": monthly["ChargePeriodStart"] + timedelta(days=30)}
    late = machine("late", until=CASE_END - timedelta(days=1))
    verdict = judge(judged([*machine("seen", Tags=team()), *late, monthly]))
    assert [one.subject for one in verdict.findings] == ["monthly", "late"]


def test_without_cost_it_is_unknown_unless_it_is_tagged(judged: Judged) -> None:
    untagged = machine("a", EffectiveCost=None)
    tagged = machine("b", EffectiveCost=None, Tags=team())
    verdict = judge(judged([*untagged, *tagged]))
    assert verdict.status is PolicyStatus.UNKNOWN
    assert [one.subject for one in verdict.unknown] == ["a"]
    assert "no team" in verdict.unknown[0].reason
    assert verdict.checked == 2


def test_currencies_are_never_added_up(judged: Judged) -> None:
    verdict = judge(judged([*machine("a"), *machine("b", BillingCurrency="EUR")]))
    assert [one.subject for one in verdict.findings] == ["b", "a"]
    assert verdict.measured == "2 of 2 resources lack one, 60.88 EUR and 60.88 USD a month"


def test_a_month_of_a_young_store_is_that_of_its_days(judged: Judged) -> None:
    verdict = judge(judged(machine("a", "2", days=10)))
    assert verdict.findings[0].evidence["cost a month"] == "60.88 USD"


def test_conditions_choose_the_charges(judged: Judged) -> None:
    charges = [*machine("a", RegionId="us-east-1"), *machine("b", RegionId="eu-west-1")]
    verdict = judge(judged(charges, region="eu-west-1"))
    assert [one.subject for one in verdict.findings] == ["b"]
