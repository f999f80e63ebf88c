"""The demo source: whole months, always the same."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from finops_cost_management.builtin.demo import Demo, DemoOptions
from finops_cost_management.builtin.demo.charges import charges_of
from finops_cost_management.builtin.demo.focus_rows import focus_table
from finops_cost_management.builtin.demo.month import Month
from finops_cost_management.engine import Engine
from finops_cost_management.focus.columns import COST_AND_USAGE
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.real_component

DECIMALS = pa.decimal128(38, 12)
INSTANTS = pa.timestamp("us", tz="UTC")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        yield engine


def month_table(month: Month, end: int, options: DemoOptions | None = None) -> pa.Table:
    options = options or DemoOptions()
    return focus_table(charges_of(month, end, options), options.currency)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def test_one_delivery_per_month_each_from_its_first_day(engine: Engine) -> None:
    window = DateWindow(date(2025, 12, 30), date(2026, 2, 11))
    deliveries = list(Demo().collect_costs(window))
    assert [delivery.name for delivery in deliveries] == [
        "demo 2025-12",
        "demo 2026-01",
        "demo 2026-02",
    ]
    assert [delivery.covers for delivery in deliveries] == [
        {"2025-12"},
        {"2026-01"},
        {"2026-02"},
    ]
    for delivery, first, days in zip(
        deliveries,
        (date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)),
        (31, 31, 10),
        strict=True,
    ):
        rows = delivery.read(engine)
        assert isinstance(rows, pa.Table)
        assert rows["BillingPeriodStart"].unique().to_pylist() == [midnight(first)]
        daily = {
            start
            for start, correction in zip(
                rows["ChargePeriodStart"].to_pylist(), rows["ChargeClass"].to_pylist(), strict=True
            )
            if correction is None
        }
        assert min(daily) == midnight(first)
        assert len(daily) == days
        assert all(start < midnight(window.end) for start in daily)


def test_reading_twice_gives_the_same_rows(engine: Engine) -> None:
    (delivery,) = Demo().collect_costs(DateWindow(date(2026, 11, 1), date(2026, 11, 9)))
    first, second = delivery.read(engine), delivery.read(engine)
    assert isinstance(first, pa.Table)
    assert first.equals(second)


def test_columns_and_types_are_those_of_focus_1_4(engine: Engine) -> None:
    (delivery,) = Demo().collect_costs(DateWindow(date(2026, 3, 1), date(2026, 3, 2)))
    rows = delivery.read(engine)
    assert isinstance(rows, pa.Table)
    current = {name: column for name, column in COST_AND_USAGE.items() if column.until is None}
    assert set(rows.schema.names) == set(current)
    types = {"Decimal": DECIMALS, "Date/Time": INSTANTS, "String": pa.string(), "JSON": pa.string()}
    for name, column in current.items():
        assert rows.schema.field(name).type == types[column.type], name


@settings(max_examples=30, deadline=None)
@given(
    year=st.integers(1, 9998),
    number=st.integers(1, 12),
    days=st.integers(1, 27),
    seed=st.integers(),
)
def test_a_day_does_not_depend_on_what_else_is_asked_for(
    year: int, number: int, days: int, seed: int
) -> None:
    month, options = Month(year, number), DemoOptions(seed=seed)
    whole = charges_of(month, month.end, options)
    part = charges_of(month, month.first_day + days, options)
    assert (whole.quantities[:, :days] == part.quantities).all()
    assert (whole.copies[:, :days] == part.copies).all()
    assert [line.key for line in whole.lines] == [line.key for line in part.lines]


def test_an_open_month_is_the_beginning_of_the_closed_one() -> None:
    month = Month(2026, 10)
    closed = month_table(month, month.end)
    opened = month_table(month, month.first_day + 13)
    assert closed.slice(0, opened.num_rows).equals(opened)


def test_digest_follows_content_alone() -> None:
    def digests(start: date, end: date, **options: object) -> list[str]:
        demo = Demo(DemoOptions.model_validate(options))
        return [delivery.digest for delivery in demo.collect_costs(DateWindow(start, end))]

    months = digests(date(2026, 9, 10), date(2026, 11, 23))
    assert digests(date(2026, 9, 1), date(2026, 11, 24))[:2] == months[:2]
    assert digests(date(2026, 9, 1), date(2026, 11, 24))[2] != months[2]
    others: list[dict[str, object]] = [
        {"seed": 2},
        {"scale": 2},
        {"currency": "EUR"},
        {"anomalies": False},
    ]
    for other in others:
        assert not set(months) & set(digests(date(2026, 9, 1), date(2026, 11, 23), **other))


def test_numbers_are_the_same_on_every_machine() -> None:
    # Change these together with GENERATOR_VERSION, or stores keep what they have read.
    rows = month_table(Month(2026, 10), Month(2026, 10).end)
    billed = rows["BilledCost"].to_pylist()
    assert (rows.num_rows, sum(billed, Decimal(0))) == (4218, Decimal("37953.769768120080"))


def test_another_seed_is_another_course_of_the_same_company() -> None:
    month = Month(2026, 5)
    one, two = (
        month_table(month, month.end, DemoOptions(seed=seed, anomalies=False)) for seed in (1, 2)
    )
    assert set(one["ServiceName"].to_pylist()) == set(two["ServiceName"].to_pylist())
    assert one["BilledCost"].to_pylist() != two["BilledCost"].to_pylist()


def test_scale_adds_business_units_beside_the_first() -> None:
    month = Month(2026, 5)
    one, three = (
        month_table(month, month.first_day + 3, DemoOptions(scale=scale)) for scale in (1, 3)
    )
    # Hours of a quiet web server may round to none, so units differ by a row or two.
    assert three.num_rows == pytest.approx(3 * one.num_rows, abs=6)
    assert set(one["ResourceId"].to_pylist()) < set(three["ResourceId"].to_pylist())
    one_by_resource = dict(zip(*(one[c].to_pylist() for c in ("ResourceId", "Tags")), strict=True))
    three_by_resource = dict(
        zip(*(three[c].to_pylist() for c in ("ResourceId", "Tags")), strict=True)
    )
    assert one_by_resource.items() <= three_by_resource.items()


def test_currency_is_on_every_row() -> None:
    rows = month_table(Month(2026, 5), Month(2026, 5).end, DemoOptions(currency="EUR"))
    for column in ("BillingCurrency", "PricingCurrency"):
        assert set(rows[column].to_pylist()) == {"EUR"}
    assert "USD" not in rows["CommitmentDiscountUnit"].to_pylist()


@pytest.mark.parametrize(
    "options", [{"scale": 0}, {"currency": "dollars"}, {"currency": ""}, {"size": 3}]
)
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DemoOptions.model_validate(options)


def test_every_option_is_documented() -> None:
    assert all(field.description for field in DemoOptions.model_fields.values())


def test_naming_the_demo_imports_no_numeric_library() -> None:
    code = (
        "import sys, finops_cost_management.builtin.demo\n"
        "print({'numpy', 'pyarrow', 'pandas', 'ibis', 'duckdb'} & set(sys.modules))"
    )
    done = subprocess.run(  # our own interpreter on our own words
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_company_of_believable_size() -> None:
    table = month_table(Month(2026, 6), Month(2026, 6).end, DemoOptions(anomalies=False))
    by_day: dict[datetime, Decimal] = {}
    for start, cost in zip(
        table["ChargePeriodStart"].to_pylist(), table["EffectiveCost"].to_pylist(), strict=True
    ):
        by_day[start] = by_day.get(start, Decimal(0)) + cost
    june = [by_day[midnight(date(2026, 6, day))] for day in range(1, 31)]
    assert all(1000 < cost < 3000 for cost in june)
    assert june[0] == max(june), "the month starts with its fees"
    assert 100 <= table.num_rows / 30 <= 200
