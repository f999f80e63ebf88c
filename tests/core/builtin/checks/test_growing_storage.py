"""Data that only ever grows is told, with what the growth costs; loads and tides are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.answers.recommendations import DAYS_A_MONTH, SavingsAnswer
from finops_cost_management.builtin.checks.growing_storage import (
    GrowingStorage,
    GrowingStorageOptions,
)
from finops_cost_management.builtin.demo import truth
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END, Charge, daily_charges
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component

CENT = Decimal("0.01")
PRICE = Decimal("0.03")


def bucket(held: Callable[[int], Decimal | int], **columns: Any) -> list[Charge]:
    """A thirtieth of the gigabytes held, each day."""
    return daily_charges(
        0,
        **{
            "days": 100,
            "ResourceId": "arn:aws:s3:::events",
            "ServiceCategory": "Storage",
            "PricingUnit": "GB-Mo",
            "PricingQuantity": lambda day: Decimal(held(day)),
            "EffectiveCost": lambda day: held(day) * PRICE,
            **columns,
        },
    )


def find(engine: Engine, *bills: Sequence[Charge], **options: Any) -> SavingsAnswer:
    check = GrowingStorage(GrowingStorageOptions(**options))
    charges = [charge for bill in bills for charge in bill]
    return check.find_savings(bill_snapshot(engine, charges), DateWindow.last(90, until=CASE_END))


@pytest.mark.parametrize("days_ago", [0, 20, 40, 60])
def test_the_demo(demo: CostSnapshot, demo_window: DateWindow, days_ago: int) -> None:
    end = demo_window.end - timedelta(days=days_ago)
    answer = GrowingStorage().find_savings(demo, DateWindow(demo_window.start, end))
    hidden = truth(DateWindow.last(90, until=end)).growing_storage
    assert {one.resource_id for one in answer.findings} == {one.resource_id for one in hidden}
    assert not answer.unknown


def test_the_saving_is_what_the_growth_costs(engine: Engine) -> None:
    (found,) = find(engine, bucket(lambda day: 300 + day)).findings
    # The middle of the first whole week is day 19, that of the last one day 96.
    first, last = ((300 + day) * PRICE * DAYS_A_MONTH for day in (19, 96))
    assert found.current_cost == last.quantize(CENT)
    assert found.estimated_monthly_savings == (last - first).quantize(CENT)
    assert found.evidence["growth"] == "24.1 %"
    assert found.evidence["weeks"] == "12"


@pytest.mark.parametrize(
    ("held", "found"),
    [
        (lambda day: Decimal(300) + Decimal(day) / 2, 1),
        (lambda day: Decimal(300) + Decimal(day) / 10, 0),  # 2.6 % in all
        (lambda _: 300, 0),
        (lambda day: 300 + 100 * (day // 50), 0),  # one load
        (lambda day: 300 + 300 * (day > 95), 0),  # one load in the last week
        (lambda day: 300 + 20 * (day % 30), 0),  # emptied every month
        (lambda day: 600 - day, 0),
        (lambda day: 300 + (2 * day if day < 80 else 240 - day), 0),  # falls in the end
        (lambda day: 300 * (day > 95), 0),  # began empty
    ],
)
def test_growth_is_a_habit(engine: Engine, held: Any, found: int) -> None:
    answer = find(engine, bucket(held))
    assert (len(answer.findings), answer.clean) == (found, 1 - found)


def test_a_load_is_not_part_of_the_saving(engine: Engine) -> None:
    (steady,) = find(engine, bucket(lambda day: 900 + day)).findings
    (loaded,) = find(engine, bucket(lambda day: 300 + day + 600 * (day > 40))).findings
    assert loaded.estimated_monthly_savings == steady.estimated_monthly_savings
    assert loaded.current_cost == steady.current_cost


def test_small_change_is_not_looked_at(engine: Engine) -> None:
    little = bucket(lambda day: 300 + day, EffectiveCost=lambda day: Decimal(300 + day) / 1000)
    assert find(engine, little).clean == 1
    assert len(find(engine, little, minimum_cost=10, minimum_savings=1).findings) == 1


def test_what_was_moved_to_a_colder_class_saves_nothing_more(engine: Engine) -> None:
    cheaper = bucket(
        lambda day: 300 + day, EffectiveCost=lambda day: (300 + day) * PRICE * (100 - day) / 100
    )
    assert find(engine, cheaper, minimum_cost=0).clean == 1


def test_a_commitment_that_pays_leaves_nothing_to_save(engine: Engine) -> None:
    assert find(engine, bucket(lambda day: 300 + day, CommitmentDiscountId="SP-1")).clean == 1


def test_memory_is_no_storage(engine: Engine) -> None:
    assert find(engine, bucket(lambda day: 300 + day, PricingUnit="GB-Hours")).checked == 0


@pytest.mark.parametrize("unit", ["GB-Months", "1 GB/Month", "GB Months", "gibibyte month"])
def test_units_of_each_provider(engine: Engine, unit: str) -> None:
    columns = {"PricingUnit": None, "ConsumedUnit": unit, "PricingQuantity": None}
    held = bucket(lambda day: 300 + day, **columns, ConsumedQuantity=lambda day: Decimal(300 + day))
    assert len(find(engine, held).findings) == 1


def test_currencies_are_told_apart(engine: Engine) -> None:
    bills = [bucket(lambda day: 300 + day, BillingCurrency=code) for code in ("USD", "EUR")]
    found = find(engine, *bills).findings
    assert sorted(one.currency for one in found) == ["EUR", "USD"]
    assert len({one.estimated_monthly_savings for one in found}) == 1


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sizes=st.lists(st.decimals(-(10**6), 10**6, places=3) | st.none(), min_size=90, max_size=90),
    prices=st.lists(st.decimals(-10, 10, places=2), min_size=90, max_size=90),
)
def test_any_bill_has_one_credible_answer(
    engine: Engine, sizes: list[Decimal | None], prices: list[Decimal]
) -> None:
    answer = find(
        engine,
        bucket(
            lambda _: 0,
            days=90,
            PricingQuantity=sizes.__getitem__,
            EffectiveCost=prices.__getitem__,
        ),
    )
    assert answer.checked == 1
    for one in answer.findings:
        assert Decimal(0) < one.estimated_monthly_savings <= one.current_cost
