"""The columns of a Cost and Usage Report under the one name that version 2.0 gives them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from finops_cost_management import DataError
from finops_cost_management.focus import cells
from finops_cost_management.focus.csv_files import ALIKE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import ibis
    import ibis.expr.types as ir

REQUIRED = (
    "bill_billing_period_start_date",
    "bill_payer_account_id",
    "line_item_currency_code",
    "line_item_line_item_type",
    "line_item_unblended_cost",
    "line_item_usage_start_date",
)
"""Without these no charge can be placed in time, account, currency and kind."""

TEXTS = (
    "bill_bill_type",
    "bill_billing_entity",
    "bill_invoice_id",
    "bill_invoicing_entity",
    "bill_payer_account_id",
    "bill_payer_account_name",
    "line_item_availability_zone",
    "line_item_currency_code",
    "line_item_legal_entity",
    "line_item_line_item_description",
    "line_item_line_item_type",
    "line_item_operation",
    "line_item_product_code",
    "line_item_resource_id",
    "line_item_usage_account_id",
    "line_item_usage_account_name",
    "line_item_usage_type",
    "pricing_currency",
    "pricing_rate_code",
    "pricing_rate_id",
    "pricing_unit",
    "product_instance_type",
    "product_location",
    "product_operating_system",
    "product_product_family",
    "product_product_name",
    "product_region",
    "product_region_code",
    "product_servicecode",
    "product_sku",
    "product_volume_api_name",
    "product_volume_type",
    "reservation_reservation_a_r_n",
    "reservation_subscription_id",
    "savings_plan_savings_plan_a_r_n",
)
DECIMALS = (
    "line_item_net_unblended_cost",
    "line_item_unblended_cost",
    "line_item_usage_amount",
    "pricing_public_on_demand_cost",
    "pricing_public_on_demand_rate",
    "reservation_effective_cost",
    "reservation_net_effective_cost",
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_net_unused_recurring_fee",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee",
    "savings_plan_amortized_upfront_commitment_for_billing_period",
    "savings_plan_net_amortized_upfront_commitment_for_billing_period",
    "savings_plan_net_recurring_commitment_for_billing_period",
    "savings_plan_net_savings_plan_effective_cost",
    "savings_plan_recurring_commitment_for_billing_period",
    "savings_plan_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
)
INSTANTS = (
    "bill_billing_period_end_date",
    "bill_billing_period_start_date",
    "line_item_usage_end_date",
    "line_item_usage_start_date",
)
TAGS = "resource_tags"
COST_CATEGORIES = "cost_category"

_MARK = re.compile(rf"{ALIKE}\d+$")
_CATEGORY_COLUMN = re.compile(r"cost_?category[/_](.+)", re.IGNORECASE)
_TAG_COLUMN = re.compile(r"resource_?tags[/_](user|aws)[:_](.+)", re.IGNORECASE)


def normalised(name: str) -> str:
    """The name of a column as version 2.0 writes it.

    Example:
        >>> normalised("lineItem/UnblendedCost")
        'line_item_unblended_cost'
        >>> normalised("savingsPlan/SavingsPlanARN")
        'savings_plan_savings_plan_a_r_n'
    """
    return re.sub(r"(?<=[^/_])(?=[A-Z])", "_", name).replace("/", "_").replace(":", "_").lower()


def report_columns(raw: ibis.Table) -> ibis.Table:
    """The columns that the conversion needs, each under one name and with one type.

    Empty texts are null: a report writes them where it has nothing to say. A column that the
    file has not is null in every row.

    Args:
        raw: Rows with the names of the file: legacy (``lineItem/UsageType``), legacy Parquet
            or 2.0 (``line_item_usage_type``).

    Raises:
        DataError: This is no Cost and Usage Report.
    """
    import ibis

    own = {normalised(name): name for name in raw.columns}
    if missing := [name for name in REQUIRED if name not in own]:
        raise DataError(
            f"not a Cost and Usage Report: it lacks {', '.join(missing)}",
            hint="choose these columns for the export, or use `aws.focus_export` for FOCUS",
        )
    untyped = raw[own["line_item_unblended_cost"]].type().is_string()
    nested = _nested(raw, own, untyped=untyped)
    values: dict[str, ir.Value] = {}
    for names, read, empty in (
        (TEXTS, cells.text, "string"),
        (DECIMALS, cells.decimal, cells.DECIMAL),
        (INSTANTS, cells.instant, cells.INSTANT),
    ):
        for name in names:
            if name in own:
                values[name] = read(raw[own[name]], untyped=untyped)
            else:
                values[name] = nested.get(name, ibis.null(empty))
    objects = {TAGS: _tags(raw, own), COST_CATEGORIES: _cost_categories(raw, own)}
    return raw.select(**values, **objects)


def _nested(raw: ibis.Table, own: Mapping[str, str], *, untyped: bool) -> dict[str, ir.StringValue]:
    """What version 2.0 keeps in the map ``product``."""
    if "product" not in own:
        return {}
    product = cells.tags(raw[own["product"]], untyped=untyped)
    keys = (
        "operating_system",
        "product_name",
        "region",
        "servicecode",
        "volume_api_name",
        "volume_type",
    )
    from finops_cost_management.query.dimensions import json_text

    return {f"product_{key}": json_text(product, key) for key in keys}


def _tags(raw: ibis.Table, own: Mapping[str, str]) -> ir.StringValue:
    """Tags as one JSON object: those of users under their own name, AWS's with ``aws:``."""
    if TAGS in own:
        given = cells.tags(raw[own[TAGS]], untyped=raw[own[TAGS]].type().is_string())
        # Keys of a flat object: what follows a quoted text is a colon only after a key.
        named = given.re_replace(r'"user[_:]((?:[^"\\]|\\.)*)"\s*:', r'"\1":')
        return named.re_replace(r'"aws_((?:[^"\\]|\\.)*)"\s*:', r'"aws:\1":')
    return _object(
        (found[2] if found[1].lower() == "user" else f"aws:{found[2]}", raw[name])
        for name, written in _as_written(raw.columns)
        if (found := _TAG_COLUMN.fullmatch(written))
    )


def _cost_categories(raw: ibis.Table, own: Mapping[str, str]) -> ir.StringValue:
    """Cost categories as one JSON object, by their names."""
    if COST_CATEGORIES in own:
        given = raw[own[COST_CATEGORIES]]
        return cells.tags(given, untyped=given.type().is_string())
    return _object(
        (found[1], raw[name])
        for name, written in _as_written(raw.columns)
        if (found := _CATEGORY_COLUMN.fullmatch(written))
    )


def _as_written(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Columns with their names in the file: keys of tags may differ in letter case only."""
    names = list(names)
    known = {name.lower() for name in names}
    for name in names:
        plain = _MARK.sub("", name)
        yield name, plain if plain.lower() in known else name


def _object(fields: Iterable[tuple[str, ir.Value]]) -> ir.StringValue:
    """Keys with their values as one JSON object, without those that have none."""
    import ibis

    # Pairs, not a struct: the fields of one may not differ in letter case only.
    pairs = [ibis.struct({"key": key, "value": cells.text(cell)}) for key, cell in fields]
    if not pairs:
        return ibis.null("string")
    return cells.tags(ibis.array(pairs).filter(lambda pair: pair["value"].notnull()))
