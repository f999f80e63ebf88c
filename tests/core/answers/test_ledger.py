"""The life of a recommendation: new, open, decided, gone, back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from finops_cost_management.answers.ledger import Decision, LedgerEntry, enter, open_and_decided
from finops_cost_management.answers.recommendations import (
    Effort,
    OptimizationCategory,
    Recommendation,
    RecommendationStatus,
    SavingsAnswer,
    Unknown,
)

pytestmark = pytest.mark.invented

MONDAY = datetime(2026, 11, 2, 6, tzinfo=UTC)
TODAY = MONDAY.date()


def advice(resource: str = "vm", saving: int = 10) -> Recommendation:
    return Recommendation(
        check="idle",
        category=OptimizationCategory.COMPUTE,
        provider="AWS",
        resource_id=resource,
        recommendation=f"Stop {resource}",
        currency="USD",
        current_cost=Decimal(100),
        estimated_monthly_savings=Decimal(saving),
        confidence=0.9,
        implementation_effort=Effort.LOW,
    )


def run(
    ledger: dict[str, LedgerEntry],
    answer: SavingsAnswer | None,
    at: datetime = MONDAY,
    *,
    step: str = "idle",
    pipeline: str = "nightly",
) -> dict[str, LedgerEntry]:
    """The ledger after a run."""
    answers = {} if answer is None else {step: answer}
    return {
        **ledger,
        **enter(ledger, answers, pipeline=pipeline, at=at, until=at.date()),
    }


def found(*some: Recommendation) -> SavingsAnswer:
    return SavingsAnswer(findings=some)


def decided(entry: LedgerEntry, status: str, **more: object) -> LedgerEntry:
    decision = Decision(
        status=RecommendationStatus(status),
        reason="because",
        decided=MONDAY,
        **more,  # type: ignore[arg-type] # by name
    )
    return replace(entry, decision=decision)


def only(ledger: dict[str, LedgerEntry]) -> LedgerEntry:
    (entry,) = ledger.values()
    return entry


def test_new_then_open_with_the_newest_figures() -> None:
    first = run({}, found(advice(saving=10)))
    assert only(first).status(TODAY) is RecommendationStatus.NEW

    later = MONDAY + timedelta(days=1)
    second = only(run(first, found(advice(saving=12)), later))
    assert second.status(later.date()) is RecommendationStatus.OPEN
    assert second.first_seen == MONDAY
    assert second.recommendation.estimated_monthly_savings == 12


def test_what_is_not_found_any_more_is_gone_and_may_come_back() -> None:
    ledger = run({}, found(advice()))
    tuesday = MONDAY + timedelta(days=1)
    gone = run(ledger, found(), tuesday)
    assert only(gone).status(tuesday.date()) is RecommendationStatus.GONE
    assert only(gone).gone_on == tuesday.date()
    assert only(gone).ended_on is None, "what is gone may have been done by nobody"

    back = run(gone, found(advice()), tuesday + timedelta(days=1))
    assert only(back).status(TODAY).is_open


@pytest.mark.parametrize(
    ("answer", "step", "pipeline"),
    [
        (None, "idle", "nightly"),  # the check failed
        (
            SavingsAnswer(unknown=(Unknown(subject="vm", reason="no metric"),)),
            "idle",
            "nightly",
        ),
        (SavingsAnswer(), "other", "nightly"),  # another step looked
        (SavingsAnswer(), "idle", "weekly"),  # another pipeline looked
    ],
)
def test_silence_is_not_gone(answer: SavingsAnswer | None, step: str, pipeline: str) -> None:
    ledger = run({}, found(advice()))
    later = run(ledger, answer, MONDAY + timedelta(days=1), step=step, pipeline=pipeline)

    assert only(later).gone_on is None


def test_what_is_in_an_account_that_is_not_seen_is_not_gone() -> None:
    here, there = (replace(advice(), sub_account_id=name) for name in ("0001", "0002"))
    unseen = SavingsAnswer(unknown=(Unknown(subject="0002", reason="other credentials"),))
    later = run(run({}, found(here, there)), unseen, MONDAY + timedelta(days=1))

    gone = {one.recommendation.sub_account_id: one.gone_on is not None for one in later.values()}
    assert gone == {"0001": True, "0002": False}


def test_a_run_over_the_past_ends_nothing() -> None:
    ledger = run({}, found(advice()))
    past = enter(
        ledger,
        {"idle": SavingsAnswer()},
        pipeline="nightly",
        at=MONDAY + timedelta(days=1),
        until=date(2026, 6, 1),
    )
    assert past == {}


def test_decisions_outlive_runs() -> None:
    ledger = {key: decided(one, "dismissed") for key, one in run({}, found(advice())).items()}
    later = MONDAY + timedelta(days=400)
    again = only(run(ledger, found(advice()), later))

    assert again.status(later.date()) is RecommendationStatus.DISMISSED


def test_a_snoozed_one_wakes_up_on_its_day() -> None:
    entry = only(run({}, found(advice())))
    entry = decided(entry, "snoozed", until=date(2026, 12, 1))

    assert entry.status(date(2026, 11, 30)) is RecommendationStatus.SNOOZED
    assert entry.status(date(2026, 12, 1)).is_open


def test_done_is_done_unless_it_is_still_found_a_look_back_later() -> None:
    ledger = {key: decided(one, "done") for key, one in run({}, found(advice())).items()}
    soon, late = MONDAY + timedelta(days=30), MONDAY + timedelta(days=38)

    assert only(run(ledger, found(advice()), soon)).status(soon.date()) is (
        RecommendationStatus.DONE
    )
    assert only(run(ledger, found(advice()), late)).status(late.date()).is_open
    assert only(run(ledger, found(), late)).status(late.date()) is RecommendationStatus.DONE


def test_a_done_one_ended_when_it_was_done() -> None:
    entry = decided(only(run({}, found(advice()))), "done")

    assert replace(entry, gone_on=date(2026, 11, 20)).ended_on == TODAY


def test_what_waits_is_parted_from_what_is_decided() -> None:
    ledger = run({}, found(advice("a"), advice("b"), advice("c")))
    by_resource = {one.recommendation.resource_id: one for one in ledger.values()}
    entries = [
        by_resource["a"],
        decided(by_resource["b"], "dismissed"),
        replace(by_resource["c"], gone_on=TODAY),
    ]
    waiting, settled = open_and_decided(entries, TODAY)

    assert [(one.resource_id, one.status.value) for one in waiting] == [("a", "new")]
    assert [(one.resource_id, one.status.value) for one in settled] == [("b", "dismissed")]


def test_ids_tell_advice_apart_and_nothing_else() -> None:
    one = advice()

    assert replace(one, estimated_monthly_savings=Decimal(1), recommendation="x").id == one.id
    assert len({one.id, advice("other").id, replace(one, variant="3 years").id}) == 3
    assert replace(one, currency="EUR").id != one.id
