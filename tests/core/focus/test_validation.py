"""Every rule finds the charge that breaks it, and none finds fault with correct charges."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from finops_cost_management.focus.reading import to_focus
from finops_cost_management.focus.validation import WARNINGS, warnings_of

if TYPE_CHECKING:
    from finops_cost_management.engine import Engine

pytestmark = pytest.mark.invented

USAGE, PURCHASE, COVERED, UNUSED, CORRECTION, TAX, AZURE, CREDIT = range(8)


def _counts(engine: Engine, rows: list[dict[str, Any]]) -> dict[str, int]:
    names = dict.fromkeys(name for row in rows for name in row)
    table = pa.table({name: [row.get(name) for row in rows] for name in names})
    focus = to_focus(engine.table_of(table))
    assert engine.ibis.to_pyarrow(focus.x_RefusedReason.count()).as_py() == 0
    answer = engine.ibis.to_pyarrow(warnings_of(focus)).to_pylist()
    assert sorted(row["rule"] for row in answer) == sorted(rule.name for rule in WARNINGS)
    return {row["rule"]: row["count"] for row in answer}


def test_correct_charges_break_nothing(engine: Engine, correct_rows: list[dict[str, Any]]) -> None:
    counts = _counts(engine, correct_rows)
    assert len(counts) == len(WARNINGS)
    assert {rule: count for rule, count in counts.items() if count} == {}


@pytest.mark.parametrize(
    ("row", "change", "rule"),
    [
        (USAGE, {"ListCost": Decimal("0.11")}, "ListCost = ListUnitPrice x PricingQuantity"),
        (
            USAGE,
            {"ContractedUnitPrice": Decimal("0.2")},
            "ContractedCost = ContractedUnitPrice x PricingQuantity",
        ),
        (USAGE, {"PricingUnit": None}, "PricingQuantity goes with PricingUnit"),
        (USAGE, {"ConsumedQuantity": None}, "ConsumedQuantity goes with ConsumedUnit"),
        (USAGE, {"EffectiveCost": None}, "EffectiveCost is not null"),
        (USAGE, {"ServiceName": None}, "ServiceName is not null"),
        (
            USAGE,
            {"ServiceSubcategory": "Messaging"},
            "ServiceSubcategory belongs to ServiceCategory",
        ),
        (USAGE, {"PricingCategory": "Cheap"}, "PricingCategory has an allowed value"),
        (USAGE, {"BillingCurrency": "Euro"}, "BillingCurrency is a currency code"),
        (
            USAGE,
            {"ChargePeriodEnd": "2026-06-02T00:00:00Z"},
            "usage lies inside its billing period",
        ),
        (PURCHASE, {"ChargeFrequency": "Usage-Based"}, "a purchase is not Usage-Based"),
        (
            PURCHASE,
            {"EffectiveCost": Decimal("0.06")},
            "a commitment purchase has no effective cost",
        ),
        (COVERED, {"BilledCost": Decimal("0.1")}, "usage under a commitment is not billed"),
        (
            COVERED,
            {"CommitmentDiscountStatus": None},
            "usage under a commitment says whether it is used",
        ),
        (UNUSED, {"ConsumedQuantity": Decimal(1)}, "an unused commitment consumes nothing"),
        (
            COVERED,
            {"EffectiveCost": Decimal("0.05")},
            "a commitment's usage costs what its purchase billed",
        ),
        (TAX, {"PricingQuantity": Decimal(1)}, "tax has no price"),
        (CREDIT, {"ListCost": Decimal(0)}, "the costs of a credit are equal"),
        (COVERED, {"ServiceCategory": "Web"}, "a service has one category"),
        (COVERED, {"SkuId": "SKU-9"}, "a SKU price has one SKU"),
        (AZURE, {"BillingCurrency": "USD"}, "an invoice has one currency"),
        (USAGE, {"Tags": "team=a"}, "tags are readable"),
        (USAGE, {"SkuPriceDetails": "2 cores"}, "values are readable"),
    ],
)
def test_a_rule_finds_what_breaks_it(
    engine: Engine,
    correct_rows: list[dict[str, Any]],
    row: int,
    change: dict[str, Any],
    rule: str,
) -> None:
    for name, value in change.items():
        if name.startswith("ChargePeriod"):
            for each in correct_rows:
                each[name] = each[name].isoformat()
        correct_rows[row][name] = value
    assert _counts(engine, correct_rows)[rule] == 1


def test_corrections_need_not_multiply(engine: Engine, correct_rows: list[dict[str, Any]]) -> None:
    correct_rows[CORRECTION]["ListCost"] = Decimal(5)
    assert _counts(engine, correct_rows)["ListCost = ListUnitPrice x PricingQuantity"] == 0


def test_rule_names_are_unique_and_say_what_is_meant() -> None:
    names = [rule.name for rule in WARNINGS]
    assert len(names) == len(set(names))
    assert all(rule.meaning.endswith(".") for rule in WARNINGS)
    assert [rule.name for rule in WARNINGS if rule.information] == [
        "a commitment's usage costs what its purchase billed"
    ]
