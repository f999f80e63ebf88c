"""Charges of a Cost and Usage Report as rows of FOCUS 1.2, with AWS's own columns beside them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from finops_aws.cur.services import (
    BLOCK_STORAGE,
    SERVICES,
    UNKNOWN_CATEGORY,
    UNKNOWN_SUBCATEGORY,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis
    import ibis.expr.types as ir

    from finops_aws.cur.services import Service

_UNITS = {
    "Hrs": "Hours",
    "hours": "Hours",
    "Hourly": "Hours",
    "GB-Mo": "GB-Months",
    "GB-month": "GB-Months",
    "Obj-Month": "Object-Months",
    "LCU-Hrs": "LCU-Hours",
    "ACU-Hr": "ACU-Hours",
    "vCPU-Hours": "VCPU-Hours",
    "vCPU-hour": "VCPU-Hours",
    "Lambda-GB-Second": "GB-Seconds",
    "Request": "Requests",
    "API Request": "API Requests",
    "Gigabyte": "GB",
    "Quantity": "Units",
}
"""Units as AWS spells them → as FOCUS wants them spelt."""

_SCALE = Decimal("0.000001")
"""How far list price × quantity may be from the list cost for the price to stand."""


def focus_rows(charges: ibis.Table) -> ibis.Table:
    """Every charge as a row of FOCUS 1.2.

    Args:
        charges: As `charges.charges_of` makes them.
    """
    import ibis

    usage = charges.category == "Usage"
    used = usage & ~charges.unused
    unit = _spelt(charges.pricing_unit)
    quantity = charges.line_item_usage_amount
    zone = charges.line_item_availability_zone
    is_zone = zone.re_search(r"-\d[a-z]$|-\d-\w+-\d[a-z]$").fill_null(False)  # noqa: FBT003 # Ibis takes it by position only
    region = ibis.coalesce(
        charges.product_region_code,
        charges.product_region,
        zone.re_extract(r"^([a-z]{2}(?:-[a-z]+)+-\d)", 1).nullif(""),
    )
    priced = charges.kind.isin(["Usage", "SavingsPlanCoveredUsage", "DiscountedUsage"]) & ~(
        charges.correction
    )
    rate = charges.pricing_public_on_demand_rate
    stands = ((rate * quantity).cast("float64") - charges.list.cast("float64")).abs() <= (
        ibis.greatest(charges.list.cast("float64").abs(), 1.0) * float(_SCALE)
    )
    text = ibis.null("string")
    return charges.select(
        AvailabilityZone=is_zone.ifelse(zone, None),
        BilledCost=charges.billed,
        BillingAccountId=charges.bill_payer_account_id,
        BillingAccountName=charges.bill_payer_account_name,
        BillingAccountType=ibis.literal("Management Account"),
        BillingCurrency=charges.line_item_currency_code,
        BillingPeriodEnd=charges.bill_billing_period_start_date.truncate("M")
        + ibis.interval(months=1),
        BillingPeriodStart=charges.bill_billing_period_start_date.truncate("M"),
        ChargeCategory=charges.category,
        ChargeClass=charges.correction.ifelse("Correction", None),
        ChargeDescription=charges.unused.ifelse(
            ibis.literal("Unused part: ") + charges.line_item_line_item_description.fill_null(""),
            charges.line_item_line_item_description,
        ),
        ChargeFrequency=ibis.cases(
            (usage, "Usage-Based"),
            (charges.kind.isin(["RIFee", "SavingsPlanRecurringFee"]), "Recurring"),
            else_="One-Time",
        ),
        ChargePeriodEnd=charges.line_item_usage_end_date,
        ChargePeriodStart=charges.line_item_usage_start_date,
        CommitmentDiscountCategory=_by_plan(charges, "Spend", "Usage"),
        CommitmentDiscountId=charges.commitment,
        CommitmentDiscountName=text,
        CommitmentDiscountStatus=charges.status,
        CommitmentDiscountType=_by_plan(charges, "Savings Plan", "Reserved Instance"),
        ConsumedQuantity=used.ifelse(quantity, None),
        ConsumedUnit=used.ifelse(unit, None),
        ContractedCost=charges.contracted,
        EffectiveCost=charges.effective,
        InvoiceId=charges.bill_invoice_id,
        InvoiceIssuerName=charges.bill_invoicing_entity.coalesce(
            charges.bill_billing_entity, ibis.literal("AWS")
        ),
        ListCost=charges.list,
        ListUnitPrice=(priced & stands & ~charges.unused).ifelse(rate, None),
        PricingCategory=ibis.cases(
            (usage & charges.commitment.notnull(), "Committed"),
            (charges.line_item_usage_type.contains("SpotUsage"), "Dynamic"),
            (charges.category.isin(["Usage", "Purchase"]), "Standard"),
        ),
        PricingCurrency=charges.pricing_currency.coalesce(charges.line_item_currency_code),
        PricingQuantity=(charges.category.isin(["Usage", "Purchase"]) & ~charges.unused).ifelse(
            quantity, None
        ),
        PricingUnit=charges.category.isin(["Usage", "Purchase"]).ifelse(unit, None),
        ProviderName=ibis.literal("AWS"),
        PublisherName=(charges.bill_billing_entity == "AWS Marketplace").ifelse(
            charges.line_item_legal_entity, ibis.literal("AWS")
        ),
        RegionId=region,
        RegionName=charges.product_location,
        ResourceId=charges.unused.ifelse(charges.commitment, charges.line_item_resource_id),
        ResourceType=_resource_type(charges.line_item_resource_id),
        ServiceCategory=_service(charges, lambda one: one.category, UNKNOWN_CATEGORY),
        ServiceName=_service(charges, lambda one: one.name, None).coalesce(
            charges.product_product_name,
            charges.product_servicecode,
            charges.line_item_product_code,
            ibis.literal("AWS"),
        ),
        ServiceSubcategory=_service(charges, lambda one: one.subcategory, UNKNOWN_SUBCATEGORY),
        SkuId=charges.product_sku,
        SkuMeter=charges.line_item_usage_type,
        SkuPriceDetails=_price_details(charges),
        SkuPriceId=charges.pricing_rate_code.coalesce(charges.pricing_rate_id),
        SubAccountId=charges.line_item_usage_account_id,
        SubAccountName=charges.line_item_usage_account_name,
        SubAccountType=ibis.literal("Member Account"),
        Tags=charges.resource_tags,
        x_CostCategories=charges.cost_category,
        x_LegalEntityName=charges.line_item_legal_entity,
        x_LineItemType=charges.kind,
        x_Operation=charges.line_item_operation,
        x_ServiceCode=charges.line_item_product_code,
        x_UsageType=charges.line_item_usage_type,
    )


def _spelt(unit: ir.StringValue) -> ir.StringValue:
    return unit.cases(*_UNITS.items(), else_=unit)


def _by_plan(charges: ibis.Table, plan: str, reservation: str) -> ir.StringValue:
    import ibis

    return ibis.cases(
        (charges.savings_plan_savings_plan_a_r_n.notnull(), plan),
        (charges.commitment.notnull(), reservation),
    )


def _service(
    charges: ibis.Table, word: Callable[[Service], str], unknown: str | None
) -> ir.StringValue:
    """One of the words of a charge's service."""
    import ibis

    words = {code: word(service) for code, service in SERVICES.items()}
    table = ibis.map(ibis.array(list(words)), ibis.array(list(words.values())))
    code = charges.line_item_product_code
    is_disk = (code == "AmazonEC2") & charges.line_item_usage_type.re_search(r"(^|-)EBS:")
    named = table.get(code.fill_null(""), ibis.literal(unknown, type="string"))
    return is_disk.fill_null(False).ifelse(word(BLOCK_STORAGE), named)  # noqa: FBT003 # Ibis takes it by position only


