from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.answers.budgets import BudgetPeriod, BudgetStatus
from finops_cost_management.answers.forecasts import PanelForecast
from finops_cost_management.budgets.budget import Budget, period_of
from finops_cost_management.budgets.evaluation import evaluate
from finops_cost_management.errors import ConfigurationError
from finops_cost_management.query.cost_query import CostMetric
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from finops_cost_management.query.panel import CostPanel

pytestmark = pytest.mark.invented

Bill = Callable[[list[dict[str, Any]]], CostSnapshot]
TODAY = date(2026, 11, 21)


def days(first: date, last: date, cost: str = "10", **more: Any) -> list[dict[str, Any]]:
    window = DateWindow(first, last + timedelta(days=1))
    return [{"day": day, "cost": cost, **more} for day in window.dates()]


def november(last: int = 20, cost: str = "10", **more: Any) -> list[dict[str, Any]]:
    """October and November until the given day."""
    return days(date(2026, 10, 1), date(2026, 11, last), cost, **more)


def budget(amount: str = "1000", **more: Any) -> Budget:
    return Budget(name="platform", amount=Decimal(amount), **more)


def flat(a_day: float, *, width: float = 0.0) -> Callable[[CostPanel, int], PanelForecast]:
    """A forecaster that expects the same every day."""

    def forecast(panel: CostPanel, horizon: int) -> PanelForecast:
        mean = np.full((len(panel), horizon), a_day)
        total = mean.sum(axis=1)
        levels = (0.8, 0.95, 0.99)
        return PanelForecast(
            mean=mean,
            lower=dict.fromkeys(levels, mean),
            upper=dict.fromkeys(levels, mean),
            total_lower={level: total - width * level for level in levels},
            total_upper={level: total + width * level for level in levels},
            models=("flat",),
            problems=(None,),
        )

    return forecast


def test_spend_is_the_exact_sum_of_the_known_days(bill: Bill) -> None:
    report = evaluate(budget(), bill(november(cost="10.000000000001")), TODAY)

    assert report.period == DateWindow(date(2026, 11, 1), date(2026, 12, 1))
    assert report.current_spend == Decimal("200.000000000020")
    assert (report.known_days, report.missing_days) == (20, 0)
    assert report.status is BudgetStatus.ON_TRACK
    assert report.projected_spend is None
    assert report.reason == "no projection without a forecaster"


@pytest.mark.parametrize(
    ("amount", "status", "reached"),
    [
        ("251", BudgetStatus.ON_TRACK, ()),
        ("250", BudgetStatus.AT_RISK, (0.8,)),
        ("200", BudgetStatus.AT_RISK, (0.8, 1.0)),
        ("199.99", BudgetStatus.OVER_BUDGET, (0.8, 1.0)),
    ],
)
def test_thresholds(
    bill: Bill, amount: str, status: BudgetStatus, reached: tuple[float, ...]
) -> None:
    report = evaluate(budget(amount), bill(november()), TODAY)

    assert (report.status, report.thresholds_reached) == (status, reached)


def test_the_projection_adds_the_forecast_to_what_is_known(bill: Bill) -> None:
    asked: list[tuple[int, int, int]] = []

    def forecast(panel: CostPanel, horizon: int) -> PanelForecast:
        asked.append((len(panel), len(panel.dates), horizon))
        return flat(50, width=20)(panel, horizon)

    report = evaluate(budget("500"), bill(november(last=19)), TODAY, forecast)

    assert asked == [(1, 50, 11)], "one series from its first cost to its newest known day"
    assert report.projected_spend == Decimal(190) + 11 * 50
    assert report.projected_lower == Decimal("721.00"), "the highest level up to 95 %"
    assert report.projected_upper == Decimal("759.00")
    assert report.thresholds_projected == (0.8, 1.0)
    assert report.status is BudgetStatus.AT_RISK
    assert report.reason == ""


def test_a_projection_within_the_amount_is_on_track(bill: Bill) -> None:
    report = evaluate(budget("1000"), bill(november()), TODAY, flat(10))

    assert report.projected_spend == 300
    assert report.status is BudgetStatus.ON_TRACK
    assert report.thresholds_projected == ()


def test_the_newest_days_may_be_late(bill: Bill) -> None:
    in_time = evaluate(budget(), bill(november(last=18)), TODAY)
    late = evaluate(budget(), bill(november(last=17)), TODAY)

    assert (in_time.status, in_time.missing_days) == (BudgetStatus.ON_TRACK, 2)
    assert late.status is BudgetStatus.UNKNOWN
    assert "2026-11-17, 3 days behind" in late.reason
    patient = evaluate(budget(tolerated_lag=3), bill(november(last=17)), TODAY)
    assert patient.status is BudgetStatus.ON_TRACK


