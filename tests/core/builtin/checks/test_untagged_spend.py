"""Untagged cost is told per account, and no saving is claimed for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.answers.recommendations import DAYS_A_MONTH, SavingsAnswer
from finops_cost_management.builtin.checks.untagged_spend import UntaggedSpend, UntaggedSpendOptions
from finops_cost_management.builtin.demo import truth
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END, Charge, daily_charges
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component

CENT = Decimal("0.01")
TAGGED = daily_charges("90", ResourceId="i-0001", Tags='{"team":"shop"}')


def find(engine: Engine, charges: Sequence[Charge], **options: Any) -> SavingsAnswer:
    check = UntaggedSpend(UntaggedSpendOptions(**options))
    return check.find_savings(bill_snapshot(engine, charges), DateWindow.last(90, until=CASE_END))


def test_cost_share_and_the_largest(engine: Engine) -> None:
    bill = [
        *TAGGED,
        *(
            charge
            for number in range(7)
            for charge in daily_charges(number + 1, ResourceId=f"i-{number}", ResourceName="")
        ),
    ]
    (found,) = find(engine, bill).findings
    assert found.resource_id == "0002"
    assert found.estimated_monthly_savings == 0
    assert found.current_cost == (28 * DAYS_A_MONTH).quantize(CENT)
    assert found.evidence["untagged resources"] == "7"
    assert found.evidence["share"] == "23.7 %"
    assert found.evidence["largest 1"] == "i-6, 210.00 USD"
    assert found.evidence["largest 5"] == "i-2, 90.00 USD"
    assert "largest 6" not in found.evidence


def test_one_tagged_charge_makes_a_resource_tagged(engine: Engine) -> None:
    late = daily_charges(
        "60", ResourceId="i-2", Tags=lambda day: '{"team":"shop"}' if day == 89 else None
    )
    assert not find(engine, [*TAGGED, *late]).findings


@pytest.mark.parametrize("tags", [None, "{}", '{"team":""}', '{"Team":"x"}'])
def test_empty_is_no_tag(engine: Engine, tags: str | None) -> None:
    bill = [*TAGGED, *daily_charges("60", ResourceId="i-2", Tags=tags)]
    assert len(find(engine, bill, tags=["team"]).findings) == 1


def test_a_tag_without_a_value_is_a_tag(engine: Engine) -> None:
    bill = [*TAGGED, *daily_charges("60", ResourceId="i-2", Tags='{"team":true}')]
    assert not find(engine, bill, tags=["team", "owner"]).findings


@pytest.mark.parametrize(
    "columns",
    [
        {"ResourceId": None},
        {"ChargeCategory": "Tax"},
        {"ChargeClass": "Correction"},
        {
            "ResourceId": "sp-1",
            "CommitmentDiscountId": "SP-1",
            "CommitmentDiscountStatus": "Unused",
        },
    ],
)
def test_what_is_no_resource_needs_no_tag(engine: Engine, columns: dict[str, Any]) -> None:
    assert not find(engine, [*TAGGED, *daily_charges("60", **columns)]).findings


def test_accounts_and_currencies_are_told_apart(engine: Engine) -> None:
    bill = [
        *TAGGED,
        *daily_charges("60", ResourceId="i-2"),
        *daily_charges("70", ResourceId="i-2", BillingCurrency="EUR"),
        *daily_charges("80", ResourceId="i-3", SubAccountId="0003", SubAccountName="lab"),
    ]
    found = find(engine, bill).findings
    assert [(one.resource_id, one.currency) for one in found] == [
        ("0003", "USD"),
        ("0002", "EUR"),
        ("0002", "USD"),
    ]
    assert len({one.id for one in found}) == 3


def test_another_provider_without_any_tag_is_unknown(engine: Engine) -> None:
    other = daily_charges("60", ResourceId="vm", HostProviderName="Oracle", SubAccountId="o")
    answer = find(engine, [*TAGGED, *other])
    assert [(one.subject, one.reason) for one in answer.unknown] == [
        ("o", "not one tag on the provider's bill: tags are not exported")
    ]


def test_short_stores_and_open_costs_are_unknown(engine: Engine) -> None:
    short = [dict(charge) for charge in TAGGED[-10:]]
    (unknown,) = find(engine, short).unknown
    assert unknown.reason == "the store has only 10 of the 30 days"
    bill = [*TAGGED, *daily_charges("60", ResourceId="i-2", EffectiveCost=None)]
    (unknown,) = find(engine, bill).unknown
    assert unknown.reason == "charges without effective cost"


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(costs=st.lists(st.tuples(st.decimals(-20, 200, places=6), st.booleans()), max_size=6))
def test_untagged_and_tagged_add_up(engine: Engine, costs: list[tuple[Decimal, bool]]) -> None:
    bill = [*TAGGED]
    for number, (cost, tagged) in enumerate(costs):
        tags = '{"a":"b"}' if tagged else None
        bill += daily_charges(cost, ResourceId=f"r-{number}", Tags=tags)
    answer = find(engine, bill, minimum_untagged_cost=0, minimum_share=0)
    untagged = sum((cost for cost, tagged in costs if not tagged), Decimal(0))
    expected = (untagged * DAYS_A_MONTH).quantize(CENT)
    assert [one.current_cost for one in answer.findings] == ([expected] if expected > 0 else [])
    assert answer.checked == 1


def test_demo_agrees_with_its_truth(demo: CostSnapshot, demo_window: DateWindow) -> None:
    answer = UntaggedSpend().find_savings(demo, demo_window)
    hidden: defaultdict[str, Decimal] = defaultdict(Decimal)
    counts: defaultdict[str, int] = defaultdict(int)
    for one in truth(DateWindow.last(30, until=demo_window.end)).untagged_resources:
        hidden[one.sub_account_id] += one.cost
        counts[one.sub_account_id] += 1
    assert {one.resource_id: one.current_cost for one in answer.findings} == {
        account: (cost / 30 * DAYS_A_MONTH).quantize(CENT) for account, cost in hidden.items()
    }
    assert {one.resource_id: one.evidence["untagged resources"] for one in answer.findings} == {
        account: str(count) for account, count in counts.items()
    }
    assert len(hidden) == 6
    assert (answer.clean, answer.unknown) == (3, ())
