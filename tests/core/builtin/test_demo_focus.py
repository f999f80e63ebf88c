"""Every row of the demo keeps the rules of FOCUS, in exact arithmetic."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from finops_cost_management.builtin.demo import DemoOptions
from finops_cost_management.builtin.demo.charges import charges_of
from finops_cost_management.builtin.demo.focus_rows import focus_table
from finops_cost_management.builtin.demo.month import Month
from finops_cost_management.focus.columns import COST_AND_USAGE, SERVICE_SUBCATEGORIES
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.real_component

Row = dict[str, Any]
WINDOW = DateWindow(date(2026, 1, 1), date(2026, 4, 19))
"""Months of 28 and 31 days, an open one, and two commitments that are renewed."""
OPEN_MONTH = datetime(2026, 4, 1, tzinfo=UTC)
PRICES = ("ListUnitPrice", "ContractedUnitPrice")
COSTS = ("ListCost", "ContractedCost", "BilledCost", "EffectiveCost")
ZERO = Decimal(0)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    options = DemoOptions()
    return [
        row
        for month in Month.touched_by(WINDOW)
        for row in focus_table(
            charges_of(month, WINDOW.end.toordinal(), options), options.currency
        ).to_pylist()
    ]


def total(rows: list[Row], column: str) -> Decimal:
    return sum((row[column] for row in rows), ZERO)


def of(rows: list[Row], **values: object) -> list[Row]:
    chosen = [row for row in rows if all(row[name] == value for name, value in values.items())]
    assert chosen, f"the demo has no charge with {values}"
    return chosen


def one_to_one(rows: list[Row], column: str, parent: str) -> None:
    parents = defaultdict(set)
    for row in rows:
        if row[column] is not None:
            parents[row["ServiceProviderName"], row[column]].add(row[parent])
    assert parents
    assert {key: found for key, found in parents.items() if len(found) > 1} == {}


def test_every_kind_of_charge_is_there(rows: list[Row]) -> None:
    assert {row["ChargeCategory"] for row in rows} == {"Usage", "Purchase", "Tax", "Credit"}
    assert {row["PricingCategory"] for row in rows} == {"Standard", "Dynamic", "Committed", None}
    assert {row["ServiceProviderName"] for row in rows} == {"AWS", "Microsoft", "Google Cloud"}
    assert {row["CommitmentDiscountCategory"] for row in rows} == {"Spend", "Usage", None}
    assert of(rows, Tags=None, ChargeCategory="Usage")
    assert [row for row in rows if row["ListUnitPrice"] == ZERO and row["ConsumedQuantity"]]


def test_not_null_columns_are_filled_and_no_text_is_empty(rows: list[Row]) -> None:
    required = [column.name for column in COST_AND_USAGE.values() if not column.nullable]
    for row in rows:
        assert not [name for name in required if row[name] is None]
        assert "" not in row.values()


def test_allowed_values(rows: list[Row]) -> None:
    for column in COST_AND_USAGE.values():
        if column.values:
            found = {row[column.name] for row in rows} - {None}
            assert found <= set(column.values), column.name
    for row in rows:
        assert row["ServiceSubcategory"] in SERVICE_SUBCATEGORIES[row["ServiceCategory"]]


def test_periods_are_half_open_and_billed_by_calendar_month(rows: list[Row]) -> None:
    for row in rows:
        start, end = row["BillingPeriodStart"], row["BillingPeriodEnd"]
        assert start.day == end.day == 1
        assert start < end <= start + timedelta(days=31)
        charged, until = row["ChargePeriodStart"], row["ChargePeriodEnd"]
        whole_month = (charged, until) == (start, end)
        assert whole_month or until - charged == timedelta(days=1)
        if row["ChargeClass"] is None:
            assert start <= charged < until <= end


def test_costs_are_prices_times_quantities(rows: list[Row]) -> None:
    priced = [row for row in rows if row["ChargeCategory"] in {"Usage", "Purchase"}]
    for row in priced:
        for price, cost in zip(PRICES, COSTS[:2], strict=True):
            assert row[price] >= 0
            assert row[price] * row["PricingQuantity"] == row[cost]
        assert row["SkuId"]
        assert row["SkuPriceId"]
        assert row["SkuMeter"]
        assert row["PricingCategory"]
        assert row["ContractedUnitPrice"] <= row["ListUnitPrice"]
        assert row["PricingCurrencyListUnitPrice"] == row["ListUnitPrice"]
        assert row["PricingCurrencyContractedUnitPrice"] == row["ContractedUnitPrice"]
    for row in rows:
        assert row["PricingCurrency"] == row["BillingCurrency"] == "USD"
        assert row["PricingCurrencyEffectiveCost"] == row["EffectiveCost"]
        assert (row["PricingQuantity"] is None) == (row["PricingUnit"] is None)
        assert row["SkuPriceId"] or row["SkuPriceDetails"] is None


def test_credits_and_taxes_have_no_price(rows: list[Row]) -> None:
    credits_, taxes = of(rows, ChargeCategory="Credit"), of(rows, ChargeCategory="Tax")
    for row in credits_ + taxes:
        assert {row[cost] for cost in COSTS} == {row["BilledCost"]}
        for column in (*PRICES, "PricingQuantity", "PricingCategory", "SkuId", "ConsumedQuantity"):
            assert row[column] is None
    assert all(row["BilledCost"] < 0 for row in credits_)


def test_tax_spans_the_month_and_is_that_of_the_fees(rows: list[Row]) -> None:
    for tax in of(rows, ChargeCategory="Tax"):
        period = {
            name: tax[name]
            for name in (
                "ServiceName",
                "BillingPeriodStart",
                "ChargePeriodStart",
                "ChargePeriodEnd",
                "SubAccountId",
            )
        }
        assert tax["ChargePeriodEnd"] == tax["BillingPeriodEnd"]
        (fee,) = of(rows, ChargeCategory="Usage", ChargeFrequency="Recurring", **period)
        percent = Decimal(re.findall(r"([\d.]+) %", tax["ChargeDescription"])[0])
        assert tax["BilledCost"] == fee["BilledCost"] * percent / 100


def test_commitment_purchases(rows: list[Row]) -> None:
    for row in of(rows, ChargeCategory="Purchase"):
        assert row["EffectiveCost"] == ZERO
        assert row["BilledCost"] == row["ContractedCost"] > 0
        assert row["PricingCategory"] == "Standard"
        assert row["ResourceId"] == row["CommitmentDiscountId"] is not None
        assert row["ChargeFrequency"] == "Recurring"
        assert row["CommitmentDiscountStatus"] is None
        assert row["ConsumedQuantity"] is None


def test_used_and_unused_parts_of_commitments(rows: list[Row]) -> None:
    for row in of(rows, CommitmentDiscountStatus="Used"):
        assert row["BilledCost"] == ZERO < row["EffectiveCost"] < row["ListCost"]
        assert row["PricingCategory"] == "Committed"
        assert row["ResourceId"] != row["CommitmentDiscountId"]
    for row in of(rows, CommitmentDiscountStatus="Unused"):
        assert row["ChargeCategory"] == "Usage"
        assert row["PricingCategory"] == "Committed"
        assert row["BilledCost"] == ZERO < row["EffectiveCost"]
        assert row["ConsumedQuantity"] is row["ConsumedUnit"] is None
        assert row["ResourceId"] == row["CommitmentDiscountId"]
    committed = [row for row in rows if row["PricingCategory"] == "Committed"]
    assert all(row["CommitmentDiscountStatus"] for row in committed)


def test_each_commitment_is_used_up_day_by_day(rows: list[Row]) -> None:
    days: defaultdict[tuple[str, datetime], list[Row]] = defaultdict(list)
    for row in rows:
        if row["CommitmentDiscountId"]:
            days[row["CommitmentDiscountId"], row["ChargePeriodStart"]].append(row)
    assert len({id_ for id_, _ in days}) == 6, "four commitments, two of them in two terms"
    for charges in days.values():
        used = [row for row in charges if row["ChargeCategory"] == "Usage"]
        assert total(used, "EffectiveCost") == total(charges, "BilledCost")
        (purchase,) = [row for row in charges if row["ChargeCategory"] == "Purchase"]
        quantity = "CommitmentDiscountQuantity"
        assert total(used, quantity) == purchase[quantity]
        assert len({row["CommitmentDiscountUnit"] for row in charges}) == 1


def test_commitment_columns_come_together(rows: list[Row]) -> None:
    columns = [name for name in COST_AND_USAGE if name.startswith("CommitmentDiscount")]
    columns.remove("CommitmentDiscountStatus")
    for row in rows:
        assert len({row[name] is None for name in columns}) == 1


def test_only_what_is_used_is_consumed(rows: list[Row]) -> None:
    for row in rows:
        used = row["ChargeCategory"] == "Usage" and row["CommitmentDiscountStatus"] != "Unused"
        assert (row["ConsumedQuantity"] is not None) == used
        assert (row["ConsumedUnit"] is not None) == used


def test_refunds_correct_the_month_before(rows: list[Row]) -> None:
    for row in of(rows, ChargeClass="Correction"):
        assert row["ChargeCategory"] == "Usage"
        assert row["ChargePeriodEnd"] <= row["BillingPeriodStart"]
        assert row["BillingPeriodStart"] - row["ChargePeriodStart"] < timedelta(days=31)
        assert all(row[cost] < 0 for cost in COSTS)


def test_a_service_and_a_sku_are_one_thing(rows: list[Row]) -> None:
    one_to_one(rows, "ServiceName", "ServiceCategory")
    one_to_one(rows, "ServiceName", "ServiceSubcategory")
    one_to_one(rows, "SkuPriceId", "SkuId")
    one_to_one(rows, "SkuPriceId", "ListUnitPrice")
    one_to_one(rows, "SkuPriceId", "PricingUnit")
    one_to_one(rows, "SkuId", "SkuMeter")
    one_to_one(rows, "SkuId", "ServiceName")
    one_to_one(rows, "ResourceId", "ResourceName")
    one_to_one(rows, "ResourceId", "ResourceType")
    one_to_one(rows, "ResourceId", "SubAccountId")
    one_to_one(rows, "CommitmentDiscountId", "CommitmentDiscountName")
    one_to_one(rows, "RegionId", "RegionName")
    one_to_one(rows, "SubAccountId", "SubAccountName")
    one_to_one(rows, "InvoiceDetailId", "ChargeCategory")
    one_to_one(rows, "InvoiceId", "BillingPeriodStart")
    one_to_one(rows, "InvoiceId", "BillingAccountId")


def test_invoices_are_what_is_billed(rows: list[Row]) -> None:
    invoices: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        assert row["InvoiceDetailId"].startswith(row["InvoiceId"])
        assert row["InvoiceIssuerName"] == row["ServiceProviderName"] == row["HostProviderName"]
        invoices[row["InvoiceId"]].append(row)
    assert len(invoices) == 3 * 4, "one per provider and month"
    for charges in invoices.values():
        assert len({row["BillingAccountId"] for row in charges}) == 1
        paid = [row for row in charges if row["CommitmentDiscountStatus"] is None]
        assert total(charges, "BilledCost") == total(paid, "ContractedCost") > 0


def test_texts_that_hold_json(rows: list[Row]) -> None:
    tags = [json.loads(row["Tags"]) for row in rows if row["Tags"]]
    assert {frozenset(tag) for tag in tags} == {frozenset({"team", "application", "environment"})}
    assert {tag["environment"] for tag in tags} == {"prod", "staging", "dev"}
    assert {tag["team"] for tag in tags} == {"storefront", "payments", "analytics", "platform"}
    known = {"CoreCount", "DiskType", "InstanceSeries", "InstanceType", "MemorySize"}
    known |= {"OperatingSystem", "Redundancy", "StorageClass"}
    details = [json.loads(row["SkuPriceDetails"]) for row in rows if row["SkuPriceDetails"]]
    assert set().union(*details) == known


def test_identifiers_stay_text(rows: list[Row]) -> None:
    accounts = {row["SubAccountId"] for row in of(rows, ServiceProviderName="AWS")}
    assert all(re.fullmatch(r"\d{12}", account) for account in accounts)
    assert any(account.startswith("0") for account in accounts)
    for row in rows:
        assert row["SubAccountType"]
        assert row["BillingAccountType"]
        assert row["ResourceName"] is None or row["ResourceName"] != row["ResourceId"]
        assert len({row[f"Resource{part}"] is None for part in ("Id", "Name", "Type")}) == 1
        assert (row["RegionId"] is None) == (row["RegionName"] is None)


def test_units_are_plural_and_capitalised(rows: list[Row]) -> None:
    unit = re.compile(r"(10+ )?(([A-Z][A-Za-z]+-)?[A-Z][a-z]+s|GB|GiB|TiB|USD)")
    for column in ("PricingUnit", "ConsumedUnit", "CommitmentDiscountUnit"):
        units = {row[column] for row in rows} - {None}
        assert [found for found in units if not unit.fullmatch(found)] == []


def test_kubernetes_nodes_are_split_and_never_counted_twice(rows: list[Row]) -> None:
    nodes: defaultdict[tuple[str, datetime], list[Row]] = defaultdict(list)
    for row in rows:
        if row["AllocatedMethodId"]:
            nodes[row["ResourceId"], row["ChargePeriodStart"]].append(row)
    assert len({node for node, _ in nodes}) == 3
    whole = {(row["ResourceId"], row["ChargePeriodStart"]) for row in rows if row["ResourceId"]}
    assert nodes.keys() <= whole
    for shares in nodes.values():
        ratios = [
            Decimal(str(element["AllocatedRatio"]))
            for row in shares
            for element in json.loads(row["AllocatedMethodDetails"])["Elements"]
        ]
        assert sum(ratios) == 1
        assert total(shares, "ConsumedQuantity") == 24
        assert len({row["AllocatedResourceId"] for row in shares}) == len(shares) == 5
    not_split = [row for row in rows if row["AllocatedMethodId"] is None]
    assert all((row["ResourceId"], row["ChargePeriodStart"]) not in nodes for row in not_split)


def test_nothing_happens_after_the_end(rows: list[Row]) -> None:
    end = datetime(2026, 4, 19, tzinfo=UTC)
    assert all(row["ChargePeriodStart"] < end for row in rows)
    assert of(rows, BillingPeriodStart=OPEN_MONTH)
