"""Drivers, and kinds of charges, as the engine tells them from a small bill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity
from finops_cost_management.answers.drivers import MOST_VALUES
from finops_cost_management.errors import ConfigurationError, PluginError
from finops_cost_management.pipeline.drivers import explain
from finops_cost_management.pipeline.judged import JudgedCharges
from finops_cost_management.pipeline.steps import DetectorKeys
from finops_cost_management.query.charge_kinds import OtherCharges
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.window import DateWindow

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

Bill = Callable[[list[dict[str, Any]]], CostSnapshot]
FIRST = date(2026, 4, 1)
WINDOW = DateWindow.after(FIRST, 40)
LAST = FIRST + timedelta(days=39)
DAYS = list(WINDOW.dates())


def judged(costs: CostSnapshot, **keys: Any) -> JudgedCharges:
    return JudgedCharges.of(costs, DetectorKeys.model_validate({"use": "x", **keys}), WINDOW)


def told_of(one: JudgedCharges, *wanted: dict[str, str | None], days: int = 1) -> list[Anomaly]:
    """Anomalies of the last days of series, expected to cost what their last day before did."""
    panel = one.panel()
    rows = [panel.keys.index(key) for key in wanted] if wanted else range(len(panel))
    return [
        Anomaly(
            date=LAST - timedelta(days=days - 1),
            days=days,
            dimensions=panel.keys[row],
            currency=panel.currencies[row],
            expected_cost=Decimal(repr(float(panel.values[row, -days - 1]))) * days,
            actual_cost=Decimal(repr(float(panel.values[row, -days:].sum()))),
            score=9,
            severity=AnomalySeverity.LOW,
            detector="odd",
        )
        for row in rows
    ]


def explained(
    one: JudgedCharges, anomalies: Sequence[Anomaly], *names: str
) -> list[list[tuple[str | None, Decimal]]]:
    answer = explain(anomalies, one, one.panel(), names)
    for anomaly in answer:
        for name in {line.dimension for line in anomaly.drivers}:
            parts = [line.impact for line in anomaly.drivers if line.dimension == name]
            assert sum(parts) == anomaly.cost_impact
    return [[(line.value, line.impact) for line in one.drivers] for one in answer]


def test_the_value_that_grew_explains_the_difference(bill: Bill) -> None:
    costs = bill(
        [{"day": day, "cost": 10, "BillingAccountId": "steady"} for day in DAYS]
        + [
            {"day": day, "cost": 90 if day == LAST else 30, "BillingAccountId": "new"}
            for day in DAYS
        ]
    )
    one = judged(costs)
    assert explained(one, told_of(one), "BillingAccountId") == [[("new", Decimal(60))]]


def test_days_are_held_against_the_same_weekdays(bill: Bill) -> None:
    def cost(day: date) -> int:
        usual = 10 if day.weekday() < 5 else 2
        return usual * 3 if day >= LAST - timedelta(days=6) else usual

    costs = bill(
        [{"day": day, "cost": cost(day), "BillingAccountId": "weekly"} for day in DAYS]
        + [{"day": day, "cost": 1, "BillingAccountId": "flat"} for day in DAYS]
    )
    one = judged(costs)
    (anomaly,) = told_of(one, days=7)
    # Six times ten was expected and weekends twice two, beside one a day.
    anomaly = replace(anomaly, expected_cost=Decimal(5 * 10 + 2 * 2 + 7))
    assert explained(one, [anomaly], "BillingAccountId") == [[("weekly", Decimal(108))]]


def test_only_what_is_known_is_a_reference(bill: Bill) -> None:
    known = [day for day in DAYS if day == LAST or not 0 < (LAST - day).days % 14 <= 7]
    costs = bill(
        [{"day": day, "cost": 50 if day == LAST else 10, "BillingAccountId": "a"} for day in known]
    )
    one = judged(costs)
    (anomaly,) = told_of(one)
    assert np.isnan(one.panel().values[0, -2])
    anomaly = replace(anomaly, expected_cost=Decimal(10))
    assert explained(one, [anomaly], "BillingAccountId") == [[("a", Decimal(40))]]


def test_series_without_a_value_and_of_other_currencies_are_found_again(bill: Bill) -> None:
    costs = bill(
        [
            {
                "day": day,
                "cost": 9 if day == LAST else 1,
                "ServiceName": service,
                "BillingCurrency": currency,
                "BillingAccountId": f"{service}-{currency}",
            }
            for day in DAYS
            for service in ("A", None)
            for currency in ("EUR", "USD")
        ]
    )
    one = judged(costs)
    assert explained(one, told_of(one), "BillingAccountId") == [
        [(f"{service}-{currency}", Decimal(8))]
        for service, currency in (("A", "EUR"), ("A", "USD"), (None, "EUR"), (None, "USD"))
    ]


def test_of_many_values_the_largest_come_back(bill: Bill) -> None:
    costs = bill(
        [
            {
                "day": day,
                "cost": 10 + (number if day == LAST else 0),
                "BillingAccountId": f"{number:03}",
            }
            for day in (LAST, LAST - timedelta(days=7), LAST - timedelta(days=1))
            for number in range(100)
        ]
    )
    one = judged(costs)
    (told,) = explained(one, told_of(one), "BillingAccountId")
    assert [value for value, _ in told] == ["099", "098", "097", "096", "095", None]
    assert len(told) == MOST_VALUES + 1


def test_tags_explain_and_what_tells_series_apart_does_not(bill: Bill) -> None:
    costs = bill(
        [
            {
                "day": day,
                "cost": 70 if day == LAST and team == "x" else 10,
                "Tags": f'{{"team":"{team}"}}',
            }
            for day in DAYS
            for team in "xy"
        ]
    )
    one = judged(costs)
    told = explain(told_of(one), one, one.panel(), ["service", "tags.team"])
    assert [(line.dimension, line.value) for line in told[0].drivers] == [("tags.team", "x")]
    with pytest.raises(ConfigurationError, match="no column x_Nothing"):
        explain(told_of(one), one, one.panel(), ["x_Nothing"])


def test_an_anomaly_of_no_series_is_the_plugins_fault(bill: Bill) -> None:
    one = judged(bill([{"day": day, "cost": 1} for day in DAYS]))
    (anomaly,) = told_of(one)
    with pytest.raises(PluginError, match="no series of its panel"):
        explain([replace(anomaly, currency="EUR")], one, one.panel(), ["BillingAccountId"])


def of_kinds(bill: Bill) -> CostSnapshot:
    kinds: list[dict[str, Any]] = [
        {"cost": 100},
        {"cost": 7, "CommitmentDiscountStatus": "Unused", "CommitmentDiscountId": "ri"},
        {"cost": 3, "ChargeCategory": "Purchase"},
        {"cost": 40, "ChargeCategory": "Purchase", "CommitmentDiscountId": "ri"},
        {"cost": 20, "ChargeCategory": "Tax"},
        {"cost": -5, "ChargeCategory": "Credit"},
        {"cost": -9, "ChargeClass": "Correction"},
    ]
    return bill([{"day": day, **kind} for day in DAYS for kind in kinds])


def costs_of(one: JudgedCharges) -> dict[tuple[tuple[str, str | None], ...], float]:
    panel = one.panel()
    return {
        tuple(key.items()): float(row[0]) for key, row in zip(panel.keys, panel.values, strict=True)
    }


def test_other_charges_are_series_of_their_own(bill: Bill) -> None:
    compute = ("ServiceName", "Compute")
    assert costs_of(judged(of_kinds(bill))) == {
        (compute,): 110,
        (compute, ("ChargeCategory", "Purchase")): 40,
        (compute, ("ChargeCategory", "Tax")): 20,
        (compute, ("ChargeCategory", "Credit")): -5,
        (compute, ("ChargeClass", "Correction")): -9,
    }


def test_other_charges_are_left_out_or_kept_together(bill: Bill) -> None:
    costs = of_kinds(bill)
    key = (("ServiceName", "Compute"),)
    assert costs_of(judged(costs, other_charges="leave_out")) == {key: 110}
    assert costs_of(judged(costs, other_charges=OtherCharges.TOGETHER)) == {key: 156}


def test_series_by_charge_category_are_apart_as_it_is(bill: Bill) -> None:
    told = costs_of(judged(of_kinds(bill), over=("ChargeCategory",)))
    assert told == {
        (("ChargeCategory", "Usage"),): 98,
        (("ChargeCategory", "Purchase"),): 43,
        (("ChargeCategory", "Tax"),): 20,
        (("ChargeCategory", "Credit"),): -5,
    }


@pytest.mark.parametrize("treatment", OtherCharges)
def test_drivers_look_at_the_charges_that_were_judged(bill: Bill, treatment: OtherCharges) -> None:
    usage = {"day": LAST, "cost": 90, "BillingAccountId": "usage"}
    tax = {"day": LAST, "cost": 500, "ChargeCategory": "Tax", "BillingAccountId": "tax"}
    before = [{**charge, "day": day, "cost": 10} for charge in (usage, tax) for day in DAYS[:-1]]
    one = judged(bill([usage, tax, *before]), other_charges=treatment)
    told = {line[0] for lines in explained(one, told_of(one), "BillingAccountId") for line in lines}
    assert told == ({"usage"} if treatment is OtherCharges.LEAVE_OUT else {"usage", "tax"})
