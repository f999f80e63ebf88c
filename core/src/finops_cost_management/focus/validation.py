"""What a row must say to be counted, and what FOCUS demands beyond that, as data.

A row is *refused* only if its money cannot be placed or summed truthfully. Everything else that
breaks FOCUS is a *warning*: counted, and kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from string import Formatter
from typing import TYPE_CHECKING

from finops_cost_management.focus.cells import INSTANT, one_of
from finops_cost_management.focus.columns import COST_AND_USAGE, SERVICE_SUBCATEGORIES
from finops_cost_management.focus.header import REQUIRED, UNREAD_TAGS, UNREAD_VALUES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import ibis
    import ibis.expr.types as ir

GIVEN = " as given"
"""Suffix of the columns with the text of cells whose type had to be read from it."""


@dataclass(frozen=True, slots=True)
class RowRule:
    """One reason not to take a row, or a cell, as it is.

    Attributes:
        name: What it is called.
        broken: Which rows break it; null counts as kept. None where it cannot be broken: the
            file's own types rule it out.
        reason: A sentence; ``{Column}`` is the text of that cell.
    """

    name: str
    broken: Callable[[ibis.Table], ir.BooleanValue | None]
    reason: str


def sentences(rows: ibis.Table, rules: Iterable[RowRule]) -> ir.StringValue:
    """The reasons of all broken rules of each row, joined by ``; ``; null where none is.

    Args:
        rows: FOCUS columns, and those with the suffix `GIVEN`.
        rules: The rules.
    """
    import ibis

    checks = [
        (broken, _fill_in(rule.reason, rows))
        for rule in rules
        if (broken := rule.broken(rows)) is not None
    ]
    if not checks:
        return ibis.null("string")
    anything = checks[0][0]
    for broken, _ in checks[1:]:
        anything |= broken
    reasons = [broken.ifelse(reason, None) for broken, reason in checks]
    # Nearly all rows are fine: their reasons are never built.
    return anything.ifelse(ibis.literal("; ").join(reasons), None)


def _fill_in(template: str, rows: ibis.Table) -> ir.StringValue:
    import ibis

    sentence = ibis.literal("")
    for words, column, _, _ in Formatter().parse(template):
        sentence = sentence + words
        if column is not None:
            sentence = sentence + _given(rows, column).fill_null("null")
    return sentence


def _given(rows: ibis.Table, column: str) -> ir.StringValue:
    name = column + GIVEN
    return rows[name] if name in rows.columns else rows[column].cast("string")


def _absent(column: str) -> RowRule:
    return RowRule(
        f"{column} is given", lambda rows: _given(rows, column).isnull(), f"{column} is missing"
    )


_LARGEST_COST = 10**18
_FIRST_YEAR, _LAST_YEAR = 1990, 2100

_COST = "a finite decimal number up to 10^18"
_KINDS = {
    "Decimal": "a finite decimal number below 10^26",
    "Date/Time": "a date and time such as 2026-05-31T23:00:00Z",
    "JSON": "JSON",
}


def _unreadable(column: str) -> RowRule:
    def broken(rows: ibis.Table) -> ir.BooleanValue | None:
        name = column + GIVEN
        if name not in rows.columns:
            return None
        return rows[column].isnull() & rows[name].notnull()

    kind = _COST if _is_cost(column) else _KINDS[COST_AND_USAGE[column].type]
    return RowRule(f"{column} is readable", broken, f"{column} is '{{{column}}}', not {kind}")


def _too_large(cost: str) -> RowRule:
    """Costs of which a table could hold so many that their sum overflows."""
    return RowRule(
        f"{cost} can be summed",
        lambda rows: ~rows[cost].between(-_LARGEST_COST, _LARGEST_COST),
        f"{cost} is '{{{cost}}}', not {_COST}",
    )


def plausible(instant: ir.TimestampValue) -> ir.BooleanValue:
    """Whether a bill can be of this time: other years are placeholders or mistakes."""
    import ibis

    first, after = (
        ibis.literal(datetime(year, 1, 1, tzinfo=UTC), type=INSTANT)
        for year in (_FIRST_YEAR, _LAST_YEAR + 1)
    )
    return (instant >= first) & (instant < after)


def _implausible(instant: str) -> RowRule:
    return RowRule(
        f"{instant} is plausible",
        lambda rows: ~plausible(rows[instant]),
        f"{instant} is {{{instant}}}, not in the years {_FIRST_YEAR} to {_LAST_YEAR}",
    )


def _ends_late(period: str) -> RowRule:
    start, end = f"{period}Start", f"{period}End"
    return RowRule(
        f"{period} ends after it starts",
        lambda rows: rows[end] <= rows[start],
        f"{end} {{{end}}} is not later than {start} {{{start}}}",
    )


def _is_cost(column: str) -> bool:
    return column.endswith("Cost")


REFUSALS: tuple[RowRule, ...] = (
    *(_absent(column) for column in REQUIRED),
    *(
        _unreadable(name)
        for name, column in COST_AND_USAGE.items()
        if (name in REQUIRED and column.type in _KINDS) or _is_cost(name)
    ),
    *(_too_large(name) for name in COST_AND_USAGE if _is_cost(name)),
    *(_implausible(name) for name in REQUIRED if COST_AND_USAGE[name].type == "Date/Time"),
    _ends_late("BillingPeriod"),
    _ends_late("ChargePeriod"),
    RowRule(
        "ChargeCategory is known",
        lambda rows: ~one_of(rows.ChargeCategory, COST_AND_USAGE["ChargeCategory"].values),
        "ChargeCategory is '{ChargeCategory}', not one of "
        + ", ".join(COST_AND_USAGE["ChargeCategory"].values),
    ),
)
"""Why a row is refused: it names no amount, currency, kind or time that can be trusted."""

UNREADABLE: tuple[RowRule, ...] = tuple(
    RowRule(rule.name, rule.broken, f"{name}: {{{name}}}")
    for name, column in COST_AND_USAGE.items()
    if column.type in ("Decimal", "JSON")
    and name not in REQUIRED
    and not _is_cost(name)
    and name != "Tags"  # has a column of its own
    for rule in [_unreadable(name)]
)
"""Cells that become null though they say something, while the row's money is still certain."""


