"""What to commit is what would have saved most, within what is sensible to cover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from finops_cost_management.answers.alternatives import without_double_count
from finops_cost_management.answers.priority import PriorityFormula
from finops_cost_management.answers.recommendations import DAYS_A_MONTH, Risk, SavingsAnswer
from finops_cost_management.builtin.checks.commitment_purchases import (
    CommitmentPurchases,
    CommitmentPurchasesOptions,
)
from finops_cost_management.builtin.checks.commitment_size import (
    Commitment,
    best_commitment,
    trend,
)
from finops_cost_management.builtin.checks.programmes import PROGRAMMES
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END, Charge, daily_charges
from finops_cost_management.query.snapshot import CostSnapshot
from finops_cost_management.report.wording import percent
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component

CENT = Decimal("0.01")
PAGE = Path(__file__).resolve().parents[4] / "docs" / "checks" / "commitment_purchases.md"
TINY = Decimal("1e-15")
MACHINE: dict[str, Any] = {
    "ResourceId": "i-0001",
    "SkuMeter": "BoxUsage:m6i.4xlarge",
    "PricingUnit": "Hours",
}
COMMITTED = MACHINE | {"CommitmentDiscountId": "sp-1", "PricingCategory": "Committed"}

days_of_cost = st.lists(st.decimals(0, 10_000, places=2), min_size=1, max_size=40)
discounts = st.decimals("0.01", "0.9", places=2)


def find(engine: Engine, charges: Sequence[Charge], **options: Any) -> SavingsAnswer:
    check = CommitmentPurchases(CommitmentPurchasesOptions(**options))
    return check.find_savings(bill_snapshot(engine, charges), DateWindow.last(90, until=CASE_END))


@given(days=days_of_cost, discount=discounts)
def test_no_other_commitment_would_have_saved_more(days: list[Decimal], discount: Decimal) -> None:
    limit = max(days)
    best = best_commitment(days, discount, limit)
    # The saving is made of straight pieces between the days' costs: the best is at one of them.
    most = max(
        sum(min(day, capacity) for day in days) - len(days) * (1 - discount) * capacity
        for capacity in [Decimal(0), *days]
    )
    rounded_off = CENT * 24 / (1 - discount) * len(days)
    assert most - rounded_off <= best.saved(days) <= most + TINY


@given(days=days_of_cost, discount=discounts, limit=st.decimals(-100, 10_000, places=2))
def test_saving_is_credible(days: list[Decimal], discount: Decimal, limit: Decimal) -> None:
    best = best_commitment(days, discount, limit)
    assert -TINY <= best.saved(days) <= discount * sum(days) + TINY
    assert best.capacity <= max(limit, Decimal(0)) + TINY
    assert best.covered(days) <= sum(days)


@given(days=days_of_cost, discount=discounts)
def test_a_limit_never_helps(days: list[Decimal], discount: Decimal) -> None:
    free = best_commitment(days, discount, max(days)).saved(days)
    for share in (Decimal("0.25"), Decimal("0.75")):
        bound = best_commitment(days, discount, max(days) * share)
        rounded_off = CENT * 24 / (1 - discount) * len(days)
        assert bound.saved(days) <= free + rounded_off


def test_what_nobody_uses_is_lost() -> None:
    commitment = Commitment(Decimal(1), Decimal("0.25"))
    assert commitment.daily == 24
    assert commitment.capacity == 32
    assert commitment.saved([Decimal(32)]) == 8
    assert commitment.saved([Decimal(24)]) == 0
    assert commitment.saved([Decimal(10), Decimal(100)]) == 42 - 48
    assert trend([Decimal(10), Decimal(10), Decimal(99), Decimal(9), Decimal(6)]) == Decimal(
        "-0.25"
    )
    assert trend([Decimal(0), Decimal(5)]) == 0


def test_both_terms_with_what_they_save_and_risk(engine: Engine) -> None:
    bill = daily_charges("48", **MACHINE)
    three, one = find(engine, bill).findings
    assert (one.variant, one.risk, three.variant, three.risk) == (
        "1 year",
        Risk.MEDIUM,
        "3 years",
        Risk.HIGH,
    )
    # 80 % of 48 a day at 27 % off: 38.40 × 0.73 / 24 = 1.168 an hour, rounded down.
    assert one.recommended_configuration["commitment"] == "1.16 USD an hour"
    saved = (Decimal("1.16") * 24 / Decimal("0.73") - Decimal("1.16") * 24) * DAYS_A_MONTH
    assert one.estimated_monthly_savings == saved.quantize(CENT)
    assert one.current_cost == (48 * DAYS_A_MONTH).quantize(CENT)
    assert one.evidence["coverage now"] == "0.0 %"
    assert one.evidence["coverage after"] == "79.5 %"
    assert one.evidence["paid for itself after"] == "8.8 of 12 months of full use"
    assert three.evidence["paid for itself after"] == "19.8 of 36 months of full use"
    assert one.evidence["loses below"] == "73.0 % use"
    assert one.evidence["if usage falls by 25 %"].startswith("saves ")
    lost = (Decimal("1.16") * 24 - 24) * DAYS_A_MONTH
    assert one.evidence["if usage falls by 50 %"] == f"loses {lost.quantize(CENT)} USD a month"
    assert one.confidence == 0.9
    assert one.id != three.id


def test_shares_are_by_what_each_resource_costs(engine: Engine) -> None:
    bill = [
        *daily_charges("30", **MACHINE),
        *daily_charges("10", **MACHINE | {"ResourceId": "i-0002"}),
        *daily_charges("10", **MACHINE | {"ResourceId": None}),
    ]
    (found,) = find(engine, bill, terms=["1 year"]).findings
    whole = found.estimated_monthly_savings
    assert found.shares.keys() == {"i-0001", "i-0002"}
    for resource, part in (("i-0001", Decimal("0.6")), ("i-0002", Decimal("0.2"))):
        assert abs(found.shares[resource] - whole * part) < Decimal("0.00001")
    assert sum(found.parts.values()) == whole


def test_the_better_term_is_the_better_one_of_every_resource(engine: Engine) -> None:
    bill = []
    for number, cost in enumerate(("30", "7.77", "0.05", "0.0031", "0.0003")):
        bill += daily_charges(cost, **MACHINE | {"ResourceId": f"i-{number}"})
    both = without_double_count(find(engine, bill).findings, PriorityFormula())
    assert len(both) == 2
    first, second = sorted(one.counted_savings or 0 for one in both)
    assert first == 0  # not a dust of cents
    assert second in {one.estimated_monthly_savings for one in both}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    costs=st.lists(st.decimals(-100, 100, places=3), min_size=1, max_size=5),
    late=st.decimals(-100, 100, places=3),
)
def test_parts_add_up_whatever_the_bill_says(
    engine: Engine, costs: list[Decimal], late: Decimal
) -> None:
    bill = daily_charges(late, days=20, **MACHINE)
    for number, cost in enumerate(costs):
        bill += daily_charges(cost, **MACHINE | {"ResourceId": f"i-{number}"})
    for found in find(engine, bill).findings:
        assert sum(found.parts.values()) == found.estimated_monthly_savings
        assert 0 < found.estimated_monthly_savings <= found.current_cost


def test_target_counts_what_is_committed(engine: Engine) -> None:
    used = COMMITTED | {"CommitmentDiscountStatus": "Used", "ContractedCost": Decimal(50)}
    bill = [*daily_charges("50", **MACHINE), *daily_charges("36", **used)]
    (found,) = find(engine, bill, terms=["1 year"]).findings
    assert found.current_configuration == {"coverage": "50.0 %"}
    after = found.recommended_configuration["coverage"]
    assert after.startswith("79.")
    assert find(engine, bill, terms=["1 year"], target_coverage="0.5").clean == 1


def test_own_discounts_and_unknown_programmes(engine: Engine) -> None:
    bill = daily_charges("48", **MACHINE)
    (found,) = find(
        engine, bill, terms=["1 year"], discounts={"aws_compute": {"1 year": "0.40"}}
    ).findings
    assert found.evidence["discount"] == "40.0 %"
    with pytest.raises(ValidationError, match="the programmes are aws_compute, "):
        CommitmentPurchasesOptions(discounts={"aws_computer": {"1 year": Decimal("0.4")}})


def test_page_has_the_same_discounts() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for programme in PROGRAMMES.values():
        terms = [f"{percent(term.discount, digits=0)}, {term.payment}" for term in programme.terms]
        line = (
            f"| `{programme.name}` | {programme.title} | {programme.kind}s | {' | '.join(terms)} |"
        )
        assert line in page


def test_falling_use_and_idle_days_make_unsure(engine: Engine) -> None:
    (steady,) = find(engine, daily_charges("48", **MACHINE), terms=["1 year"]).findings
    falling = daily_charges(1, **MACHINE, EffectiveCost=lambda day: Decimal(150 - day))
    (unsure,) = find(engine, falling, terms=["1 year"], target_coverage=1).findings
    assert unsure.confidence < steady.confidence
    assert unsure.evidence["second half against the first"].startswith("-")


@pytest.mark.parametrize(
    "columns",
    [
        {"PricingCategory": "Dynamic"},
        {"SkuMeter": "EBS:VolumeUsage.gp3", "PricingUnit": "GB-Mo"},
        {"ServiceName": "AWS Lambda", "SkuMeter": "Lambda-GB-Second"},
        {"ChargeCategory": "Purchase"},
        {"ChargeClass": "Correction"},
    ],
)
def test_what_no_programme_covers_is_not_looked_at(engine: Engine, columns: dict[str, Any]) -> None:
    assert not find(engine, daily_charges("48", **MACHINE | columns)).checked


def test_a_day_without_a_charge_is_a_day_without_use(engine: Engine) -> None:
    # 30 of 60 days: more days are empty than a year at 27 % off can bear.
    bill = [
        *daily_charges("1", ResourceId="bucket", ServiceCategory="Storage"),
        *(charge for place, charge in enumerate(daily_charges("48", **MACHINE)) if place % 2),
    ]
    assert find(engine, bill, terms=["1 year"]).clean == 1


def test_all_is_committed(engine: Engine) -> None:
    bill = daily_charges("36", **COMMITTED, CommitmentDiscountStatus="Used")
    assert find(engine, bill).clean == 1


def test_currencies_are_told_apart(engine: Engine) -> None:
    bill = [
        *daily_charges("48", **MACHINE),
        *daily_charges("24", **MACHINE | {"BillingCurrency": "EUR"}),
    ]
    usd, eur = find(engine, bill, terms=["1 year"]).findings
    assert (usd.currency, eur.currency) == ("USD", "EUR")
    assert usd.current_cost == 2 * eur.current_cost
    assert usd.id != eur.id


def test_unused_commitments_come_first(engine: Engine) -> None:
    bill = [
        *daily_charges("48", **MACHINE),
        *daily_charges("9", **COMMITTED, CommitmentDiscountStatus="Used"),
        *daily_charges(
            "1",
            **COMMITTED | {"ServiceName": "Savings Plans for AWS Compute Usage"},
            CommitmentDiscountStatus="Unused",
        ),
    ]
    assert [one.reason for one in find(engine, bill).unknown] == [
        "10.0 % of the commitments that exist is unused"
    ]
    assert find(engine, bill, maximum_unused_share="0.1").findings


def test_open_costs_are_unknown(engine: Engine) -> None:
    bill = [*daily_charges("48", **MACHINE), *daily_charges("1", **MACHINE, EffectiveCost=None)]
    assert [one.reason for one in find(engine, bill).unknown] == ["charges without effective cost"]


def test_demo_is_what_its_rows_add_up_to(demo: CostSnapshot, demo_window: DateWindow) -> None:
    window = DateWindow.last(60, until=demo_window.end)
    services = {
        "Virtual Machines": ("azure_compute", {"1 year": "0.27", "3 years": "0.46"}),
        "Azure SQL Database": ("azure_sql", {"1 year": "0.21", "3 years": "0.33"}),
        "Cloud SQL": ("google_cloud_sql", {"1 year": "0.25", "3 years": "0.52"}),
    }
    on_demand: defaultdict[str, defaultdict[Any, Decimal]] = defaultdict(
        lambda: defaultdict(Decimal)
    )
    covered: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in demo.rows.to_pyarrow().to_pylist():
        day = row["ChargePeriodStart"].date()
        if (
            day in window
            and row["ChargeCategory"] == "Usage"
            and row["PricingUnit"] == "Hours"
            and row["ServiceName"] in services
        ):
            if row["CommitmentDiscountStatus"] == "Used":
                covered[row["ServiceName"]] += row["ContractedCost"]
            else:
                on_demand[row["ServiceName"]][day] += row["EffectiveCost"]

    expected = {}
    for service, (programme, terms) in services.items():
        days = [on_demand[service][day] for day in window.dates()]
        target = (Decimal("0.8") * (sum(days) + covered[service]) - covered[service]) / 60
        for term, text in terms.items():
            price = 1 - Decimal(text)
            # By trial: every cent an hour up to the target.
            most = int(target * price / 24 * 100)
            expected[programme, term] = max(
                sum(min(day, cents * 24 / 100 / price) for day in days) - 60 * cents * 24 / 100
                for cents in map(Decimal, range(most + 1))
            )
    answer = CommitmentPurchases().find_savings(demo, demo_window)
    told = {
        (one.resource_id, one.variant): one.estimated_monthly_savings for one in answer.findings
    }
    assert told == {
        key: (saved / 60 * DAYS_A_MONTH).quantize(CENT) for key, saved in expected.items()
    }
    assert {one.subject for one in answer.unknown} == {
        "Compute Savings Plan (USD)",
        "RDS reserved instances (USD)",
        "Google Cloud compute flexible CUD (USD)",
    }
    assert all("of the commitments that exist is unused" in one.reason for one in answer.unknown)
