"""What the demo says of itself is what its charges show."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops_cost_management.builtin.demo import DemoOptions, DemoTruth, truth
from finops_cost_management.builtin.demo.anomalies import SCENARIOS, events_of
from finops_cost_management.builtin.demo.charges import charges_of
from finops_cost_management.builtin.demo.company import CLOUDS
from finops_cost_management.builtin.demo.focus_rows import focus_table
from finops_cost_management.builtin.demo.lines import lines_of
from finops_cost_management.builtin.demo.month import Month
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component

Row = dict[str, Any]
WINDOW = DateWindow(date(2026, 5, 20), date(2026, 9, 17))
ZERO = Decimal(0)
PRODUCTION = {"shop-production", "Back Office Production", "shop-warehouse-prod"}


def charges(options: DemoOptions) -> list[Row]:
    tables = (
        focus_table(charges_of(month, WINDOW.end.toordinal(), options), options.currency)
        for month in Month.touched_by(WINDOW)
    )
    start = datetime(WINDOW.start.year, WINDOW.start.month, WINDOW.start.day, tzinfo=UTC)
    return [
        row for table in tables for row in table.to_pylist() if row["ChargePeriodStart"] >= start
    ]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return charges(DemoOptions())


@pytest.fixture(scope="module")
def hidden() -> DemoTruth:
    return truth(WINDOW)


def cost(rows: list[Row], **dimensions: str) -> Decimal:
    return sum(
        (
            row["EffectiveCost"]
            for row in rows
            if all(row[name] == value for name, value in dimensions.items())
        ),
        ZERO,
    )


def test_anomalies_are_the_whole_difference(rows: list[Row], hidden: DemoTruth) -> None:
    usual = charges(DemoOptions(anomalies=False))
    expected: defaultdict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for anomaly in hidden.anomalies:
        for day, extra in anomaly.extra_by_day.items():
            expected[day, anomaly.dimensions["ServiceName"]] += extra
    seen: defaultdict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for sign, bill in ((1, rows), (-1, usual)):
        for row in bill:
            key = row["ChargePeriodStart"].date(), row["ServiceName"]
            seen[key] += sign * row["EffectiveCost"]
    assert {key: extra for key, extra in seen.items() if extra} == expected


def test_dimensions_of_an_anomaly_hold_all_of_it(rows: list[Row], hidden: DemoTruth) -> None:
    usual = charges(DemoOptions(anomalies=False))
    for anomaly in hidden.anomalies:
        days = {day for day in anomaly.extra_by_day if anomaly.start <= day < anomaly.end}
        assert days == set(anomaly.extra_by_day)
        here, there = (
            cost(
                [row for row in bill if row["ChargePeriodStart"].date() in days],
                **anomaly.dimensions,
            )
            for bill in (rows, usual)
        )
        assert here - there == anomaly.extra_cost != ZERO


def test_every_kind_of_anomaly_within_four_months(hidden: DemoTruth) -> None:
    kinds = {scenario.kind for scenario in SCENARIOS}
    assert {
        anomaly.kind for anomaly in truth(DateWindow(date(2026, 1, 1), date(2026, 5, 1))).anomalies
    } == kinds
    for anomaly in hidden.anomalies:
        assert (anomaly.extra_cost < 0) == (anomaly.kind in {"drop", "credit_day"})
        assert abs(anomaly.extra_cost) > 15


@given(
    start=st.dates(date(1990, 1, 1), date(2090, 1, 1)), seed=st.integers(), unit=st.integers(1, 99)
)
def test_any_ninety_days_hold_an_event(start: date, seed: int, unit: int) -> None:
    window = DateWindow(start, date.fromordinal(start.toordinal() + 90))
    events = [
        event
        for month in Month.touched_by(window)
        for event in events_of(month, seed, unit)
        if date.fromordinal(event.first_day) in window
    ]
    assert len(events) >= 3


@given(year=st.integers(1, 9999), number=st.integers(1, 12), seed=st.integers())
def test_events_stay_in_their_month_and_apart(year: int, number: int, seed: int) -> None:
    month = Month(year, number)
    events = events_of(month, seed, 1)
    assert len({event.kind for event in events}) == 2
    for event in events:
        assert month.first_day <= event.first_day
        assert event.first_day + event.days <= month.end


def test_events_hit_charges_that_no_commitment_covers() -> None:
    lines = lines_of(Month(2026, 5), DemoOptions())
    hit_by: defaultdict[str, set[str]] = defaultdict(set)
    for ordinal in range(24):
        for event in events_of(Month(2026 + ordinal // 12, ordinal % 12 + 1), 1, 1):
            hit = [line for line in lines if event.hits(line)]
            assert hit
            assert not [line for line in hit if line.part_of or line.rest_of]
            for line in hit:
                hit_by[line.key].add(event.kind)
    assert [key for key, kinds in hit_by.items() if len(kinds) > 1] == []


def test_without_anomalies_none_is_told() -> None:
    assert truth(WINDOW, DemoOptions(anomalies=False)).anomalies == ()


def test_costs_of_resources_are_those_of_the_bill(rows: list[Row], hidden: DemoTruth) -> None:
    told = (
        *hidden.idle_resources,
        *hidden.oversized_resources,
        *hidden.superseded_resources,
        *hidden.always_on_resources,
    )
    assert told
    for resource in (*told, *hidden.untagged_resources):
        billed = [row for row in rows if row["ResourceId"] == resource.resource_id]
        billed = [row for row in billed if row["ChargeClass"] is None]
        assert resource.cost == cost(billed) > 0
        assert {row["ResourceName"] for row in billed} == {resource.resource_name}
        assert {row["SubAccountId"] for row in billed} == {resource.sub_account_id}
        assert sorted({row["ServiceName"] for row in billed}) == list(resource.services)
    for resource in told:
        assert ZERO < resource.saving <= resource.cost
        assert resource.why


def test_idle_resources_cost_the_same_every_day_and_show_no_usage(
    rows: list[Row], hidden: DemoTruth
) -> None:
    for resource in hidden.idle_resources:
        assert resource.saving == resource.cost
        charges_of_it = [row for row in rows if row["ResourceId"] == resource.resource_id]
        days = Counter(row["ChargePeriodStart"] for row in charges_of_it)
        assert len(days) == WINDOW.days
        assert set(days.values()) == {1}
        for unit in {row["ConsumedUnit"] for row in charges_of_it}:
            assert unit.endswith(("Hours", "Months")), "held, never used"


def test_always_on_resources_run_every_hour_outside_production(
    rows: list[Row], hidden: DemoTruth
) -> None:
    for resource in hidden.always_on_resources:
        hours = [
            row
            for row in rows
            if row["ResourceId"] == resource.resource_id and row["PricingUnit"] == "Hours"
        ]
        assert {row["ChargePeriodStart"].date() for row in hours} == set(WINDOW.dates())
        assert {row["PricingQuantity"] for row in hours} == {24}
        assert "Azure SQL Database" not in {row["ServiceName"] for row in hours}
        assert not {row["SubAccountName"] for row in hours} & PRODUCTION
        spent = sum((row["EffectiveCost"] for row in hours), ZERO)
        assert abs(resource.saving - spent * (168 - 60) / 168) < Decimal("1e-11")


def test_what_no_bill_shows_is_disks_and_plans(hidden: DemoTruth) -> None:
    unseen = {idle.resource_name for idle in hidden.idle_resources if not idle.seen_on_bill}
    assert unseen == {
        "detached-volume-1",
        "detached-volume-2",
        "detached-disk",
        "unattached-disk",
        "empty-plan",
    }


def test_growing_storage_holds_more_at_the_end(rows: list[Row], hidden: DemoTruth) -> None:
    names = [resource.resource_name for resource in hidden.growing_storage]
    assert names == ["shop-data-lake", "shop-events-raw"]
    for resource in hidden.growing_storage:
        held: defaultdict[date, Decimal] = defaultdict(Decimal)
        for row in rows:
            if row["ResourceId"] == resource.resource_id and "Months" in row["PricingUnit"]:
                held[row["ChargePeriodStart"].date()] += row["PricingQuantity"]
        first, last = date(2026, 6, 1), date(2026, 9, 16)  # both months have 30 days
        assert held[last] > held[first] * Decimal("1.1")
        assert resource.cost == cost(rows, ResourceId=resource.resource_id)


def test_untagged_resources_are_the_resources_without_tags(
    rows: list[Row], hidden: DemoTruth
) -> None:
    untagged = [
        row
        for row in rows
        if row["Tags"] is None and row["ResourceId"] and not row["CommitmentDiscountId"]
    ]
    assert {row["ResourceId"] for row in untagged} == {
        resource.resource_id for resource in hidden.untagged_resources
    }
    assert hidden.untagged_cost == cost(untagged)


def test_unused_commitments_are_those_of_the_bill(rows: list[Row], hidden: DemoTruth) -> None:
    wasted: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["CommitmentDiscountStatus"] == "Unused":
            wasted[row["CommitmentDiscountId"]] += row["EffectiveCost"]
    assert wasted == {term.commitment_id: term.wasted for term in hidden.unused_commitments}
    names = {term.name for term in hidden.unused_commitments}
    assert names == {"compute-savings-plan", "orders-db-reserved", "loader-commitment"}
    for term in hidden.unused_commitments:
        fee = sum(
            (row["BilledCost"] for row in rows if row["ResourceId"] == term.commitment_id), ZERO
        )
        assert term.fee == fee > term.wasted > 0
        assert WINDOW.start <= term.start < term.end <= WINDOW.end


@settings(max_examples=20, deadline=None)
@given(year=st.integers(1950, 2100), number=st.integers(1, 12), seed=st.integers(0, 2**63))
def test_no_commitment_and_no_node_is_used_beyond_its_size(
    year: int, number: int, seed: int
) -> None:
    month = Month(year, number)
    bill = charges_of(month, month.end, DemoOptions(seed=seed))
    rests = [index for index, line in enumerate(bill.lines) if line.rest_of]
    assert len(rests) == 4 + 3
    assert (bill.quantities[rests] >= 0).all()


def test_the_company_names_everything_once() -> None:
    resources = [(cloud.provider.name, it.name) for cloud in CLOUDS for it in cloud.resources]
    assert len(set(resources)) == len(resources)
    for cloud in CLOUDS:
        names = {resource.name for resource in cloud.resources}
        for commitment in cloud.commitments:
            assert commitment.covers.keys() <= names
        assert {refund.resource for refund in cloud.refunds} <= names
    # What scenarios name exists: events_hit_charges shows it for those that are drawn.
    targets = {target for scenario in SCENARIOS for target in scenario.targets}
    services = {
        (cloud.provider.name, use.price.service.name)
        for cloud in CLOUDS
        for it in cloud.resources
        for use in it.uses
    }
    assert targets <= set(resources) | services
