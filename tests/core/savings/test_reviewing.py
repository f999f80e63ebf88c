"""Claims are held against the bill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from finops_cost_management.answers.alternatives import cost_part
from finops_cost_management.answers.recommendations import (
    DAYS_A_MONTH,
    Effort,
    OptimizationCategory,
    Recommendation,
    SavingsAnswer,
)
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END, daily_charges
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.savings.reviewing import review
from finops_cost_management.testing.bills import bill_snapshot

pytestmark = pytest.mark.invented

Bill = Callable[[list[dict[str, Any]]], CostSnapshot]
A_MONTH = DAYS_A_MONTH.quantize(Decimal("0.01"))  # of one USD a day


def advice(saving: str, resource: str = "vm", **more: Any) -> Recommendation:
    return Recommendation(
        check="idle",
        category=OptimizationCategory.COMPUTE,
        provider="AWS",
        resource_id=resource,
        recommendation="Stop it",
        currency=more.pop("currency", "USD"),
        current_cost=Decimal(100_000),
        estimated_monthly_savings=Decimal(saving),
        confidence=0.9,
        implementation_effort=Effort.LOW,
        **more,
    )


def reviewed(engine: Engine, one: Recommendation, *charges: list[dict[str, Any]]) -> SavingsAnswer:
    costs = bill_snapshot(engine, [charge for some in charges for charge in some])
    return review({"step": SavingsAnswer(findings=(one,))}, costs, CASE_END)["step"]


def test_what_the_bill_bears_out_stays_as_it_is(engine: Engine) -> None:
    one = advice("20")

    assert reviewed(engine, one, daily_charges("1", ResourceId="vm")).findings == (one,)


def test_nobody_saves_more_than_the_resource_costs(engine: Engine) -> None:
    (one,) = reviewed(engine, advice("5000"), daily_charges("1", ResourceId="vm")).findings

    assert one.estimated_monthly_savings == A_MONTH
    assert "limited to" in one.evidence


def test_each_share_is_limited_by_its_own_resource(engine: Engine) -> None:
    one = advice("100", "plan", shares={"a": Decimal(60), "b": Decimal(40)})
    (limited,) = reviewed(
        engine, one, daily_charges("1", ResourceId="a"), daily_charges("9", ResourceId="b")
    ).findings

    assert limited.parts == {"a": A_MONTH, "b": Decimal(40)}


def test_the_young_are_unknown(engine: Engine) -> None:
    answer = reviewed(
        engine,
        advice("20"),
        daily_charges("1", ResourceId="vm", days=29),
        daily_charges("1", ResourceId="old"),
    )
    assert not answer.findings
    assert [one.reason for one in answer.unknown] == ["younger than the look-back of 30 days"]


def test_old_enough_is_as_old_as_the_look_back(engine: Engine) -> None:
    old = daily_charges("1", ResourceId="old")

    assert reviewed(
        engine, advice("20"), daily_charges("1", ResourceId="vm", days=30), old
    ).findings
    assert not reviewed(
        engine, advice("20", lookback_days=60), daily_charges("1", ResourceId="vm", days=59), old
    ).findings


def test_what_the_bill_does_not_know_is_left_as_it_is(engine: Engine) -> None:
    one = advice("20", "elsewhere")

    assert reviewed(engine, one, daily_charges("1", ResourceId="vm")).findings == (one,)


def test_the_cost_of_another_currency_is_no_limit(engine: Engine) -> None:
    one = advice("5000", currency="EUR")

    assert reviewed(engine, one, daily_charges("1", ResourceId="vm")).findings == (one,)


def test_refunds_do_not_make_a_saving_negative(engine: Engine) -> None:
    answer = reviewed(
        engine,
        advice("20"),
        daily_charges("1", ResourceId="vm"),
        daily_charges("-2", ResourceId="vm"),
    )
    assert not answer.findings
    assert [one.reason for one in answer.unknown] == ["the bill shows no cost that could be saved"]


def test_corrections_of_former_invoices_do_not_count(engine: Engine) -> None:
    one = advice("20")
    correction = daily_charges("-2", ResourceId="vm", ChargeClass="Correction")

    assert reviewed(engine, one, daily_charges("1", ResourceId="vm"), correction).findings == (one,)


def test_nothing_is_claimed_of_a_cost_that_is_open(engine: Engine) -> None:
    untold = [{**charge, "EffectiveCost": None} for charge in daily_charges("1", ResourceId="vm")]
    answer = reviewed(engine, advice("5000"), untold)

    assert not answer.findings
    assert [one.reason for one in answer.unknown] == ["charges without effective cost"]


@pytest.mark.parametrize("written", ["i-0AB12CD34", "arn:aws:ec2:r:1:instance/i-0ab12cd34"])
def test_spellings_of_a_resource_are_one(engine: Engine, written: str) -> None:
    bill = daily_charges("1", ResourceId="i-0ab12cd34")
    (one,) = reviewed(engine, advice("5000", written), bill).findings

    assert one.estimated_monthly_savings == A_MONTH


def test_what_commitments_pay_for_cannot_be_saved(engine: Engine) -> None:
    plan: dict[str, Any] = {
        "CommitmentDiscountId": "plan",
        "CommitmentDiscountStatus": "Used",
    }
    bill = [*daily_charges("1", ResourceId="vm"), *daily_charges("9", ResourceId="vm", **plan)]
    (one,) = reviewed(engine, advice("5000"), bill).findings

    assert one.estimated_monthly_savings == A_MONTH


def test_of_a_commitment_only_the_unused_part_can_be_saved(engine: Engine) -> None:
    plan: dict[str, Any] = {"CommitmentDiscountId": "plan"}
    used = daily_charges("9", ResourceId="vm", CommitmentDiscountStatus="Used", **plan)
    unused = daily_charges("1", ResourceId="plan", CommitmentDiscountStatus="Unused", **plan)
    (one,) = reviewed(engine, advice("200", "plan"), used, unused).findings

    assert one.estimated_monthly_savings == A_MONTH


def test_every_look_back_has_its_own_days(engine: Engine) -> None:
    charges = [
        *daily_charges("1", ResourceId="vm", days=60, until=date(2026, 9, 1)),
        *daily_charges("3", ResourceId="vm", days=30),
    ]
    costs = bill_snapshot(engine, charges)
    claims = (advice("5000"), advice("5000", lookback_days=90, variant="long"))
    answer = review({"step": SavingsAnswer(findings=claims)}, costs, CASE_END)["step"]

    assert [one.estimated_monthly_savings for one in answer.findings] == [
        (3 * DAYS_A_MONTH).quantize(Decimal("0.01")),
        ((60 + 90) / Decimal(90) * DAYS_A_MONTH).quantize(Decimal("0.01")),
    ]


def test_an_advice_that_saves_nothing_stays(engine: Engine) -> None:
    one = replace(advice("0", "0002"), check="untagged_spend")

    assert reviewed(engine, one, daily_charges("1", ResourceId="vm")).findings == (one,)


def test_a_part_is_limited_by_what_its_resource_costs(engine: Engine) -> None:
    one = advice("100", "traffic", shares={cost_part("vm", "between zones"): Decimal(100)})
    (limited,) = reviewed(engine, one, daily_charges("1", ResourceId="vm")).findings

    assert limited.estimated_monthly_savings == A_MONTH
