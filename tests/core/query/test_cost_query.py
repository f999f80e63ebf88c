from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.errors import ConfigurationError
from finops_cost_management.query.cost_query import CostMetric, CostQuery
from finops_cost_management.query.dimensions import Dimension
from finops_cost_management.window import DateWindow

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

FRIDAY, SATURDAY, MONDAY = date(2026, 5, 1), date(2026, 5, 2), date(2026, 5, 4)


def answer(costs: Any, **query: Any) -> list[tuple[Any, ...]]:
    rows = costs.ask(CostQuery(**query)).to_pylist()
    skipped = {"Rows", "UnknownRows"}
    return [tuple(row[name] for name in row if name not in skipped) for row in rows]


def test_currencies_are_never_mixed(bill: Any) -> None:
    costs = bill(
        [
            {"day": FRIDAY, "cost": "1.5"},
            {"day": FRIDAY, "cost": "2", "BillingCurrency": "EUR"},
            {"day": FRIDAY, "cost": "3"},
        ]
    )
    assert answer(costs) == [("EUR", Decimal(2)), ("USD", Decimal("4.5"))]


def test_tags_group_and_a_tag_without_value_is_true(bill: Any) -> None:
    costs = bill(
        [
            {"day": FRIDAY, "cost": 1, "Tags": '{"team": "web", "a.b/c d": "odd"}'},
            {"day": FRIDAY, "cost": 2, "Tags": '{"team": true}'},
            {"day": FRIDAY, "cost": 4, "Tags": '{"team": ""}'},
            {"day": FRIDAY, "cost": 8, "Tags": None},
            {"day": FRIDAY, "cost": 16, "Tags": '{"team": 7}'},
        ]
    )
    teams = {team: cost for team, _, cost in answer(costs, group_by=("tags.team",))}
    assert teams == {"web": 1, "true": 2, "": 4, None: 8, "7": 16}
    assert answer(costs, where={"tags.a.b/c d": "odd"}) == [("USD", Decimal(1))]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"service": "A"}, 1),
        ({"service": ["A", "B"]}, 3),
        ({"service": {"not": "A"}}, 6),
        ({"service": None}, 4),
        ({"service": {"not": None}}, 3),
        ({"service": ["A", None]}, 5),
        ({"service": {"not": ["A", None]}}, 2),
        ({"service": "A", "ChargeCategory": "Usage"}, 1),
        ({"service": "A", "ChargeCategory": "Tax"}, 0),
    ],
)
def test_conditions_treat_null_as_a_value(bill: Any, where: Any, expected: int) -> None:
    costs = bill(
        [
            {"day": FRIDAY, "cost": 1, "ServiceName": "A"},
            {"day": FRIDAY, "cost": 2, "ServiceName": "B"},
            {"day": FRIDAY, "cost": 4, "ServiceName": None},
        ]
    )
    assert sum(cost for _, cost in answer(costs, where=where)) == expected


@pytest.mark.parametrize(
    ("grain", "periods"),
    [
        ("daily", [FRIDAY, SATURDAY, MONDAY]),
        ("weekly", [date(2026, 4, 27), MONDAY]),
        ("monthly", [date(2026, 5, 1)]),
    ],
)
def test_grains(bill: Any, grain: Any, periods: list[date]) -> None:
    costs = bill([{"day": day, "cost": 1} for day in (FRIDAY, SATURDAY, MONDAY)])
    rows = answer(costs, grain=grain)
    assert [period for period, _, _ in rows] == periods
    assert sum(cost for _, _, cost in rows) == 3


def test_the_end_of_a_window_is_outside(bill: Any) -> None:
    costs = bill([{"day": day, "cost": 1} for day in (FRIDAY, SATURDAY, MONDAY)])
    assert answer(costs, window=DateWindow(FRIDAY, MONDAY)) == [("USD", Decimal(2))]


def test_each_of_the_four_costs(bill: Any) -> None:
    costs = bill([{"day": FRIDAY, "cost": 1, "EffectiveCost": Decimal(2), "ListCost": Decimal(3)}])
    found = {metric: answer(costs, cost=metric)[0][1] for metric in CostMetric}
    assert found == {
        CostMetric.BILLED: 1,
        CostMetric.EFFECTIVE: 2,
        CostMetric.LIST: 3,
        CostMetric.CONTRACTED: 1,
    }