@dataclass(frozen=True, slots=True)
class FocusRule:
    """One thing that FOCUS demands of rows that are sound enough to be counted.

    Attributes:
        name: What it is called; also the value of ``rule`` in `warnings_of`.
        meaning: What FOCUS demands, in a sentence.
        broken: Of rows: which rows break it. With `per`: of groups, given their distinct counts
            and sums.
        per: Columns that make a group; empty for a rule about single rows.
        measures: Of a group, what `broken` looks at.
        information: Breaking it is no mistake as such, but worth knowing.
    """

    name: str
    meaning: str
    broken: Callable[[ibis.Table], ir.BooleanValue]
    per: tuple[str, ...] = ()
    measures: Callable[[ibis.Table], dict[str, ir.Scalar]] | None = None
    information: bool = False


TOLERANCE = 1e-6
"""How far a cost may be from price times quantity: this part of it, or of one unit of currency.

Prices and quantities are published rounded. The comparison, no sum, is made in floating point:
the exact product of two DECIMAL(38, 12) does not fit into one.
"""


def _differs_from_product(rows: ibis.Table, cost: str, price: str) -> ir.BooleanValue:
    import ibis

    amount = rows[cost].cast("float64")
    product = rows[price].cast("float64") * rows.PricingQuantity.cast("float64")
    slack = TOLERANCE * ibis.greatest(amount.abs(), 1.0)
    exact = rows.ChargeClass.fill_null("") != "Correction"
    return exact & ((amount - product).abs() > slack)


def _product(cost: str, price: str) -> FocusRule:
    return FocusRule(
        f"{cost} = {price} x PricingQuantity",
        "A cost is its unit price times the quantity priced, corrections aside.",
        lambda rows: _differs_from_product(rows, cost, price),
    )


