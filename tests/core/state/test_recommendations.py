"""The ledger of recommendations, as it is written and read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.answers.ledger import Decision, LedgerEntry
from finops_cost_management.answers.recommendations import (
    Effort,
    OptimizationCategory,
    Priority,
    Recommendation,
    RecommendationStatus,
    Risk,
    SavingsBasis,
)
from finops_cost_management.state.database import StateDatabase
from finops_cost_management.state.recommendations import decide, ledger_of, record_entries

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

AT = datetime(2026, 11, 2, 6, 30, tzinfo=UTC)
ENTRY = LedgerEntry(
    recommendation=Recommendation(
        check="idle",
        category=OptimizationCategory.NETWORK,
        provider="AWS",
        resource_id="nat-1",
        recommendation="Delete nat-1",
        currency="JPY",
        current_cost=Decimal("100.000000000001"),
        estimated_monthly_savings=Decimal("99.999999999999"),
        confidence=0.85,
        implementation_effort=Effort.HIGH,
        basis=SavingsBasis.LIST_PRICE,
        risk=Risk.HIGH,
        restart_needed=True,
        reversible=False,
        steps=("Look", "Delete"),
        current_configuration={"state": "idle"},
        recommended_configuration={"state": "gone"},
        evidence={"days": "30"},
        lookback_days=60,
        source="AWS Cost Optimization Hub",
        variant="3 years",
        resource_name="Größe 東京",
        shares={"nat-1": Decimal("0.000000000001")},
        priority=Priority.CRITICAL,
    ),
    found_by="nightly/idle",
    first_seen=AT,
    last_seen=AT,
    seen_until=AT.date(),
    gone_on=date(2026, 11, 5),
)
DONE = Decision(
    status=RecommendationStatus.DONE, reason="was time", decided=AT, replaced_by=("nat-2",)
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[StateDatabase]:
    with closing(StateDatabase(f"sqlite:///{tmp_path}/state.db")) as database:
        yield database


def record(database: StateDatabase, *entries: LedgerEntry) -> None:
    with database.session() as session:
        record_entries(session, entries)


def test_nothing_of_an_entry_is_lost(database: StateDatabase) -> None:
    record(database, ENTRY)

    assert ledger_of(database) == {ENTRY.id: ENTRY}


def test_what_a_run_finds_leaves_the_decision_as_it_is(database: StateDatabase) -> None:
    record(database, ENTRY)
    assert decide(database, ENTRY.id, DONE) == replace(ENTRY, decision=DONE)
    record(database, replace(ENTRY, gone_on=None))

    assert ledger_of(database)[ENTRY.id] == replace(ENTRY, gone_on=None, decision=DONE)


def test_a_decision_can_be_replaced_and_taken_back(database: StateDatabase) -> None:
    record(database, ENTRY)
    decide(database, ENTRY.id, DONE)
    snoozed = Decision(
        status=RecommendationStatus.SNOOZED, reason="", decided=AT, until=date(2027, 1, 1)
    )
    decide(database, ENTRY.id, snoozed)
    assert ledger_of(database)[ENTRY.id].decision == snoozed

    decide(database, ENTRY.id, None)
    assert ledger_of(database)[ENTRY.id].decision is None


def test_nobody_decides_on_what_nobody_found(database: StateDatabase) -> None:
    assert decide(database, "nothing", DONE) is None


def test_runs_at_once_record_each_recommendation_once(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/state.db"
    entries = [
        replace(ENTRY, recommendation=replace(ENTRY.recommendation, resource_id=f"nat-{number}"))
        for number in range(50)
    ]
    failures: list[Exception] = []

    def write() -> None:
        try:
            with closing(StateDatabase(address)) as database:
                record(database, *entries)
        except Exception as error:  # noqa: BLE001 # the test fails with whatever it is
            failures.append(error)

    with closing(StateDatabase(address)) as database:
        record(database)  # the tables are there before the race
    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures
    with closing(StateDatabase(address)) as database:
        assert len(ledger_of(database)) == 50


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), st.decimals(0, 10**9))
def test_any_text_and_amount_comes_back(
    database: StateDatabase, text: str, amount: Decimal
) -> None:
    one = replace(
        ENTRY.recommendation,
        resource_id=text,
        recommendation=text,
        evidence={text: text},
        current_cost=amount,
        estimated_monthly_savings=amount,
        shares={},
    )
    record(database, replace(ENTRY, recommendation=one))

    assert ledger_of(database)[one.id].recommendation == one
