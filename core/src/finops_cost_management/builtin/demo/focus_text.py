"""What the text columns of FOCUS say of a charge line."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from finops_cost_management.builtin.demo.lines import compact_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from finops_cost_management.builtin.demo.lines import Line
    from finops_cost_management.builtin.demo.month import Month


def consumed(line: Line) -> tuple[str | None, int]:
    """The unit that is consumed and how many one priced unit is; none for what is not used."""
    if line.price is None or line.category != "Usage" or line.status == "Unused":
        return None, 0
    return line.price.counts or (line.price.unit, 1)


def invoice_id(line: Line, month: Month) -> str:
    """The one invoice of a provider and month."""
    initial = line.provider.name.split()[0].upper()
    return f"{initial}-{month.year:04}{month.number:02}-{line.provider.billing_account_id[-4:]}"


def invoice_detail_id(line: Line, month: Month) -> str:
    """The item of the invoice: all charges of a service and category."""
    item = hashlib.blake2b(f"{line.service.name}|{line.category}".encode(), digest_size=3)
    return f"{invoice_id(line, month)}-{item.hexdigest().upper()}"


def _workload_tags(line: Line) -> str | None:
    if line.workload is None:
        return None
    tags: Mapping[str, str | None] = {
        "cluster": line.workload.cluster,
        "namespace": line.workload.namespace,
        "team": line.workload.team,
    }
    return compact_json({key: value for key, value in tags.items() if value is not None})


def _sku(line: Line) -> str | None:
    if line.price is None:
        return None
    name = f"{line.provider.name}|{line.service.name}|{line.price.meter}"
    return hashlib.blake2b(name.encode(), digest_size=8).hexdigest().upper()


def _sku_price(line: Line) -> str | None:
    sku = _sku(line)
    if sku is None:
        return None
    # An unused promise has no price of its own to look up but that of nothing.
    return f"{sku}.{'UNUSED' if line.status == 'Unused' else 'STANDARD'}"


TEXT: Mapping[str, Callable[[Line], str | None]] = {
    "AllocatedMethodId": lambda line: "requested-cpu" if line.workload else None,
    "AllocatedResourceId": lambda line: (
        f"{line.workload.cluster}/{line.workload.namespace}" if line.workload else None
    ),
    "AllocatedResourceName": lambda line: line.workload.namespace if line.workload else None,
    "AllocatedTags": _workload_tags,
    "AvailabilityZone": lambda line: line.place.zone if line.place else None,
    "BillingAccountId": lambda line: line.provider.billing_account_id,
    "BillingAccountName": lambda line: line.provider.billing_account_name,
    "BillingAccountType": lambda line: line.provider.billing_account_type,
    "CapacityReservationId": lambda _: None,
    "CapacityReservationStatus": lambda _: None,
    "ChargeCategory": lambda line: line.category,
    "ChargeClass": lambda line: "Correction" if line.correction else None,
    "ChargeDescription": lambda line: line.description,
    "ChargeFrequency": lambda line: line.frequency,
    "CommitmentDiscountCategory": lambda line: (
        line.discount.commitment.category if line.discount else None
    ),
    "CommitmentDiscountId": lambda line: line.discount.identity.id if line.discount else None,
    "CommitmentDiscountName": lambda line: line.discount.identity.name if line.discount else None,
    "CommitmentDiscountStatus": lambda line: line.status,
    "CommitmentDiscountType": lambda line: line.discount.commitment.type if line.discount else None,
    "CommitmentDiscountUnit": lambda line: line.discount.unit if line.discount else None,
    "CommitmentProgramEligibilityDetails": lambda _: None,
    "ConsumedUnit": lambda line: consumed(line)[0],
    "ContractApplied": lambda _: None,
    "HostProviderName": lambda line: line.provider.name,
    "InvoiceIssuerName": lambda line: line.provider.name,
    "PricingCategory": lambda line: line.pricing,
    "PricingUnit": lambda line: line.price.unit if line.price else None,
    "RegionId": lambda line: line.place.region_id if line.place else None,
    "RegionName": lambda line: line.place.region_name if line.place else None,
    "ResourceId": lambda line: line.identity.id if line.identity else None,
    "ResourceName": lambda line: line.identity.name if line.identity else None,
    "ResourceType": lambda line: line.identity.type if line.identity else None,
    "ServiceCategory": lambda line: line.service.category,
    "ServiceName": lambda line: line.service.name,
    "ServiceProviderName": lambda line: line.provider.name,
    "ServiceSubcategory": lambda line: line.service.subcategory,
    "SkuId": _sku,
    "SkuMeter": lambda line: line.price.meter if line.price else None,
    "SkuPriceDetails": lambda line: (
        compact_json(line.price.details) if line.price and line.price.details else None
    ),
    "SkuPriceId": _sku_price,
    "SubAccountId": lambda line: line.account.id,
    "SubAccountName": lambda line: line.account.name,
    "SubAccountType": lambda line: line.provider.sub_account_type,
    "Tags": lambda line: line.tags,
}
"""FOCUS columns of text → what they say of a charge line."""