def _one_half(quantity: str, unit: str) -> FocusRule:
    return FocusRule(
        f"{quantity} goes with {unit}",
        "A quantity has a unit, and a unit a quantity.",
        lambda rows: rows[quantity].isnull() != rows[unit].isnull(),
    )


def _single(of: str, per: tuple[str, ...], name: str, meaning: str) -> FocusRule:
    return FocusRule(
        name,
        meaning,
        lambda groups: groups.different > 1,
        per=per,
        measures=lambda rows: {"different": rows[of].nunique()},
    )


def _commitment_sums(rows: ibis.Table) -> dict[str, ir.Scalar]:
    purchase, usage = rows.ChargeCategory == "Purchase", rows.ChargeCategory == "Usage"
    return {
        "purchased": rows.BilledCost.sum(where=purchase),
        "used": rows.EffectiveCost.sum(where=usage),
    }


def _outside_category(rows: ibis.Table) -> ir.BooleanValue:
    import ibis

    branches = [
        (rows.ServiceCategory == category, ~one_of(rows.ServiceSubcategory, names))
        for category, names in SERVICE_SUBCATEGORIES.items()
    ]
    return ibis.cases(*branches, else_=False)


def _of_a_commitment(rows: ibis.Table, category: str) -> ir.BooleanValue:
    return (rows.ChargeCategory == category) & rows.CommitmentDiscountId.notnull()


_NO_PRICE = ("ListUnitPrice", "ContractedUnitPrice", "PricingQuantity", "PricingCategory")


def _tax_with_price(rows: ibis.Table) -> ir.BooleanValue:
    priced = rows.SkuPriceId.notnull()
    for column in _NO_PRICE:
        priced |= rows[column].notnull()
    return (rows.ChargeCategory == "Tax") & priced


def _credit_costs_differ(rows: ibis.Table) -> ir.BooleanValue:
    other = rows.EffectiveCost != rows.BilledCost
    other |= rows.ListCost != rows.BilledCost
    other |= rows.ContractedCost != rows.BilledCost
    return (rows.ChargeCategory == "Credit") & other


