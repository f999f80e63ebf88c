from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.answers.recommendations import DAYS_A_MONTH, OptimizationCategory
from finops_cost_management.builtin.checks.unused_commitments import (
    UnusedCommitments,
    UnusedCommitmentsOptions,
)
from finops_cost_management.builtin.demo import Demo, truth
from finops_cost_management.engine import Engine
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.store.cost_store import CostStore
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.invented

Bill = Callable[[list[dict[str, Any]]], CostSnapshot]
WINDOW = DateWindow(date(2026, 11, 1), date(2026, 11, 21))


def usage(
    commitment: str, day: int, cost: str | None, status: str | None, **more: Any
) -> dict[str, Any]:
    return {
        "day": date(2026, 11, day),
        "cost": cost,
        "CommitmentDiscountId": commitment,
        "CommitmentDiscountStatus": status,
        "CommitmentDiscountType": "Savings Plan",
        **more,
    }


def month_of(commitment: str, used: str, unused: str, **more: Any) -> list[dict[str, Any]]:
    return [
        usage(commitment, day, cost, status, **more)
        for day in range(1, 21)
        for cost, status in ((used, "Used"), (unused, "Unused"))
    ]


def test_waste_is_the_average_day_times_a_month(bill: Bill) -> None:
    answer = UnusedCommitments().find_savings(bill(month_of("sp-1", "7.5", "2.5")), WINDOW)

    (found,) = answer.findings
    assert found.estimated_monthly_savings == (Decimal("2.5") * DAYS_A_MONTH).quantize(
        Decimal("0.01")
    )
    assert found.current_cost == (Decimal(10) * DAYS_A_MONTH).quantize(Decimal("0.01"))
    assert found.resource_id == "sp-1"
    assert found.provider == "Cloud"
    assert found.currency == "USD"
    assert found.category is OptimizationCategory.COMMITMENT
    assert found.evidence["unused share"] == "25.0 %"
    assert found.evidence["days"] == "20"


def test_the_id_stays_and_tells_currencies_apart(bill: Bill) -> None:
    charges = [
        *month_of("sp-1", "7.5", "2.5"),
        *month_of("sp-1", "7.5", "2.5", BillingCurrency="EUR"),
    ]
    first = UnusedCommitments().find_savings(bill(charges), WINDOW)
    second = UnusedCommitments().find_savings(bill(charges[::-1]), WINDOW)

    assert sorted(one.currency for one in first.findings) == ["EUR", "USD"]
    assert len({one.id for one in first.findings}) == 2
    assert {one.id for one in first.findings} == {one.id for one in second.findings}


def test_little_waste_is_clean(bill: Bill) -> None:
    charges = [
        *month_of("little-money", "0.30", "0.30"),  # 9.13 a month
        *month_of("little-share", "960", "40"),  # 4 %
        *month_of("none", "10", "0"),
    ]
    answer = UnusedCommitments().find_savings(bill(charges), WINDOW)

    assert (answer.findings, answer.clean, answer.unknown) == ((), 3, ())


def test_options_move_the_line(bill: Bill) -> None:
    options = UnusedCommitmentsOptions(minimum_waste=Decimal(9), minimum_share=0.5)
    answer = UnusedCommitments(options).find_savings(bill(month_of("sp", "0.30", "0.30")), WINDOW)

    assert len(answer.findings) == 1


@pytest.mark.parametrize(
    ("charge", "reason"),
    [
        (usage("sp", 3, None, "Unused"), "charges without effective cost"),
        (usage("sp", 3, "1", None), "charges without commitment discount status"),
    ],
)
def test_a_gap_in_the_bill_is_unknown(bill: Bill, charge: dict[str, Any], reason: str) -> None:
    answer = UnusedCommitments().find_savings(bill([*month_of("sp", "1", "1"), charge]), WINDOW)

    assert answer.findings == ()
    assert [(one.subject, one.reason) for one in answer.unknown] == [("sp", reason)]


def test_young_commitments_and_mere_purchases_are_unknown(bill: Bill) -> None:
    purchase = usage("bought", 1, "0", None, ChargeCategory="Purchase", BilledCost=Decimal(900))
    young = [usage("young", day, "5", "Unused") for day in range(15, 21)]
    answer = UnusedCommitments().find_savings(bill([purchase, *young]), WINDOW)

    reasons = {one.subject: one.reason for one in answer.unknown}
    assert reasons["young"] == "too young"
    assert reasons["bought"].startswith("no usage charges")
    assert answer.checked == 2


