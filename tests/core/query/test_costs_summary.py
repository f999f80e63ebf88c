"""Totals of a window: what no row says is unknown, not 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from finops_cost_management.answers.digest import Digest
from finops_cost_management.answers.outcome import Outcome
from finops_cost_management.query.costs_summary import CostsSummary, summarise, total
from finops_cost_management.report import terminal
from finops_cost_management.report.page import render
from finops_cost_management.report.unknowns import unknowns
from finops_cost_management.window import DateWindow

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

FIRST, SECOND = date(2026, 10, 26), date(2026, 10, 27)
WINDOW = DateWindow(date(2026, 10, 25), date(2026, 11, 22))


@pytest.fixture
def summary(bill: Any) -> CostsSummary:
    found = summarise(
        bill(
            [
                {"day": FIRST, "cost": 5},
                {"day": FIRST, "cost": None, "ServiceName": "Untold"},
                {"day": SECOND, "cost": None, "ServiceName": "Untold", "BilledCost": Decimal(7)},
                {"day": SECOND, "cost": None, "BillingCurrency": "EUR"},
            ]
        ),
        WINDOW,
    )
    assert found is not None
    return found


def test_only_what_is_known_is_summed(summary: CostsSummary) -> None:
    usd, eur = summary.currencies
    assert (usd.currency, usd.effective, usd.billed) == ("USD", Decimal(5), Decimal(12))
    assert usd.daily == {FIRST: Decimal(5), SECOND: None}
    assert usd.by_service == {("Cloud", "Compute"): Decimal(5), ("Cloud", "Untold"): None}
    assert (eur.effective, eur.billed) == (None, None)
    assert (summary.rows, summary.unknown_rows) == (4, 3)


def test_a_total_of_nothing_known_is_unknown() -> None:
    assert total([]) is None
    assert total([None, None]) is None
    assert total([None, Decimal(0)]) == 0


def test_every_channel_says_that_it_is_unknown(
    summary: CostsSummary, empty_outcome: Outcome, to_digest: Callable[[Outcome], Digest]
) -> None:
    empty_outcome.costs = summary
    console = Console(width=80, file=None)
    with console.capture() as captured:
        console.print(terminal.render(to_digest(empty_outcome), terminal.Terms(limit=9)))
    lines = [line.split() for line in captured.get().splitlines()]
    assert ["EUR", "unknown", "unknown"] in lines
    assert ["Untold", "(Cloud)", "unknown"] in lines

    page = render(empty_outcome, [], title="t", limit=9)
    assert "<b>unknown</b>" in page
    assert "or do not say this cost" in page
    said = {f"{one.subject}: {one.reason}" for one in unknowns(empty_outcome)}
    assert (
        "costs in EUR: no row says its effective cost on 1 of 28 days, the first of them 2026-10-27"
        in said
    )


def test_lists_that_are_cut_do_not_count_the_unknown_as_nothing(
    summary: CostsSummary, empty_outcome: Outcome, to_digest: Callable[[Outcome], Digest]
) -> None:
    first = replace(summary.currencies[0], by_provider={"A": Decimal(5), "B": None, "C": None})
    empty_outcome.costs = replace(summary, currencies=(first,))
    console = Console(width=80)
    with console.capture() as captured:
        console.print(terminal.render(to_digest(empty_outcome), terminal.Terms(limit=1)))
    assert "and 2 more, their cost is unknown" in captured.get()
    assert render(empty_outcome, [], title="t", limit=1).count(">unknown</td>") >= 1
