from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.query.cost_query import CostQuery
from finops_cost_management.testing.panels import panel_of
from finops_cost_management.window import DateWindow

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

MAY = [date(2026, 5, day) for day in range(1, 8)]
WINDOW = DateWindow(MAY[0], MAY[-1])


def values(costs: Any, *group_by: str) -> dict[tuple[str | None, ...], list[float | None]]:
    panel = costs.panel(CostQuery(window=WINDOW, group_by=group_by))
    return {
        (*key.values(), currency): [None if np.isnan(one) else one for one in row]
        for key, currency, row in zip(panel.keys, panel.currencies, panel.values, strict=True)
    }


def test_a_day_with_data_and_no_charge_is_0_and_a_day_without_data_is_missing(bill: Any) -> None:
    costs = bill(
        [{"day": day, "cost": 1, "ServiceName": "every day"} for day in MAY[:6] if day != MAY[3]]
        + [{"day": MAY[1], "cost": 5, "ServiceName": "once"}]
    )
    assert values(costs, "service") == {
        ("every day", "USD"): [1, 1, 1, None, 1, 1],
        ("once", "USD"): [0, 5, 0, None, 0, 0],
    }


def test_a_sum_over_sources_is_missing_where_one_of_them_has_no_data(bill: Any) -> None:
    costs = bill(
        [{"day": day, "cost": 1, "x_Source": "aws"} for day in MAY[:6]]
        + [{"day": day, "cost": 10, "x_Source": "azure"} for day in MAY[2:5]]
    )
    # Azure's first two days were never delivered, and its newest is not there yet.
    assert values(costs) == {("USD",): [None, None, 11, 11, 11, None]}
    assert values(costs, "x_Source")["aws", "USD"] == [1.0] * 6


def test_days_before_the_first_delivery_are_missing(bill: Any) -> None:
    costs = bill([{"day": day, "cost": 1} for day in MAY[3:6]])
    assert values(costs) == {("USD",): [None, None, None, 1, 1, 1]}


def test_a_provider_that_is_late_in_a_shared_source_is_missing_and_not_0(bill: Any) -> None:
    april = [date(2026, 4, day) for day in range(10, 31)]
    costs = bill(
        [{"day": day, "cost": 1, "HostProviderName": "AWS"} for day in april + MAY[:6]]
        + [{"day": day, "cost": 10, "HostProviderName": "Azure"} for day in april + MAY[:4]]
        + [{"day": MAY[1], "cost": 100, "HostProviderName": "Seldom"}]
    )
    assert values(costs, "provider") == {
        ("AWS", "USD"): [1.0] * 6,
        ("Azure", "USD"): [10, 10, 10, 10, None, None],
        ("Seldom", "USD"): [0, 100, 0, 0, 0, 0],
    }


def test_a_provider_that_ended_long_ago_costs_nothing(bill: Any) -> None:
    march = [date(2026, 3, day) for day in range(1, 21)]
    costs = bill(
        [{"day": day, "cost": 1, "HostProviderName": "AWS"} for day in march + MAY[:6]]
        + [{"day": day, "cost": 10, "HostProviderName": "Azure"} for day in march]
    )
    assert values(costs) == {("USD",): [1.0] * 6}


def test_a_day_with_an_unknown_cost_is_missing(bill: Any) -> None:
    costs = bill([{"day": day, "cost": 1} for day in MAY[:6]] + [{"day": MAY[2], "cost": None}])
    assert values(costs) == {("USD",): [1, 1, None, 1, 1, 1]}


def test_currencies_are_series_of_their_own(bill: Any) -> None:
    costs = bill(
        [
            {"day": day, "cost": 1, "BillingCurrency": code}
            for day in MAY[:6]
            for code in ("EUR", "USD")
        ]
    )
    assert values(costs) == {("EUR",): [1.0] * 6, ("USD",): [1.0] * 6}


def test_an_empty_store_gives_an_empty_panel(bill: Any) -> None:
    panel = bill([]).panel(CostQuery(window=WINDOW, group_by=("service",)))
    assert panel.values.shape == (0, 6)
    assert len(panel.dates) == 6


def test_until_knows_only_the_days_before(bill: Any) -> None:
    costs = bill([{"day": day, "cost": 1} for day in MAY])
    panel = costs.panel(CostQuery(window=WINDOW)).until(MAY[2])
    assert panel.dates.tolist() == MAY[:2]
    assert panel.values.tolist() == [[1, 1]]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "day": st.sampled_from(MAY[:6]),
                "cost": st.integers(-10_000, 10_000),
                "ServiceName": st.sampled_from(["A", "B", None]),
                "HostProviderName": st.sampled_from(["P", "Q"]),
            }
        ),
        min_size=1,
        max_size=20,
    )
)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_series_add_up_to_the_total(bill: Any, rows: Any) -> None:
    costs = bill(rows)
    parts = costs.panel(CostQuery(window=WINDOW, group_by=("provider", "service"))).values
    (total,) = costs.panel(CostQuery(window=WINDOW)).values
    assert np.allclose(parts.sum(axis=0), total, equal_nan=True)


def test_a_source_of_monthly_charges_has_all_days_of_its_months(bill: Any) -> None:
    month = {"day": MAY[0], "cost": 31, "ChargePeriodEnd": datetime(2026, 6, 1, tzinfo=UTC)}
    assert values(bill([month])) == {("USD",): [31, 0, 0, 0, 0, 0]}


def test_a_monthly_charge_does_not_stand_for_missing_days(bill: Any) -> None:
    month = {"day": MAY[0], "cost": 31, "ChargePeriodEnd": datetime(2026, 6, 1, tzinfo=UTC)}
    costs = bill([month, *({"day": day, "cost": 1} for day in MAY[:3])])
    assert values(costs) == {("USD",): [32, 1, 1, None, None, None]}


def test_hourly_charges_cover_their_day(bill: Any) -> None:
    hours = [
        {"day": day, "cost": 1, "ChargePeriodEnd": datetime(2026, 5, day.day, 1, tzinfo=UTC)}
        for day in MAY[:6]
    ]
    assert values(bill(hours)) == {("USD",): [1.0] * 6}


def test_tags_that_differ_in_case_are_two_dimensions(bill: Any) -> None:
    costs = bill([{"day": day, "cost": 1, "Tags": '{"a": "x", "A": "y"}'} for day in MAY[:6]])
    assert values(costs, "tags.a", "tags.A") == {("x", "y", "USD"): [1.0] * 6}


def test_history_reaches_back_as_far_as_anything_is_known() -> None:
    values = np.array([[np.nan, np.nan, 1.0, np.nan, 2.0], [np.nan, np.nan, np.nan, 3.0, 4.0]])
    panel = panel_of(values, start=date(2026, 5, 1))

    known = panel.known_before(date(2026, 5, 5))
    assert known.dates[0].item() == date(2026, 5, 3)
    assert np.array_equal(known.values, values[:, 2:], equal_nan=True)
    assert len(panel.known_before(date(2026, 5, 2)).dates) == 4, "days asked for stay"
