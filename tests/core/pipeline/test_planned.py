"""Planned changes move the forecast of the series that they are about, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.answers.forecasts import PanelForecast
from finops_cost_management.pipeline.planned import apply_planned
from finops_cost_management.pipeline.steps import PlannedChange
from finops_cost_management.query.cost_query import CostMetric, CostQuery
from finops_cost_management.query.panel import CostPanel
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.window import DateWindow

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

Bill = Callable[[list[dict[str, Any]]], CostSnapshot]
WINDOW = DateWindow.after(date(2026, 4, 1), 30)
HORIZON = 10
FIRST = WINDOW.end
QUERY = CostQuery(window=WINDOW, group_by=("service",))


@pytest.fixture
def costs(bill: Bill) -> CostSnapshot:
    """Compute costs 100 a day, 40 of it in the shop; storage 50, all of it in the shop."""
    return bill(
        [
            {"day": day, "cost": cost, "ServiceName": service, "Tags": f'{{"team":"{team}"}}'}
            for day in WINDOW.dates()
            for service, team, cost in (
                ("Compute", "shop", 40),
                ("Compute", "data", 60),
                ("Storage", "shop", 50),
            )
        ]
    )


def flat(panel: CostPanel, horizon: int = HORIZON) -> PanelForecast:
    """The mean of each series goes on, ten more or less."""
    mean = np.repeat(np.nanmean(panel.values, axis=1, keepdims=True), horizon, axis=1)
    total = mean.sum(axis=1)
    return PanelForecast(
        mean=mean,
        lower={0.8: mean - 10},
        upper={0.8: mean + 10},
        total_lower={0.8: total - 30},
        total_upper={0.8: total + 30},
        models=("flat",) * len(panel),
        problems=(None,) * len(panel),
        trend=np.hstack([panel.values, mean]),
    )


def planned(
    costs: CostSnapshot, *changes: dict[str, Any], query: CostQuery = QUERY
) -> tuple[PanelForecast, list[str]]:
    panel = costs.panel(query)
    models = [PlannedChange.model_validate({"from": FIRST, **change}) for change in changes]
    return apply_planned(flat(panel), panel, costs, query, models)


def means(answer: PanelForecast) -> list[list[float]]:
    return [[round(float(cost), 6) for cost in row] for row in answer.mean]


def test_a_share_changes_the_part_that_it_is_about(costs: CostSnapshot) -> None:
    answer, remarks = planned(costs, {"change": "50%", "where": {"tags.team": "shop"}})
    assert remarks == []
    assert means(answer) == [[120] * HORIZON, [75] * HORIZON]
    assert answer.lower[0.8][:, 0].tolist() == pytest.approx([108, 60])
    assert answer.total_upper[0.8].tolist() == pytest.approx([1236, 795])
    assert answer.trend is not None
    assert answer.trend[:, -HORIZON - 1 : -HORIZON + 1].tolist() == [[100, 120], [50, 75]]


def test_an_amount_is_spread_by_cost_over_the_days_of_the_change(costs: CostSnapshot) -> None:
    change = {
        "from": FIRST + timedelta(days=2),
        "until": FIRST + timedelta(days=4),
        "change": 30,
    }
    answer, _ = planned(costs, change)
    assert means(answer) == [[100, 100, 120, 120, *[100] * 6], [50, 50, 60, 60, *[50] * 6]]
    assert answer.total_lower[0.8].tolist() == pytest.approx([1010, 490])
    assert (answer.upper[0.8] - answer.lower[0.8]).ravel().tolist() == pytest.approx([20] * 20)


def test_several_changes_add_up(costs: CostSnapshot) -> None:
    storage = {"where": {"service": "Storage"}}
    answer, _ = planned(costs, {"change": "-100%", **storage}, {"change": 7, **storage})
    assert means(answer) == [[100] * HORIZON, [7] * HORIZON]
    assert answer.total_lower[0.8][1] == answer.total_upper[0.8][1] == 70


def test_what_began_before_is_in_the_history_and_ends(costs: CostSnapshot) -> None:
    began = {"from": FIRST - timedelta(days=9)}
    ending = {**began, "until": FIRST + timedelta(days=5)}
    assert means(planned(costs, {**began, "change": "25%"})[0])[1] == [50] * 10
    assert means(planned(costs, {**ending, "change": "25%"})[0])[1] == [50] * 5 + [40] * 5
    assert means(planned(costs, {**ending, "change": 15})[0])[1] == [50] * 5 + [45] * 5
    _, remarks = planned(costs, {**ending, "change": "-100%"})
    assert remarks == [
        "planned: -100% from 2026-04-22 took everything: what comes back is not known"
    ]


def test_what_matches_nothing_is_told(costs: CostSnapshot) -> None:
    answer, remarks = planned(
        costs,
        {"change": "50%", "where": {"service": "Nothing"}, "note": "the migration"},
        {"commitment_ends": "ri-1"},
        {"change": 5, "from": FIRST + timedelta(days=HORIZON)},
    )
    assert remarks == [
        "planned: the migration from 2026-05-01 matches no cost of the last 28 days",
        "planned: the end of ri-1 from 2026-05-01 changes no cost of the last 28 days",
    ]
    assert means(answer) == [[100] * HORIZON, [50] * HORIZON]


def test_an_amount_is_in_one_currency(bill: Bill) -> None:
    costs = bill(
        [
            {"day": day, "cost": 10, "BillingCurrency": currency}
            for day in WINDOW.dates()
            for currency in ("EUR", "USD")
        ]
    )
    (remark,) = planned(costs, {"change": 5})[1]
    assert "several currencies: add `currency` to its where" in remark
    assert means(planned(costs, {"change": 5, "where": {"currency": "EUR"}})[0]) == [
        [15] * 10,
        [10] * 10,
    ]


def test_the_conditions_of_the_question_hold_too(costs: CostSnapshot) -> None:
    query = CostQuery(window=WINDOW, where={"service": "Storage"})
    assert means(planned(costs, {"change": "10%"}, query=query)[0]) == [[55] * 10]
    change = {"change": "10%", "where": {"service": "Compute"}}
    assert "matches no cost" in planned(costs, change, query=query)[1][0]


@pytest.fixture
def committed(bill: Bill) -> CostSnapshot:
    """A commitment of 30 a day: 20 cover usage worth 50, and 10 are unused."""
    mine: dict[str, Any] = {"CommitmentDiscountId": "ri-1"}
    covered = {"BilledCost": 0, "EffectiveCost": 20, "ContractedCost": 50, "ListCost": 60}
    return bill(
        [
            {"day": day, "cost": None, **charge, **mine}
            for day in WINDOW.dates()
            for charge in (
                {**covered, "CommitmentDiscountStatus": "Used"},
                {"BilledCost": 0, "EffectiveCost": 10, "ContractedCost": 0, "ListCost": 0}
                | {"CommitmentDiscountStatus": "Unused"},
                {"BilledCost": 30, "EffectiveCost": 0, "ChargeCategory": "Purchase"}
                | {"ContractedCost": 30, "ListCost": 30},
            )
        ]
    )


@pytest.mark.parametrize(
    ("cost", "before", "after"),
    [
        (CostMetric.EFFECTIVE, 30, 50),
        (CostMetric.BILLED, 30, 50),
        (CostMetric.CONTRACTED, 80, 50),
        (CostMetric.LIST, 90, 60),
    ],
)
def test_without_a_commitment_its_usage_costs_what_it_is_worth(
    committed: CostSnapshot, cost: CostMetric, before: int, after: int
) -> None:
    query = CostQuery(window=WINDOW, group_by=("service",), cost=cost)
    answer, remarks = planned(committed, {"commitment_ends": "ri-1"}, query=query)
    assert remarks == []
    assert flat(committed.panel(query)).mean[0, 0] == before
    assert means(answer) == [[after] * HORIZON]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "change": st.one_of(
                    st.integers(-100, 300).filter(bool).map(lambda share: f"{share}%"),
                    st.integers(-500, 500).filter(bool),
                ),
                "from": st.integers(-3, 12).map(lambda day: FIRST + timedelta(days=day)),
                "where": st.sampled_from([{}, {"tags.team": "shop"}, {"service": "Compute"}]),
            }
        ),
        max_size=3,
    )
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_bands_stay_around_the_mean(costs: CostSnapshot, changes: list[dict[str, Any]]) -> None:
    answer, _ = planned(costs, *changes)
    assert (answer.lower[0.8] <= answer.mean + 1e-9).all()
    assert (answer.upper[0.8] >= answer.mean - 1e-9).all()
    totals = answer.mean.sum(axis=1)
    assert (answer.total_lower[0.8] <= totals + 1e-9).all()
    assert (answer.total_upper[0.8] >= totals - 1e-9).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "either change or commitment_ends"),
        ({"change": "5%", "commitment_ends": "x"}, "either change or commitment_ends"),
        ({"commitment_ends": "x", "where": {"service": "A"}}, "no where"),
        ({"change": "5%", "until": FIRST}, "until must be later than from"),
        ({"change": "much"}, "'much' is not a change"),
        ({"change": "0%"}, "must be a share such as"),
        ({"change": "-120%"}, "must leave something"),
        ({"change": True}, "must be a share such as"),
    ],
)
def test_mistakes_are_said(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PlannedChange.model_validate({"from": FIRST, **change})


def test_a_change_is_shown_as_it_is_written() -> None:
    for text in ("20%", "-35%", "120", "0.5%"):
        model = PlannedChange.model_validate({"from": "2026-12-01", "change": text})
        dumped = model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        assert dumped == {"from": "2026-12-01", "change": text}
        assert PlannedChange.model_validate(dumped) == model