def test_a_gap_is_unknown_and_stops_the_projection(bill: Bill) -> None:
    charges = [one for one in november() if one["day"] != date(2026, 11, 5)]
    report = evaluate(budget(), bill(charges), TODAY, flat(10))

    assert report.status is BudgetStatus.UNKNOWN
    assert (report.known_days, report.missing_days) == (19, 1)
    assert report.projected_spend is None
    assert "2026-11-05" in report.reason


@pytest.mark.parametrize(
    ("amount", "status"), [("150", BudgetStatus.OVER_BUDGET), ("230", BudgetStatus.AT_RISK)]
)
def test_what_is_exceeded_without_the_missing_days_stands(
    bill: Bill, amount: str, status: BudgetStatus
) -> None:
    charges = [one for one in november() if one["day"] != date(2026, 11, 5)]
    report = evaluate(budget(amount), bill(charges), TODAY)

    assert report.status is status
    assert "2026-11-05" in report.reason


def test_a_day_on_which_one_of_two_sources_is_missing_is_not_known(bill: Bill) -> None:
    charges = [*november(x_Source="aws"), *november(last=10, x_Source="gcp")]
    report = evaluate(budget(), bill(charges), TODAY)

    assert (report.known_days, report.current_spend) == (10, Decimal(200))
    assert report.status is BudgetStatus.UNKNOWN


def test_rows_without_the_cost_make_their_day_unknown(bill: Bill) -> None:
    charges = [*november(), {"day": date(2026, 11, 7), "cost": None}]
    report = evaluate(budget(), bill(charges), TODAY)

    assert report.known_days == 19
    assert report.status is BudgetStatus.UNKNOWN


def test_currencies_are_never_mixed(bill: Bill) -> None:
    charges = [*november(), *november(cost="7", BillingCurrency="EUR")]
    mixed = evaluate(budget(), bill(charges), TODAY)
    euros = evaluate(budget(currency="EUR"), bill(charges), TODAY)
    francs = evaluate(budget(currency="CHF"), bill(charges), TODAY)

    assert mixed.status is BudgetStatus.UNKNOWN
    assert "EUR and USD" in mixed.reason
    assert (euros.currency, euros.current_spend) == ("EUR", Decimal(140))
    assert francs.status is BudgetStatus.UNKNOWN
    assert "the budget is in CHF" in francs.reason


def test_only_matching_rows_and_the_chosen_cost_count(bill: Bill) -> None:
    charges = [
        *november(cost="3", Tags='{"team": "web"}', EffectiveCost=Decimal(4)),
        *november(cost="100", Tags='{"team": "data"}'),
    ]
    web = {"tags.team": "web"}
    billed = evaluate(budget(where=web), bill(charges), TODAY)
    effective = evaluate(budget(where=web, cost=CostMetric.EFFECTIVE), bill(charges), TODAY)
    ghost = evaluate(budget(where={"tags.team": "ghost"}), bill(charges), TODAY)

    assert (billed.current_spend, effective.current_spend) == (Decimal(60), Decimal(80))
    assert ghost.status is BudgetStatus.UNKNOWN
    assert "check its `where`" in ghost.reason


def test_an_empty_store_is_unknown_not_0(bill: Bill) -> None:
    report = evaluate(budget(), bill([]), TODAY, flat(10))

    assert report.status is BudgetStatus.UNKNOWN
    assert (report.known_days, report.missing_days) == (0, 20)
    assert report.projected_spend is None


def test_a_source_that_ended_long_ago_is_not_waited_for(bill: Bill) -> None:
    charges = [*november(), *days(date(2026, 6, 1), date(2026, 9, 20), x_Source="old")]

    assert evaluate(budget(), bill(charges), TODAY).status is BudgetStatus.ON_TRACK


def test_the_first_of_a_month_knows_nothing_without_a_forecast(bill: Bill) -> None:
    first = date(2026, 11, 1)
    costs = bill(days(date(2026, 10, 1), date(2026, 10, 30)))
    silent = evaluate(budget(), costs, first)
    projected = evaluate(budget(), costs, first, flat(10))

    assert silent.status is BudgetStatus.UNKNOWN
    assert silent.reason == "no day of the period is known yet"
    assert projected.status is BudgetStatus.ON_TRACK
    assert projected.projected_spend == 300, "the late day of October is not November's"
    assert projected.projected_lower is None


