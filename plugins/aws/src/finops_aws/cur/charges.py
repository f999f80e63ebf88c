"""Line items to charges: what each kind of line item is in FOCUS, and what it costs.

Two sums hold for every account and month, whatever the report has:

- billed cost adds up to the report's unblended cost (net of discounts, where it says so);
- the effective cost of a commitment, used and unused, adds up to what it cost in the month.

Where a report lacks the columns for the second, the effective cost is unknown, not 0.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

MONEY = "decimal(38, 12)"
_PRODUCT = "decimal(38, 24)"

DISCOUNT = "Discount"
"""How the kinds of line items end that take off what other line items cost: `EdpDiscount`,
`PrivateRateDiscount`, `BundledDiscount`, `SppDiscount`, … Net costs have them already."""

COVERED, NEGATION = "SavingsPlanCoveredUsage", "SavingsPlanNegation"
RESERVED_USAGE, RESERVED_FEE = "DiscountedUsage", "RIFee"
PLAN_FEE, PLAN_UPFRONT = "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee"


def charges_of(items: ibis.Table, *, net: bool) -> ibis.Table:
    """Line items with their charge category, class and the four costs.

    Args:
        items: As `columns.report_columns` makes them.
        net: Whether the report says costs net of discounts. Its discount line items are then in
            the net costs of the others, and not charges of their own.

    Returns:
        The line items that are charges, the unused parts of commitments as rows of their own,
        and what the negation of covered usage leaves, where it leaves anything. Columns added:
        ``category``, ``correction``, ``status``, ``commitment``, ``billed``, ``effective``,
        ``list``, ``contracted``, ``unused``.
    """
    import ibis

    items = _with_kinds(items, net=net)
    dropped = items.kind == NEGATION
    if net:
        dropped |= items.kind.endswith(DISCOUNT)
    # A line item without a kind is part of the bill, too.
    charges = items.filter(~dropped.fill_null(False))  # noqa: FBT003 # Ibis takes it by position only
    billed = (charges.kind == COVERED).ifelse(_money(0), charges.paid)
    paid_before_use = (charges.kind == PLAN_UPFRONT) | (
        (charges.kind == "Fee") & charges.commitment.notnull()
    )
    recurring = charges.kind.isin([PLAN_FEE, RESERVED_FEE])
    effective = ibis.cases(
        (charges.kind == COVERED, charges.plan_effective),
        (charges.kind == RESERVED_USAGE, charges.reservation_effective),
        (recurring & charges.rest.isnull(), ibis.null(MONEY)),
        (recurring | paid_before_use, _money(0)),
        else_=charges.paid,
    )
    # Products that AWS has no public price for come with 0, whatever they cost.
    listed = charges.public_cost.nullif(0).coalesce(charges.line_item_unblended_cost)
    priced = charges.category == "Usage"
    contracted = ibis.cases(
        (charges.kind == COVERED, charges.line_item_unblended_cost),
        (charges.kind == RESERVED_USAGE, charges.public_cost.coalesce(charges.paid)),
        else_=charges.paid,
    )
    charges = charges.mutate(
        billed=billed,
        effective=effective,
        contracted=contracted,
        list=priced.ifelse(listed, charges.paid),
        unused=ibis.literal(False),  # noqa: FBT003 # Ibis takes it by position only
    )
    return ibis.union(charges, _unused(charges), _left_by_negation(items, charges)).drop("rest")


def _with_kinds(items: ibis.Table, *, net: bool) -> ibis.Table:
    import ibis

    kind = items.line_item_line_item_type
    plan = items.savings_plan_savings_plan_a_r_n
    reservation = items.reservation_reservation_a_r_n.coalesce(
        # Legacy reports name the subscription on line items of reservations only.
        kind.isin([RESERVED_USAGE, RESERVED_FEE]).ifelse(items.reservation_subscription_id, None)
    )
    commitment = plan.coalesce(reservation)

    def first_known(*names: str) -> ir.DecimalValue:
        """The net figure where the report has net figures, else the plain one."""
        return ibis.coalesce(*(items[name] for name in names[0 if net else 1 :]))

    upfront = first_known(
        "reservation_net_unused_amortized_upfront_fee_for_billing_period",
        "reservation_unused_amortized_upfront_fee_for_billing_period",
    )
    recurring = first_known(
        "reservation_net_unused_recurring_fee", "reservation_unused_recurring_fee"
    )
    refund = (kind == "Refund") | (items.bill_bill_type == "Refund")
    category = ibis.cases(
        (kind == "Tax", "Tax"),
        ((kind == "Credit") | kind.endswith(DISCOUNT), "Credit"),
        (kind.isin([RESERVED_FEE, PLAN_FEE, PLAN_UPFRONT, "Fee"]), "Purchase"),
        ((kind == "Refund") & commitment.notnull(), "Purchase"),
        else_="Usage",
    )
    return items.mutate(
        kind=kind,
        category=category,
        correction=refund.fill_null(False),  # noqa: FBT003 # Ibis takes it by position only
        commitment=commitment,
        status=kind.isin([COVERED, RESERVED_USAGE]).ifelse("Used", None),
        paid=first_known("line_item_net_unblended_cost", "line_item_unblended_cost"),
        plan_effective=first_known(
            "savings_plan_net_savings_plan_effective_cost",
            "savings_plan_savings_plan_effective_cost",
        ),
        reservation_effective=first_known(
            "reservation_net_effective_cost", "reservation_effective_cost"
        ),
        public_cost=items.pricing_public_on_demand_cost,
        rest=ibis.cases(
            (kind == PLAN_FEE, _plan_rest(items, net=net)),
            (
                kind == RESERVED_FEE,
                ibis.coalesce(upfront + recurring, upfront, recurring),
            ),
        ).cast(MONEY),
    )


def _plan_rest(items: ibis.Table, *, net: bool) -> ir.DecimalValue:
    """What a Savings Plan cost in the period of its fee, and nobody used.

    The report says what was committed and used by the price of the plan only. In a net report,
    the discount on the fee is that on all of its parts: by the net commitment where the report
    has these columns, else by the net cost of the fee. Without either, it is unknown.
    """
    import ibis

    rest = items.savings_plan_total_commitment_to_date - items.savings_plan_used_commitment
    if not net:
        return rest

    def commitment(prefix: str) -> ir.DecimalValue:
        upfront = items[f"{prefix}amortized_upfront_commitment_for_billing_period"]
        recurring = items[f"{prefix}recurring_commitment_for_billing_period"]
        # A plan has one of them or both; reports write 0 where they have nothing to say.
        return ibis.coalesce(upfront + recurring, upfront, recurring).nullif(0)

    plain, discounted = commitment("savings_plan_"), commitment("savings_plan_net_")
    fee, net_fee = items.line_item_unblended_cost, items.line_item_net_unblended_cost
    return ibis.cases(
        (rest == _money(0), rest),
        (net_fee.isnull(), rest),
        (plain.notnull() & discounted.notnull(), _scaled(rest, discounted, plain)),
        (fee != _money(0), _scaled(rest, net_fee, fee.nullif(0))),
    )


def _scaled(
    amount: ir.DecimalValue, share: ir.DecimalValue, whole: ir.DecimalValue
) -> ir.DecimalValue:
    """``amount * share / whole``, exact to the last digit.

    Engines divide decimals as floats; what that leaves is divided once more.
    """
    product = (amount * share).cast(_PRODUCT)
    about = (product.cast("float64") / whole.cast("float64")).cast(MONEY)
    left = product - (about * whole).cast(_PRODUCT)
    return (about + (left.cast("float64") / whole.cast("float64")).cast(MONEY)).cast(MONEY)


def _unused(charges: ibis.Table) -> ibis.Table:
    """What was paid for and used by nobody: usage without a billed cost."""
    import ibis

    zero = _money(0)
    unused = charges.filter(charges.rest != zero)
    return unused.mutate(
        category=ibis.literal("Usage"),
        status=ibis.literal("Unused"),
        billed=zero,
        effective=unused.rest,
        list=zero,
        contracted=zero,
        unused=ibis.literal(True),  # noqa: FBT003 # Ibis takes it by position only
    )


def _left_by_negation(items: ibis.Table, charges: ibis.Table) -> ibis.Table:
    """What negations do not cancel of covered usage: nothing, unless the report is cut somewhere.

    Dropping both must not change the bill: a difference stays, as an adjustment.
    """
    import ibis

    both = items.filter(items.kind.isin([COVERED, NEGATION]))
    keys = (
        "bill_payer_account_id",
        "line_item_usage_account_id",
        "line_item_currency_code",
        "bill_billing_period_start_date",
        "bill_billing_period_end_date",
    )
    left = both.group_by(*keys).aggregate(
        left=lambda table: table.paid.sum().cast(MONEY),
        start=lambda table: table.line_item_usage_start_date.min(),
        end=lambda table: table.line_item_usage_end_date.max(),
    )
    left = left.filter(left.left != _money(0))
    known = {
        **{name: left[name] for name in keys},
        "line_item_usage_start_date": left.start,
        "line_item_usage_end_date": left.end,
        "line_item_line_item_description": ibis.literal(
            "Covered usage that no negation of the Savings Plan cancels"
        ),
        "category": ibis.literal("Adjustment"),
        "correction": ibis.literal(False),  # noqa: FBT003 # Ibis takes it by position only
        "unused": ibis.literal(False),  # noqa: FBT003 # Ibis takes it by position only
        **dict.fromkeys(("billed", "effective", "list", "contracted"), left.left),
    }
    return left.select(
        **{
            name: known.get(name, ibis.null(kind)).cast(kind)
            for name, kind in charges.schema().items()
        }
    )


def _money(amount: int) -> ir.DecimalScalar:
    import ibis

    return ibis.literal(Decimal(amount), type=MONEY)
