"""A few charges that keep every rule of FOCUS: two clouds, a commitment, tax and credit."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
NOON, ONE = datetime(2026, 5, 9, 12, tzinfo=UTC), datetime(2026, 5, 9, 13, tzinfo=UTC)

_AWS = {
    "ServiceProviderName": "AWS",
    "HostProviderName": "AWS",
    "InvoiceIssuerName": "Amazon Web Services EMEA SARL",
    "InvoiceId": "INV-2026-05-1",
    "BillingAccountId": "012345678901",
    "BillingAccountName": "Example payer",
    "BillingAccountType": "Payer Account",
    "SubAccountId": "000000000042",
    "SubAccountName": "shop",
    "SubAccountType": "Linked Account",
    "BillingCurrency": "USD",
    "PricingCurrency": "USD",
    "BillingPeriodStart": MAY,
    "BillingPeriodEnd": JUNE,
    "ChargePeriodStart": NOON,
    "ChargePeriodEnd": ONE,
    "RegionId": "eu-central-1",
    "RegionName": "Europe (Frankfurt)",
    "Tags": '{"team":"checkout","cost-center":"4711"}',
}
_AZURE = _AWS | {
    "ServiceProviderName": "Microsoft",
    "HostProviderName": "Microsoft",
    "InvoiceIssuerName": "Microsoft",
    "InvoiceId": "G100",
    "BillingAccountId": "/providers/Microsoft.Billing/billingAccounts/7",
    "BillingAccountType": "Billing Profile",
    "SubAccountId": "/subscriptions/0b7e",
    "SubAccountType": "Subscription",
    "BillingCurrency": "EUR",
    "PricingCurrency": "EUR",
}
_VIRTUAL_MACHINE = {
    "ServiceName": "Amazon Elastic Compute Cloud",
    "ServiceCategory": "Compute",
    "ServiceSubcategory": "Virtual Machines",
    "SkuId": "SKU-1",
    "SkuMeter": "Compute",
    "SkuPriceId": "SKU-1.HOUR",
    "SkuPriceDetails": '{"CoreCount":2,"x_Tenancy":"Shared"}',
    "ResourceId": "i-0123",
    "ResourceName": "web-1",
    "ResourceType": "Instance",
    "AvailabilityZone": "eu-central-1a",
}
_RESERVATION = {
    "CommitmentDiscountId": "ri-1",
    "CommitmentDiscountName": "one year",
    "CommitmentDiscountCategory": "Usage",
    "CommitmentDiscountType": "Reserved Instance",
    "CommitmentDiscountUnit": "Hours",
}
_OF_RESERVATION = _RESERVATION | {"ResourceId": "ri-1", "ResourceType": "Reserved Instance"}


def _priced(
    quantity: str, list_price: str, price: str, category: str = "Standard"
) -> dict[str, Any]:
    amount = Decimal(quantity)
    return {
        "PricingCategory": category,
        "PricingQuantity": amount,
        "PricingUnit": "Hours",
        "ListUnitPrice": Decimal(list_price),
        "ContractedUnitPrice": Decimal(price),
        "PricingCurrencyListUnitPrice": Decimal(list_price),
        "PricingCurrencyContractedUnitPrice": Decimal(price),
        "ListCost": amount * Decimal(list_price),
        "ContractedCost": amount * Decimal(price),
    }


def _charge(
    category: str, frequency: str, text: str, billed: str, effective: str
) -> dict[str, Any]:
    return {
        "ChargeCategory": category,
        "ChargeFrequency": frequency,
        "ChargeDescription": text,
        "BilledCost": Decimal(billed),
        "EffectiveCost": Decimal(effective),
        "PricingCurrencyEffectiveCost": Decimal(effective),
    }


def _consumed(quantity: str) -> dict[str, Any]:
    return {"ConsumedQuantity": Decimal(quantity), "ConsumedUnit": "Hours"}


def _flat(amount: str) -> dict[str, Any]:
    return {"ListCost": Decimal(amount), "ContractedCost": Decimal(amount)}


def correct_rows() -> list[dict[str, Any]]:
    """The rows; a column that a row does not name is null."""
    covered = {"CommitmentDiscountQuantity": Decimal("0.75")}
    spare = {"CommitmentDiscountQuantity": Decimal("0.25")}
    instance = {
        "ServiceName": "Virtual Machines",
        "ResourceId": "/subscriptions/0b7e/vm1",
        "AvailabilityZone": None,
        "CapacityReservationId": "crg-1",
        "CapacityReservationStatus": "Used",
    }
    return [
        _AWS
        | _VIRTUAL_MACHINE
        | _charge("Usage", "Usage-Based", "On-demand hour", "0.09", "0.09")
        | _priced("1", "0.1", "0.09")
        | _consumed("1"),
        _AWS
        | _VIRTUAL_MACHINE
        | _OF_RESERVATION
        | _charge("Purchase", "Recurring", "Reservation hour", "0.06", "0")
        | _priced("1", "0.06", "0.06")
        | {"CommitmentDiscountQuantity": Decimal(1), "SkuId": "SKU-2", "SkuPriceId": "SKU-2.HOUR"},
        _AWS
        | _VIRTUAL_MACHINE
        | _RESERVATION
        | covered
        | _charge("Usage", "Usage-Based", "Covered", "0", "0.045")
        | _priced("0.75", "0.1", "0.09", "Committed")
        | _consumed("0.75")
        | {"CommitmentDiscountStatus": "Used"},
        _AWS
        | _VIRTUAL_MACHINE
        | _OF_RESERVATION
        | spare
        | _charge("Usage", "Usage-Based", "Not used", "0", "0.015")
        | _priced("0.25", "0.1", "0.09", "Committed")
        | {"CommitmentDiscountStatus": "Unused"},
        _AWS
        | _VIRTUAL_MACHINE
        | _charge("Usage", "Usage-Based", "Refund for April", "-0.09", "-0.09")
        | _priced("-1", "0.1", "0.09")
        | _consumed("-1")
        | {"ChargeClass": "Correction"},
        _AWS
        | {
            "ServiceName": "Tax",
            "ServiceCategory": "Other",
            "ServiceSubcategory": "Other (Other)",
            "RegionId": None,
            "RegionName": None,
            "ChargePeriodStart": MAY,
            "ChargePeriodEnd": JUNE,
        }
        | _charge("Tax", "Recurring", "VAT", "0.0000004", "0.0000004")
        | _flat("0.0000004"),
        _AZURE
        | _VIRTUAL_MACHINE
        | _charge("Usage", "Usage-Based", "B2s hour", "0.5", "0.5")
        | _priced("2", "0.25", "0.25")
        | _consumed("2")
        | instance,
        _AZURE
        | {
            "ServiceName": "Promotions",
            "ServiceCategory": "Other",
            "ServiceSubcategory": "Other (Other)",
        }
        | _charge("Credit", "One-Time", "Goodwill", "-0.1", "-0.1")
        | _flat("-0.1")
        | {"x_Campaign": "spring"},
    ]