def test_a_daily_budget_is_judged_on_the_newest_known_day(bill: Bill) -> None:
    daily = budget("9", period=BudgetPeriod.DAILY)
    report = evaluate(daily, bill(november(last=19)), TODAY)
    late = evaluate(daily, bill(november(last=10)), TODAY)

    assert report.period == DateWindow(date(2026, 11, 19), date(2026, 11, 20))
    assert report.status is BudgetStatus.OVER_BUDGET
    assert report.projected_spend == report.current_spend == 10, "nothing is left to forecast"
    assert late.status is BudgetStatus.UNKNOWN


def test_a_broken_forecaster_does_not_hide_an_overspent_budget(bill: Bill) -> None:
    def broken(_panel: CostPanel, _horizon: int) -> PanelForecast:
        raise ValueError("no luck")

    report = evaluate(budget("100"), bill(november()), TODAY, broken)

    assert report.status is BudgetStatus.OVER_BUDGET
    assert "no luck" in report.reason


def test_a_forecaster_without_an_answer_says_why(bill: Bill) -> None:
    nothing = np.full((1, 10), np.nan)
    answer = PanelForecast(
        mean=nothing,
        lower={},
        upper={},
        total_lower={},
        total_upper={},
        models=("none",),
        problems=("insufficient data: 3 days",),
    )
    report = evaluate(budget(), bill(november()), TODAY, lambda _panel, _days: answer)
    silent = evaluate(budget(), bill(november()), TODAY, lambda _panel, _days: None)

    assert report.projected_spend is None
    assert report.reason == "no projection: insufficient data: 3 days"
    assert silent.projected_spend is None


@pytest.mark.parametrize(
    ("kind", "start", "end"),
    [
        (BudgetPeriod.DAILY, date(2026, 11, 21), date(2026, 11, 22)),
        (BudgetPeriod.WEEKLY, date(2026, 11, 16), date(2026, 11, 23)),
        (BudgetPeriod.MONTHLY, date(2026, 11, 1), date(2026, 12, 1)),
        (BudgetPeriod.QUARTERLY, date(2026, 10, 1), date(2027, 1, 1)),
        (BudgetPeriod.YEARLY, date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_periods(kind: BudgetPeriod, start: date, end: date) -> None:
    assert period_of(kind, TODAY) == DateWindow(start, end)


@given(kind=st.sampled_from(list(BudgetPeriod)), day=st.dates(date(1999, 1, 1), date(2200, 12, 31)))
def test_periods_hold_their_day_and_follow_one_another(kind: BudgetPeriod, day: date) -> None:
    period = period_of(kind, day)

    assert day in period
    assert period_of(kind, period.end).start == period.end
    assert period_of(kind, period.start) == period


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity"])
def test_an_amount_must_be_one(amount: str) -> None:
    with pytest.raises(ConfigurationError, match="amount"):
        budget(amount)


@pytest.mark.parametrize("shares", [(0.0,), (0.8, -1.0), (float("nan"),)])
def test_shares_must_be_positive(shares: Sequence[float]) -> None:
    with pytest.raises(ConfigurationError, match="alerts at"):
        budget(alert_at=tuple(shares))


money = st.decimals("-1000", "1000", places=12)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    costs=st.lists(st.one_of(st.none(), money), min_size=20, max_size=20),
    amount=st.decimals("0.01", "5000", places=2),
)
def test_the_arithmetic_holds_for_every_bill(
    bill: Bill, costs: list[Decimal | None], amount: Decimal
) -> None:
    """None is a day of which the store has no data."""
    november_days = list(DateWindow(date(2026, 11, 1), TODAY).dates())
    october = [{"day": date(2026, 10, 31), "cost": 1}]
    given_days = [
        {"day": day, "cost": cost}
        for day, cost in zip(november_days, costs, strict=True)
        if cost is not None
    ]
    report = evaluate(budget(str(amount)), bill([*october, *given_days]), TODAY)

    total = sum((cost for cost in costs if cost is not None), Decimal(0))
    assert report.current_spend == total
    assert report.known_days + report.missing_days == 20
    assert report.known_days == len(given_days)
    assert report.remaining + report.current_spend == amount
    assert (report.status is BudgetStatus.OVER_BUDGET) == (total > amount)
    assert set(report.thresholds_reached) == {
        share for share in (0.8, 1.0) if total >= amount * Decimal(str(share))
    }
    if report.status is BudgetStatus.UNKNOWN:
        assert report.reason