def test_the_purchase_beside_its_usage_changes_nothing(bill: Bill) -> None:
    purchase = usage("sp-1", 1, "0", None, ChargeCategory="Purchase", BilledCost=Decimal(900))
    charges = month_of("sp-1", "7.5", "2.5")

    with_purchase = UnusedCommitments().find_savings(bill([*charges, purchase]), WINDOW)
    assert with_purchase == UnusedCommitments().find_savings(bill(charges), WINDOW)


def test_a_charge_for_a_month_covers_its_month(bill: Bill) -> None:
    end = datetime(2026, 12, 1, tzinfo=UTC)
    charges = [
        usage("mu", 1, "225", "Used", ChargePeriodEnd=end),
        usage("mu", 1, "75", "Unused", ChargePeriodEnd=end),
    ]
    (found,) = UnusedCommitments().find_savings(bill(charges), WINDOW).findings

    assert found.evidence["days"] == "30"
    assert found.estimated_monthly_savings == (Decimal(75) / 30 * DAYS_A_MONTH).quantize(
        Decimal("0.01")
    )


def test_hourly_charges_count_their_day_once(bill: Bill) -> None:
    charges = [
        usage(
            "sp",
            day,
            "1",
            "Unused",
            ChargePeriodStart=datetime(2026, 11, day, hour, tzinfo=UTC),
            ChargePeriodEnd=datetime(2026, 11, day, hour, tzinfo=UTC) + timedelta(hours=1),
        )
        for day in range(1, 9)
        for hour in range(24)
    ]
    (found,) = UnusedCommitments().find_savings(bill(charges), WINDOW).findings

    assert found.evidence["days"] == "8"
    assert found.current_cost == (24 * DAYS_A_MONTH).quantize(Decimal("0.01"))


def test_charges_outside_the_window_do_not_count(bill: Bill) -> None:
    outside = [usage("old", 25, "100", "Unused")]

    assert UnusedCommitments().find_savings(bill(outside), WINDOW).checked == 0


def test_an_empty_bill_has_nothing_to_check(bill: Bill) -> None:
    assert UnusedCommitments().find_savings(bill([]), WINDOW).checked == 0


cents = st.decimals("-500", "500", places=2)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    charges=st.lists(
        st.tuples(
            st.sampled_from("ab"), st.integers(1, 20), cents, st.sampled_from(["Used", "Unused"])
        ),
        max_size=40,
    )
)
def test_a_saving_is_never_negative_and_never_more_than_the_cost(
    bill: Bill, charges: list[tuple[str, int, Decimal, str]]
) -> None:
    options = UnusedCommitmentsOptions(minimum_waste=Decimal(0), minimum_share=0, minimum_days=1)
    rows = [usage(name, day, str(cost), status) for name, day, cost, status in charges]
    answer = UnusedCommitments(options).find_savings(bill(rows), WINDOW)

    newest = max((day for _, day, *_ in charges), default=0)
    # Without a charge for more than a week before the end of the bill, a commitment is over.
    assert answer.checked == len({name for name, day, *_ in charges if day >= newest - 7})
    for one in answer.findings:
        assert 0 <= one.estimated_monthly_savings <= one.current_cost


def test_a_commitment_that_is_over_is_not_judged(bill: Bill) -> None:
    over = [one for one in month_of("over", "1", "9") if one["day"].day <= 11]
    answer = UnusedCommitments().find_savings(bill([*over, *month_of("runs", "1", "9")]), WINDOW)

    assert [found.resource_id for found in answer.findings] == ["runs"]
    assert answer.checked == 1


@pytest.mark.real_component
def test_the_demo_wastes_on_what_its_truth_says(engine: Engine) -> None:
    window = DateWindow(date(2026, 5, 27), date(2026, 11, 23))
    with TemporaryDirectory() as folder:
        store = CostStore(Path(folder))
        for delivery in Demo().collect_costs(window):
            store.ingest("demo", delivery, engine)
        answer = UnusedCommitments().find_savings(CostSnapshot.of(store, engine), window)

    planted = truth(DateWindow(date(2026, 11, 1), window.end)).unused_commitments
    assert {found.resource_id for found in answer.findings} == {
        one.commitment_id for one in planted
    }
