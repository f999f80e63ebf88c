"""Answers of Cost Explorer as rows of FOCUS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from finops_aws.cost_explorer.words import COMMITTED, category_of
from finops_aws.cur.services import SERVICES, UNKNOWN_CATEGORY, UNKNOWN_SUBCATEGORY
from finops_cost_management.query.aws_words import FOCUS_NAMES, TAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from finops_aws.cost_explorer.questions import Answer
    from finops_aws.cost_explorer.words import Grouping

_MONEY_DIGITS = Decimal("1e-12")
_BY_NAME = {service.name: service for service in SERVICES.values()}
_SERVICES = _BY_NAME | {told: _BY_NAME[focus] for told, focus in FOCUS_NAMES.items()}
"""Names of services as Cost Explorer writes them → what they are in FOCUS."""

_COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
_INSTANTS = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")


def metrics(*, net: bool) -> tuple[str, str]:
    """The metrics that become billed and effective cost."""
    prefix = "Net" if net else ""
    return f"{prefix}UnblendedCost", f"{prefix}AmortizedCost"


def focus_rows(
    answers: Iterable[Answer],
    groupings: Sequence[Grouping],
    account: str,
    names: Mapping[str, str],
    *,
    net: bool,
) -> pa.Table:
    """One row for each group of each period; groups without any cost are left out.

    Args:
        answers: What Cost Explorer said; two answers for the same period and group add up.
        groupings: What it was asked by, ``RECORD_TYPE`` among them.
        account: The account that pays.
        names: Account → its name, where that is known.
        net: Whether the costs are net of negotiated discounts.
    """
    import pyarrow as pa

    billed, effective = metrics(net=net)
    merged: dict[tuple[Any, ...], list[Decimal]] = {}
    for answer in answers:
        costs = [_amount(answer, metric) for metric in (billed, effective)]
        if not any(costs):
            continue
        currency = answer.amounts[billed][1]
        key = (answer.start, answer.end, answer.estimated, currency, answer.keys)
        before = merged.setdefault(key, [Decimal(0), Decimal(0)])
        before[0] += costs[0]
        before[1] += costs[1]
    rows = [_row(key, costs, groupings, account, names) for key, costs in merged.items()]
    columns = list(dict.fromkeys(name for row in rows for name in row)) or list(_empty())
    schema = pa.schema([(name, _type(name)) for name in columns])
    return pa.Table.from_pylist(rows, schema=schema)


def _amount(answer: Answer, metric: str) -> Decimal:
    # Digits beyond the store's are noise of AWS's own floats.
    return Decimal(answer.amounts.get(metric, ("0", ""))[0]).quantize(_MONEY_DIGITS)


def _row(
    key: tuple[Any, ...],
    costs: list[Decimal],
    groupings: Sequence[Grouping],
    account: str,
    names: Mapping[str, str],
) -> dict[str, Any]:
    import json

    start_text, end_text, estimated, currency, keys = key
    start, end = _instant(start_text), _instant(end_text)
    month = start.replace(day=1, hour=0)
    values = [(one, one.value(key)) for one, key in zip(groupings, keys, strict=True)]
    told = {grouping.text: value for grouping, value in values}
    record = told["RECORD_TYPE"] or ""
    tags = {text[len(TAG) :]: value for text, value in told.items() if text.startswith(TAG)}
    service = _SERVICES.get(told.get("SERVICE") or "")
    used_by = told.get("LINKED_ACCOUNT")
    category = category_of(record)
    untold = [grouping.text for grouping, key in zip(groupings, keys, strict=True) if key is None]
    return {
        **{one.word.column: value for one, value in values if not one.text.startswith(TAG)},
        **dict.fromkeys(_COSTS, costs[0]),
        "EffectiveCost": costs[1],
        "BillingAccountId": account,
        "BillingCurrency": currency,
        "BillingPeriodStart": month,
        "BillingPeriodEnd": (month + timedelta(days=32)).replace(day=1),
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "ChargeCategory": category,
        "ChargeClass": "Correction" if record == "Refund" else None,
        "ChargeDescription": (
            f"Cost Explorer does not split this by {', '.join(untold)}" if untold else None
        ),
        "PricingCategory": "Committed" if record in COMMITTED else None,
        "ProviderName": "AWS",
        "PublisherName": "AWS",
        "ServiceName": (service.name if service else told.get("SERVICE")) or "AWS",
        "ServiceCategory": service.category if service else UNKNOWN_CATEGORY,
        "ServiceSubcategory": service.subcategory if service else UNKNOWN_SUBCATEGORY,
        "SkuMeter": told.get("USAGE_TYPE"),
        "SubAccountName": names.get(used_by) if used_by else None,
        "Tags": json.dumps({k: v for k, v in tags.items() if v is not None}) if tags else None,
        "x_Estimated": "true" if estimated else None,
        "x_SourceGranularity": "Cost Explorer",
    }


def _empty() -> dict[str, Any]:
    """The columns of no rows at all."""
    return dict.fromkeys(("BillingCurrency", "ChargeCategory", "ProviderName", *_COSTS, *_INSTANTS))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _type(name: str) -> pa.DataType:
    import pyarrow as pa

    if name in _COSTS:
        return pa.decimal128(38, 12)
    return pa.timestamp("us", "UTC") if name in _INSTANTS else pa.string()
