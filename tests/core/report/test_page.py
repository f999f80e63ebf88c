from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from finops_cost_management.answers.anomalies import Driver
from finops_cost_management.answers.forecasts import BacktestAccuracy
from finops_cost_management.query.costs_summary import summarise
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.report.charges import charge_kinds
from finops_cost_management.report.page import render
from finops_cost_management.report.unknowns import unknowns
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from finops_cost_management.answers.outcome import Outcome

pytestmark = pytest.mark.invented

Bill = Callable[[list[dict[str, Any]]], CostSnapshot]
HOSTILE = "<script>alert('x')</script>\" onload=\"x"
VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """Reads a page, insisting that every element is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for key, value in attrs if key in {"href", "src", "action"}]
        self.ids += [value or "" for key, value in attrs if key == "id"]
        assert not [key for key, _ in attrs if key.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)


def read(outcome: Outcome, limit: int = 100) -> Page:
    page = Page(render(outcome, [], title="Cloud costs", limit=limit))
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    return page


def test_every_section_tells_its_figures(outcome: Outcome) -> None:
    text = read(outcome).text

    for expected in (
        "Costs in USD",
        "Costs in EUR",
        "5,504.85 USD",
        "1,120.14 EUR",
        "+1,134.25 USD",
        "eu-west-1 +1,000.10",
        "4,350.00 USD expected in 30 days, between 4,000.00 and 4,700.00 with 95 % probability",
        "53.75 USD a month",
        "could not tell 1 because: too young (1)",
        "over budget",
        "5,571.43 5,300.00 to 5,900.00",
        "read-only folder; chmod it",
        "duckdb 2.0.0",
        "3 of 12,345 rows do not say their effective cost",
    ):
        assert expected in text


def test_an_incident_says_its_days_its_drivers_and_where_else_it_was_seen(
    outcome: Outcome,
) -> None:
    def part(dimension: str, value: str | None, impact: str, others: int = 0) -> Driver:
        return Driver(dimension=dimension, value=value, impact=Decimal(impact), others=others)

    seen = replace(outcome.anomalies[1], dimensions={"Provider": HOSTILE})
    outcome.anomalies = [
        replace(
            outcome.anomalies[0],
            days=3,
            drivers=(
                part("RegionId", "eu-west-1", "1000.10"),
                part("RegionId", None, "134.15", others=4),
                part("SubAccountId", None, "1134.25"),
            ),
            also_seen=(seen,),
        )
    ]
    page = read(outcome)

    assert "2026-11-12..14" in page.text
    assert "by region: eu-west-1 +1,000.10 , 4 others +134.15" in page.text
    assert "split otherwise by account: (none) +1,134.25" in page.text
    assert "seen 1 more time: <script>" in page.text
    assert "3 days with anomalies marked" in page.text


def test_a_forecast_says_growth_accuracy_and_seasons_and_totals_come_first(
    outcome: Outcome,
) -> None:
    first = replace(
        outcome.forecasts[0],
        accuracy=BacktestAccuracy(mase=0.59, wape=0.035, coverage={}, origins=4),
        seasonality={"weekly": 0.8, "monthly": 0.3},
    )
    outcome.forecasts = [first, replace(first, dimensions={}, parts=7, accuracy=None)]
    text = read(outcome).text

    assert "off by 3.5 % of the cost, 0.59 times the error of repeating last week" in text
    assert "Seasons: weekly, monthly." in text
    assert "% against the 30 days before" in text
    assert text.index("all 7 series") < text.index("Accuracy:")


def test_nothing_is_loaded_from_anywhere(outcome: Outcome) -> None:
    page = read(outcome)
    text = render(outcome, [], title="Cloud costs", limit=100)

    assert all(link.startswith("#") for link in page.links)
    assert not {"script", "link", "iframe", "img", "object"} & {*page.tags}
    assert not re.search(r"https?:|//[a-z]|@import", text)


def test_an_empty_run_says_why_it_is_empty(empty_outcome: Outcome) -> None:
    text = read(empty_outcome).text

    assert "The store has no costs in these days" in text
    for section in ("detectors", "forecasters", "optimizers", "budgets"):
        assert f"names none under `{section}:`" in text


def test_long_lists_are_cut_and_counted(crowded: Outcome) -> None:
    page = read(crowded, limit=50)

    assert page.text.count("and 9,950 more") == 2
    assert page.tags.count("tr") < 250


def test_hostile_names_stay_text(outcome: Outcome) -> None:
    assert outcome.costs is not None
    first = replace(
        outcome.costs.currencies[0],
        by_service={(HOSTILE, HOSTILE): Decimal(1)},
        by_provider={HOSTILE: Decimal(1)},
    )
    outcome.costs = replace(outcome.costs, currencies=(first,))
    outcome.anomalies = [replace(outcome.anomalies[0], dimensions={"ServiceName": HOSTILE})]
    outcome.forecasts = [replace(outcome.forecasts[0], dimensions={"ServiceName": HOSTILE})]
    outcome.budgets = [replace(outcome.budgets[0], name=HOSTILE, reason=HOSTILE)]
    outcome.steps = [replace(outcome.steps[0], message=HOSTILE)]

    page = read(outcome)
    assert "script" not in page.tags
    assert page.text.count("<script>alert('x')</script>") >= 6


def test_the_same_run_gives_the_same_page(outcome: Outcome) -> None:
    assert render(outcome, [], title="t", limit=9) == render(outcome, [], title="t", limit=9)


def test_what_is_unknown_is_listed(outcome: Outcome, empty_outcome: Outcome) -> None:
    listed = {f"{one.subject}: {one.reason}" for one in unknowns(outcome)}

    assert "costs in USD: no data for 1 of 28 days, the first of them 2026-11-21" in listed
    assert "sources.cluster: tolerated: connection refused; start it" in listed
    assert "month-end: no forecast of 1 series: insufficient data: 3 of 14 days" in listed
    assert "unused_commitments: could not tell 1: too young" in listed
    assert any(one.startswith("budget lab: no cost matches") for one in listed)
    assert [one.subject for one in unknowns(empty_outcome)] == ["costs"]


def test_kinds_of_charges_add_up_to_the_bill(bill: Bill) -> None:
    window = DateWindow(date(2026, 11, 1), date(2026, 11, 11))
    day = date(2026, 11, 2)
    costs = bill(
        [
            {"day": day, "cost": "100.000000000001"},
            {"day": day, "cost": "0", "ChargeCategory": "Purchase", "BilledCost": Decimal(50)},
            {"day": day, "cost": "-7.5", "ChargeClass": "Correction"},
            {"day": day, "cost": "-20", "ChargeCategory": "Credit"},
            {"day": day, "cost": "3", "BillingCurrency": "EUR", "ChargeCategory": "Tax"},
            {"day": date(2026, 11, 12), "cost": "999"},
        ]
    )
    kinds = charge_kinds(costs, window)
    summary = summarise(costs, window)

    assert summary is not None
    for total in summary.currencies:
        mine = [kind for kind in kinds if kind.currency == total.currency]
        assert sum(kind.effective or 0 for kind in mine) == total.effective
        assert sum(kind.billed or 0 for kind in mine) == total.billed
    labels = [kind.label for kind in kinds if kind.currency == "USD"]
    assert labels == ["Usage", "Purchase", "Usage: corrections and refunds", "Credit"]


def test_a_cost_that_no_row_says_is_unknown(bill: Bill) -> None:
    window = DateWindow(date(2026, 11, 1), date(2026, 11, 11))
    (kind,) = charge_kinds(bill([{"day": date(2026, 11, 2), "cost": None}]), window)

    assert (kind.effective, kind.billed, kind.rows) == (None, None, 1)
