"""Real bills and the specification's own examples, against an independent reader."""

from __future__ import annotations

import csv
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ibis
import pytest

from finops_cost_management.errors import DataError
from finops_cost_management.focus.reading import read_files, recognise, to_focus
from finops_cost_management.focus.validation import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from finops_cost_management.engine import Engine

SAMPLE = ("focus", "focus_1.0_sample_1000.csv")
EXAMPLES = ("focus", "spec_examples")


def _plain(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _totals(rows: Iterable[Any], by: str, cost: str) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for row in rows:
        if row[cost] not in ("NULL", None):
            totals[row[by]] = totals.get(row[by], Decimal(0)) + Decimal(row[cost])
    return totals


@pytest.fixture
def sample(shared_data: Callable[..., Path]) -> Path:
    return shared_data(*SAMPLE)


@pytest.mark.real_recording
def test_totals_are_those_of_the_file(sample: Path, read: Any) -> None:
    given, rows = _plain(sample), read(sample)
    assert all(row["x_RefusedReason"] is None for row in rows)
    same = ("ServiceCategory", "ServiceName", "ChargeCategory", "SubAccountId")
    for of_file, of_model in [("ProviderName", "HostProviderName"), *zip(same, same, strict=True)]:
        for cost in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"):
            assert _totals(rows, of_model, cost) == _totals(given, of_file, cost)


@pytest.mark.real_recording
def test_the_sample_is_read_cell_by_cell(sample: Path, engine: Engine, read: Any) -> None:
    assert recognise(read_files(engine, [sample]).columns) == "1.0"
    given = {row["Id"]: row for row in _plain(sample)}
    rows = read(sample)
    assert len(rows) == len(given) == 1000
    for row in rows:
        cells = given[row["x_Id"]]
        assert row["ServiceProviderName"] in ("AWS", "Microsoft", "Oracle", "Red Hat Inc.")
        for name in ("SubAccountId", "SkuPriceId", "ResourceType", "RegionName", "Tags"):
            assert row[name] == (None if cells[name] in ("NULL", "") else cells[name]), name
        assert f"{row['ChargePeriodStart']:%Y-%m-%d %H:%M:%S}" == cells["ChargePeriodStart"]
    assert {row["ChargeFrequency"] for row in rows} == {"Usage-Based", "One-Time"}


@pytest.mark.real_recording
def test_the_sample_breaks_the_rules_that_it_is_known_to_break(
    sample: Path, engine: Engine
) -> None:
    table = engine.ibis.to_pyarrow(warnings_of(to_focus(read_files(engine, [sample]))))
    counts = {row["rule"]: row["count"] for row in table.to_pylist() if row["count"]}
    assert counts["ContractedCost is not null"] == 7
    assert counts["a service has one category"] == 1
    given = _plain(sample)
    known = ("ListCost", "ListUnitPrice", "PricingQuantity")
    differ = 0
    for row in given:
        if all(row[name] not in ("NULL", "") for name in known):
            cost, price, quantity = (Decimal(row[name]) for name in known)
            differ += abs(cost - price * quantity) > Decimal("1e-6") * max(abs(cost), Decimal(1))
    assert counts["ListCost = ListUnitPrice x PricingQuantity"] == differ > 0


@pytest.mark.vendor_example
def test_examples_without_a_currency_are_refused_by_name(
    shared_data: Callable[..., Path], engine: Engine
) -> None:
    files = sorted(shared_data(*EXAMPLES).glob("commitment_*/*.csv"))
    assert len(files) == 11
    for file in files:
        with pytest.raises(DataError, match="it lacks BillingCurrency;"):
            to_focus(read_files(engine, [file]))


@pytest.mark.vendor_example
def test_commitment_examples_keep_the_commitment_rules(
    shared_data: Callable[..., Path], engine: Engine
) -> None:
    files = sorted(shared_data(*EXAMPLES).glob("commitment_*/*.csv"))
    raw = read_files(engine, files).mutate(BillingCurrency=ibis.literal("USD"))
    rows = engine.ibis.to_pyarrow(to_focus(raw)).to_pylist()
    given = [row for file in files for row in _plain(file)]
    assert len(rows) == len(given)
    for cost in ("BilledCost", "EffectiveCost"):
        assert sum(row[cost] for row in rows) == sum(Decimal(row[cost]) for row in given)
    # Some examples count hours beyond midnight: 2023-02-01T30:00:00Z.
    impossible = [row for row in given if row["ChargePeriodEnd"][11:13] > "24"]
    reasons = [row["x_RefusedReason"] for row in rows if row["x_RefusedReason"]]
    assert len([reason for reason in reasons if "not a date and time" in reason]) >= len(impossible)
    assert impossible
    table = engine.ibis.to_pyarrow(warnings_of(to_focus(raw)))
    broken = {row["rule"] for row in table.to_pylist() if row["count"]}
    assert "ListCost is not null" in broken
    assert not [rule for rule in broken if rule.startswith(("a commitment p", "usage under"))]


@pytest.mark.vendor_example
def test_examples_with_american_dates_are_refused_row_by_row(
    shared_data: Callable[..., Path], read: Any
) -> None:
    files = sorted(shared_data(*EXAMPLES).glob("saas_examples/**/*.csv"))
    rows = read(*files)
    assert len(rows) == sum(len(_plain(file)) for file in files)
    reasons = [row["x_RefusedReason"] for row in rows]
    assert all("BillingPeriodStart is '" in reason for reason in reasons)
    assert all("not a date and time such as 2026-05-31T23:00:00Z" in reason for reason in reasons)
    assert any("BilledCost is '$" in reason for reason in reasons)