def test_rows_that_do_not_say_their_cost_are_counted(bill: Any) -> None:
    costs = bill([{"day": FRIDAY, "cost": 1}, {"day": FRIDAY, "cost": 5, "ListCost": None}])
    (row,) = costs.ask(CostQuery(cost=CostMetric.LIST)).to_pylist()
    assert (row["ListCost"], row["Rows"], row["UnknownRows"]) == (1, 2, 1)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("service", "ServiceName"),
        ("Service_Category", "ServiceCategory"),
        ("subaccountid", "SubAccountId"),
        ("provider", "Provider"),
        ("tags.Cost Center", "tags.Cost Center"),
        ("x_CostCenter", "x_CostCenter"),
    ],
)
def test_dimensions_as_people_write_them(written: str, name: str) -> None:
    assert Dimension.parse(written).name == name


def test_an_unknown_dimension_says_the_nearest(bill: Any) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'service'"):
        Dimension.parse("servise")
    with pytest.raises(ConfigurationError, match="the store has no column x_Nothing"):
        answer(bill([]), group_by=("x_Nothing",))


def test_a_marketplace_charge_is_on_the_hosts_bill(bill: Any) -> None:
    costs = bill(
        [
            {"day": FRIDAY, "cost": 1, "HostProviderName": "AWS", "ServiceProviderName": "Acme"},
            {"day": FRIDAY, "cost": 2, "HostProviderName": None, "ServiceProviderName": "Acme"},
        ]
    )
    rows = answer(costs, group_by=("provider",))
    assert rows == [("AWS", "USD", Decimal(1)), ("Acme", "USD", Decimal(2))]


def test_tags_that_differ_in_case_are_two_dimensions(bill: Any) -> None:
    costs = bill(
        [
            {"day": FRIDAY, "cost": 1, "Tags": '{"team": "web", "Team": "Web"}'},
            {"day": FRIDAY, "cost": 2, "Tags": '{"team": "web", "Team": "Shop"}'},
        ]
    )
    query = CostQuery(group_by=("tags.team", "tags.Team"), grain="monthly")
    table = costs.ask(query)
    names = ["Period", "tags.team", "tags.Team", "BillingCurrency", "EffectiveCost"]
    assert table.column_names == [*names, "Rows", "UnknownRows"]
    assert [
        (row["tags.team"], row["tags.Team"], row["EffectiveCost"]) for row in table.to_pylist()
    ] == [
        ("web", "Shop", 2),
        ("web", "Web", 1),
    ]


@pytest.mark.parametrize(
    "name", ["effective_cost", "BilledCost", "ListUnitPrice", "pricingquantity"]
)
def test_amounts_are_no_dimensions(bill: Any, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"'{name}' is an amount"):
        answer(bill([]), group_by=(name,))
    with pytest.raises(ConfigurationError, match=f"'{name}' is an amount"):
        answer(bill([]), where={name: "10"})


charges = st.lists(
    st.fixed_dictionaries(
        {
            "day": st.dates(date(2026, 1, 1), date(2026, 12, 31)),
            "cost": st.decimals(-1_000_000, 1_000_000, places=12),
            "ServiceName": st.sampled_from(["A", "B", None, ""]),
            "BillingCurrency": st.sampled_from(["USD", "EUR"]),
        }
    ),
    min_size=1,
    max_size=30,
)


@given(charges, st.sampled_from([None, "daily", "weekly", "monthly"]))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_breakdown_adds_up_to_the_exact_total(bill: Any, rows: Any, grain: Any) -> None:
    costs = bill(rows)
    expected: dict[str, Decimal] = {}
    for row in rows:
        currency = row["BillingCurrency"]
        expected[currency] = expected.get(currency, Decimal(0)) + row["cost"]

    found: dict[str, Decimal] = {}
    for row in costs.ask(CostQuery(group_by=("service",), grain=grain)).to_pylist():
        currency = row["BillingCurrency"]
        found[currency] = found.get(currency, Decimal(0)) + row["EffectiveCost"]
    assert found == expected
