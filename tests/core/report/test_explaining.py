from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity, Driver
from finops_cost_management.answers.forecasts import BacktestAccuracy
from finops_cost_management.report import explaining

if TYPE_CHECKING:
    from finops_cost_management.answers.outcome import Outcome

pytestmark = pytest.mark.invented

MONEY = st.decimals(-1_000_000, 1_000_000, places=6)


def anomaly(first: date, days: int = 1, *drivers: Driver) -> Anomaly:
    return Anomaly(
        date=first,
        dimensions={"ServiceName": "Compute"},
        currency="USD",
        expected_cost=Decimal(1),
        actual_cost=Decimal(2),
        score=5.0,
        severity=AnomalySeverity.LOW,
        detector="d",
        days=days,
        drivers=drivers,
    )


def driver(value: str | None, impact: str = "1", **more: object) -> Driver:
    return Driver(dimension="RegionId", value=value, impact=Decimal(impact), **more)  # type: ignore[arg-type] # what a test says


@pytest.mark.parametrize(
    ("first", "days", "said"),
    [
        (date(2026, 11, 16), 1, "2026-11-16"),
        (date(2026, 11, 16), 3, "2026-11-16..18"),
        (date(2026, 10, 30), 4, "2026-10-30..11-02"),
        (date(2026, 12, 31), 2, "2026-12-31..2027-01-01"),
    ],
)
def test_days_are_said_as_short_as_can_be(first: date, days: int, said: str) -> None:
    assert explaining.days_of(anomaly(first, days)) == said


@given(st.lists(MONEY, min_size=1, max_size=12), st.integers(1, 6))
def test_drivers_that_are_cut_add_up_as_before(impacts: list[Decimal], lines: int) -> None:
    drivers = [driver(f"region-{place}", str(impact)) for place, impact in enumerate(impacts)]
    shown = explaining.at_most(drivers, lines)

    assert len(shown) <= lines
    assert sum(one.impact for one in shown) == sum(impacts)
    assert sum(one.others or 1 for one in shown) == len(drivers)


def test_drivers_stay_by_dimension_in_their_order() -> None:
    service = Driver(dimension="ServiceName", value="a", impact=Decimal(2))
    first, second = driver("eu-west-1"), driver(None)
    one = anomaly(date(2026, 11, 1), 1, first, second, service)

    assert explaining.by_dimension(one) == [[first, second], [service]]
    assert explaining.by_dimension(anomaly(date(2026, 11, 1))) == []


def test_drivers_have_names() -> None:
    assert explaining.driver_name(driver("eu\x1b[2J")) == "eu\N{REPLACEMENT CHARACTER}[2J"
    assert explaining.driver_name(driver(None)) == "(none)"
    assert explaining.driver_name(driver(None, others=1)) == "1 other"
    assert explaining.driver_name(driver(None, others=1200)) == "1,200 others"
    assert explaining.driver_name(driver(None, unexplained=True)) == "not explained by any"
    assert explaining.dimension_name("SubAccountName") == "account name"
    assert explaining.dimension_name("tags.team") == "tags.team"


def test_sums_come_first_and_say_of_how_many(outcome: Outcome) -> None:
    from dataclasses import replace

    total = replace(outcome.forecasts[0], dimensions={}, parts=12)

    assert explaining.sums_first([*outcome.forecasts, total]) == [total, *outcome.forecasts]
    assert explaining.forecast_name(total) == "all 12 series"
    assert explaining.forecast_name(outcome.forecasts[0]) == "AWS"


def test_accuracy_is_said_in_words() -> None:
    def said(mase: float | None, wape: float | None, origins: int) -> str:
        return explaining.accuracy_words(
            BacktestAccuracy(mase=mase, wape=wape, coverage={}, origins=origins)
        )

    assert said(0.587, 0.0345, 5) == (
        "off by 3.5 % of the cost, 0.59 times the error of repeating last week, "
        "in 5 tests on the past"
    )
    assert said(None, 0.0, 1) == "off by 0.0 % of the cost, in 1 test on the past"
    assert said(None, None, 0) == "not known"