_KINDS_BY_ID = {
    "i-": "EC2 Instance",
    "vol-": "EBS Volume",
    "snap-": "EBS Snapshot",
    "nat-": "NAT Gateway",
    "eipalloc-": "Elastic IP Address",
    "vpce-": "VPC Endpoint",
    "tgw-": "Transit Gateway",
    "eni-": "Network Interface",
}


def _resource_type(resource: ir.StringValue) -> ir.StringValue:
    """What kind of thing an id names: of a bare id by its beginning, of an ARN by its words."""
    import ibis

    last = resource.re_extract(r"([^/:]+)$", 1)
    bare = [(last.startswith(start), kind) for start, kind in _KINDS_BY_ID.items()]
    arn = resource.re_extract(r"^arn:aws[\w-]*:([^:]+):[^:]*:[^:]*:([a-zA-Z-]+)[/:]", 0)
    service = arn.re_extract(r"^arn:[^:]+:([^:]+)", 1)
    kind = arn.re_extract(r":([a-zA-Z-]+)[/:]$", 1)
    return ibis.cases(
        *bare,
        (resource.startswith("arn:aws:s3:::"), "S3 Bucket"),
        (arn != "", service + ibis.literal(":") + kind),
    )


def _price_details(charges: ibis.Table) -> ir.StringValue:
    """What the price is of, by FOCUS's keys, as JSON."""
    import ibis

    from finops_cost_management.focus import cells

    fields = {
        "InstanceSeries": charges.product_instance_type.re_extract(
            r"^(?:db\.|cache\.)?([^.]+)", 1
        ).nullif(""),
        "InstanceType": charges.product_instance_type,
        "OperatingSystem": charges.product_operating_system,
        "x_ProductFamily": charges.product_product_family,
        "x_VolumeType": charges.product_volume_api_name.coalesce(charges.product_volume_type),
    }
    return cells.tags(ibis.struct(fields))
