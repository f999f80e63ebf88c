"""What was claimed, and what the bill says afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.answers.ledger import Decision, LedgerEntry
from finops_cost_management.answers.recommendations import (
    DAYS_A_MONTH,
    Effort,
    OptimizationCategory,
    Recommendation,
    RecommendationStatus,
)
from finops_cost_management.answers.verification import VerifiedSaving, records_of
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END, daily_charges
from finops_cost_management.savings.verifying import verify
from finops_cost_management.testing.bills import bill_snapshot

pytestmark = pytest.mark.invented

DONE = date(2026, 8, 15)


def monthly(cost: int) -> Decimal:
    return (cost * DAYS_A_MONTH).quantize(Decimal("0.01"))


def entry(
    saving: Decimal | str = "20", *, on: date = DONE, replaced_by: tuple[str, ...] = (), **more: Any
) -> LedgerEntry:
    one = Recommendation(
        check="idle",
        category=OptimizationCategory.COMPUTE,
        provider="AWS",
        resource_id="vm",
        recommendation="Shrink it",
        currency="USD",
        current_cost=Decimal(1000),
        estimated_monthly_savings=Decimal(saving),
        confidence=0.9,
        implementation_effort=Effort.LOW,
        **more,
    )
    at = datetime(2026, 8, 1, tzinfo=UTC)
    return LedgerEntry(
        recommendation=one,
        found_by="p/s",
        first_seen=at,
        last_seen=at,
        seen_until=at.date(),
        decision=Decision(
            status=RecommendationStatus.DONE,
            reason="",
            decided=datetime.combine(on, datetime.min.time(), UTC),
            replaced_by=replaced_by,
        ),
    )


def cost_of(resource: str, before: str, after: str | None, on: date = DONE) -> list[dict[str, Any]]:
    """What a resource costs a day before and from a day on; None for no charge any more."""
    first = daily_charges(before, ResourceId=resource, days=60, until=on)
    days = (CASE_END - on).days
    return first + ([] if after is None else daily_charges(after, ResourceId=resource, days=days))


def verified(
    engine: Engine, one: LedgerEntry, charges: list[dict[str, Any]], until: date = CASE_END
) -> VerifiedSaving:
    (result,) = verify([one], bill_snapshot(engine, charges), until)
    return result


def test_before_and_after_are_months_of_average_days(engine: Engine) -> None:
    result = verified(engine, entry("20"), cost_of("vm", "3", "1"))

    assert (result.before, result.after) == (monthly(3), monthly(1))
    assert result.realised == monthly(3) - monthly(1)
    assert result.claimed == 20


def test_days_of_settling_do_not_count(engine: Engine) -> None:
    settled = DONE + timedelta(days=7)
    charges = [
        *cost_of("vm", "3", None),
        *daily_charges("50", ResourceId="vm", days=7, until=settled),
        *daily_charges("1", ResourceId="vm", days=(CASE_END - settled).days),
    ]
    assert verified(engine, entry(), charges).after == monthly(1)


def test_what_is_gone_costs_nothing(engine: Engine) -> None:
    others = daily_charges("1", ResourceId="other")
    result = verified(engine, entry(monthly(3)), cost_of("vm", "3", None) + others)

    assert result.realised == monthly(3)


def test_a_cost_that_rose_is_a_negative_saving(engine: Engine) -> None:
    assert verified(engine, entry(), cost_of("vm", "1", "3")).realised == monthly(1) - monthly(3)


def test_a_successor_counts_as_what_it_costs(engine: Engine) -> None:
    charges = cost_of("vm", "3", None) + daily_charges("2", ResourceId="new", days=47)
    result = verified(engine, entry("20", replaced_by=("new",)), charges)

    assert result.after == monthly(2)


def test_a_successor_that_nobody_names_is_unknown_not_a_triumph(engine: Engine) -> None:
    charges = cost_of("vm", "3", None) + daily_charges("2", ResourceId="new", days=47)
    result = verified(engine, entry("20"), charges)

    assert result.realised is None
    assert "--replaced-by" in result.reason


@pytest.mark.parametrize(
    ("one", "charges", "until", "reason"),
    [
        (entry(), cost_of("vm", "3", "1"), date(2026, 8, 28), "too early"),
        (entry(), daily_charges("1", ResourceId="vm", days=50), CASE_END, "30 days before"),
        (entry(), cost_of("other", "3", "1"), CASE_END, "not on the bill"),
        (
            entry(replaced_by=("missing",)),
            cost_of("vm", "3", None) + daily_charges("1", ResourceId="x"),
            CASE_END,
            "took over is not on the bill",
        ),
        (
            entry(),
            [{**charge, "EffectiveCost": None} for charge in cost_of("vm", "3", "1")],
            CASE_END,
            "without effective cost",
        ),
    ],
)
def test_what_cannot_be_told_says_why(
    engine: Engine, one: LedgerEntry, charges: list[dict[str, Any]], until: date, reason: str
) -> None:
    result = verified(engine, one, charges, until)

    assert result.realised is None
    assert reason in result.reason


def test_open_and_very_old_changes_are_left_out(engine: Engine) -> None:
    waiting = replace(entry(), decision=None)
    ancient = entry(on=date(2025, 1, 1))
    costs = bill_snapshot(engine, cost_of("vm", "3", "1"))

    assert verify([waiting, ancient], costs, CASE_END) == []


def test_what_nobody_says_to_have_done_is_nobodys_saving(engine: Engine) -> None:
    gone = replace(entry(), decision=None, gone_on=DONE)

    assert verify([gone], bill_snapshot(engine, cost_of("vm", "3", "1")), CASE_END) == []


def test_two_that_are_done_on_one_resource_have_one_saving(engine: Engine) -> None:
    both = [entry(), entry()]
    both[1] = replace(
        both[1], recommendation=replace(both[1].recommendation, check="other", variant="small")
    )
    first, second = verify(both, bill_snapshot(engine, cost_of("vm", "3", "1")), CASE_END)

    assert {first.realised, second.realised} == {monthly(3) - monthly(1), None}
    untold = first if first.realised is None else second
    assert "counted with" in untold.reason


def test_an_empty_store_tells_nothing(engine: Engine) -> None:
    result = verified(engine, entry(), [])

    assert result.realised is None


MONEY = st.decimals(-100, 100, places=2)


@given(st.lists(st.tuples(st.sampled_from("ab"), MONEY, st.none() | MONEY)))
def test_records_add_up_what_can_be_told(claims: list[tuple[str, Decimal, Decimal | None]]) -> None:
    savings = [
        VerifiedSaving(
            entry=replace(entry(), recommendation=replace(entry().recommendation, check=check)),
            ended_on=DONE,
            claimed=claimed,
            before=realised,
            after=None if realised is None else Decimal(0),
        )
        for check, claimed, realised in claims
    ]
    records = records_of(savings)

    assert sum(record.count for record in records) == len(claims)
    told = [(claimed, realised) for _, claimed, realised in claims if realised is not None]
    assert sum(record.verified for record in records) == len(told)
    assert sum(record.claimed for record in records) == sum(claimed for claimed, _ in told)
    assert sum(record.realised for record in records) == sum(realised for _, realised in told)