WARNINGS: tuple[FocusRule, ...] = (
    *(
        FocusRule(
            f"{name} is not null",
            "FOCUS does not allow null here.",
            lambda rows, name=name: rows[name].isnull(),  # type: ignore[misc] # mypy sees no types in a lambda's defaults
        )
        for name, column in COST_AND_USAGE.items()
        if column.level == "Mandatory" and not column.nullable and name not in REQUIRED
    ),
    *(
        FocusRule(
            f"{name} has an allowed value",
            f"One of {', '.join(column.values)}.",
            lambda rows, column=column: ~one_of(rows[column.name], column.values),  # type: ignore[misc] # as above
        )
        for name, column in COST_AND_USAGE.items()
        if column.values and name not in REQUIRED
    ),
    FocusRule(
        "ServiceSubcategory belongs to ServiceCategory",
        "Every subcategory has one category.",
        _outside_category,
    ),
    FocusRule(
        "BillingCurrency is a currency code",
        "ISO 4217: three capital letters.",
        lambda rows: ~rows.BillingCurrency.re_search("^[A-Z]{3}$"),
    ),
    _product("ListCost", "ListUnitPrice"),
    _product("ContractedCost", "ContractedUnitPrice"),
    _one_half("PricingQuantity", "PricingUnit"),
    _one_half("ConsumedQuantity", "ConsumedUnit"),
    FocusRule(
        "usage lies inside its billing period",
        "Usage that corrects nothing is billed in the period in which it happens.",
        lambda rows: (
            (rows.ChargeCategory == "Usage")
            & rows.ChargeClass.isnull()
            & (
                (rows.ChargePeriodStart < rows.BillingPeriodStart)
                | (rows.ChargePeriodEnd > rows.BillingPeriodEnd)
            )
        ),
    ),
    FocusRule(
        "a purchase is not Usage-Based",
        "Purchases are made once or recur.",
        lambda rows: (rows.ChargeCategory == "Purchase") & (rows.ChargeFrequency == "Usage-Based"),
    ),
    FocusRule(
        "a commitment purchase has no effective cost",
        "What a commitment costs is effective on the usage that it covers or misses.",
        lambda rows: _of_a_commitment(rows, "Purchase") & (rows.EffectiveCost != 0),
    ),
    FocusRule(
        "usage under a commitment is not billed",
        "It was billed with the purchase.",
        lambda rows: _of_a_commitment(rows, "Usage") & (rows.BilledCost != 0),
    ),
    FocusRule(
        "usage under a commitment says whether it is used",
        "CommitmentDiscountStatus is Used or Unused.",
        lambda rows: _of_a_commitment(rows, "Usage") & rows.CommitmentDiscountStatus.isnull(),
    ),
    FocusRule(
        "an unused commitment consumes nothing",
        "ConsumedQuantity and ConsumedUnit are null.",
        lambda rows: (rows.CommitmentDiscountStatus == "Unused") & rows.ConsumedQuantity.notnull(),
    ),
    FocusRule(
        "tax has no price",
        "Prices, priced quantity, pricing category and SKU price are null.",
        _tax_with_price,
    ),
    FocusRule(
        "the costs of a credit are equal",
        "Effective, list and contracted cost of a credit are what is billed.",
        _credit_costs_differ,
    ),
    FocusRule(
        "tags are readable",
        f"Tags are one JSON object, or were kept in {UNREAD_TAGS}.",
        lambda rows: rows[UNREAD_TAGS].notnull(),
    ),
    FocusRule(
        "values are readable",
        f"Prices, quantities and details have their type, or were kept in {UNREAD_VALUES}.",
        lambda rows: rows[UNREAD_VALUES].notnull(),
    ),
    _single(
        "ServiceCategory",
        ("ServiceProviderName", "ServiceName"),
        "a service has one category",
        "One ServiceName has exactly one ServiceCategory.",
    ),
    _single(
        "SkuId",
        ("ServiceProviderName", "SkuPriceId"),
        "a SKU price has one SKU",
        "One SkuPriceId has exactly one SkuId.",
    ),
    _single(
        "BillingCurrency",
        ("InvoiceIssuerName", "InvoiceId"),
        "an invoice has one currency",
        "One InvoiceId has exactly one BillingCurrency.",
    ),
    FocusRule(
        "a commitment's usage costs what its purchase billed",
        "Over its term, the effective cost of its usage is the billed cost of its purchase; "
        "within a part of the term it usually is not.",
        lambda groups: groups.purchased.fill_null(0) != groups.used.fill_null(0),
        per=("CommitmentDiscountId", "BillingCurrency"),
        measures=_commitment_sums,
        information=True,
    ),
)
"""What the sums and relations of FOCUS demand, most of it never run by the official validator."""


def warnings_of(rows: ibis.Table) -> ibis.Table:
    """How often each of `WARNINGS` is broken, as one aggregate expression.

    Args:
        rows: Rows as `to_focus` gives them.

    Returns:
        ``rule`` (text) and ``count`` (of rows, or of groups for rules with `per`), one row per
        rule, those that are kept with 0.
    """
    import ibis

    single = [rule for rule in WARNINGS if not rule.per]
    counts = rows.aggregate(
        **{rule.name: rule.broken(rows).sum().fill_null(0) for rule in single}
    ).pivot_longer([rule.name for rule in single], names_to="rule", values_to="count")
    return ibis.union(
        counts.select("rule", "count"),
        *(_broken_groups(rows, rule) for rule in WARNINGS if rule.per),
    )


def _broken_groups(rows: ibis.Table, rule: FocusRule) -> ibis.Table:
    import ibis

    assert rule.measures is not None  # noqa: S101 # a rule about groups has measures
    whole = rows.filter(rows[rule.per[0]].notnull(), rows[rule.per[-1]].notnull())
    groups = whole.group_by(list(rule.per)).aggregate(**rule.measures(whole))
    return groups.aggregate(count=rule.broken(groups).sum().fill_null(0)).select(
        rule=ibis.literal(rule.name), count="count"
    )
