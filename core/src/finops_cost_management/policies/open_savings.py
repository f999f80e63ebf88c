"""How much may be left unsaved."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from finops_cost_management.answers.alternatives import monthly_savings
from finops_cost_management.answers.policies import PolicyFinding, Verdict
from finops_cost_management.answers.recommendations import Unknown
from finops_cost_management.policies.shares import at_most, in_percent
from finops_cost_management.query.charge_facts import MONEY
from finops_cost_management.query.dimensions import PROVIDER, Dimension
from finops_cost_management.report.wording import money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from finops_cost_management.answers.recommendations import Recommendation, SavingsAnswer
    from finops_cost_management.policies.judged_bill import JudgedBill

LARGEST = 5
"""How many of the largest savings a finding names."""


def savings_within_amount(
    found: Sequence[Recommendation], amount: Decimal, currency: str
) -> Verdict:
    """All open recommendations together would save at most an amount a month.

    Args:
        found: What is open; the parts of their savings that count add up.
        amount: The most, a month.
        currency: ISO 4217 code of the amount. Savings in another one are unknown: nothing is
            converted.
    """
    findings, unknown = [], []
    savings = {currency: Decimal(0), **monthly_savings(found)}
    limit = f"at most {money(amount, currency)} a month"
    for code, saving in savings.items():
        if code != currency:
            reason = f"{money(saving, code)} a month is open, the limit is in {currency}"
            unknown.append(Unknown(subject=f"savings in {code}", reason=reason))
        elif saving > amount:
            message = f"{money(saving, code)} a month is open, {limit} may be"
            findings.append(_finding(found, code, saving, message))
    return Verdict(
        limit=f"{limit} is left unsaved",
        measured=f"{money(savings[currency], currency)} a month",
        checked=len(found),
        findings=tuple(findings),
        unknown=tuple(unknown),
    )


def savings_within_share(
    found: Sequence[Recommendation], maximum: Decimal, bill: JudgedBill
) -> Verdict:
    """All open recommendations together would save at most a share of the effective cost.

    Args:
        found: What is open; the parts of their savings that count add up.
        maximum: The largest share of the cost of a month, of each currency.
        bill: The charges whose cost it is.
    """
    findings, unknown, measured = [], [], []
    savings = monthly_savings(found)
    costs = _monthly_costs(bill)
    for currency in sorted(costs.keys() | savings.keys()):
        saving, cost = savings.get(currency, Decimal(0)), costs.get(currency)
        if cost is None or cost <= 0:
            reason = "the bill does not say what a month costs"
            unknown.append(Unknown(subject=f"savings in {currency}", reason=reason))
            continue
        told = f"{in_percent(saving / cost, down=False)} of {money(cost, currency)} a month"
        measured.append(told)
        if saving > maximum * cost:
            message = f"{told} is open, {at_most(maximum)} may be"
            findings.append(_finding(found, currency, saving, message))
    return Verdict(
        limit=f"{at_most(maximum)} of the cost is left unsaved",
        measured=", ".join(measured),
        checked=len(found),
        findings=tuple(findings),
        unknown=tuple(unknown),
    )


def unjudged_savings(answers: Mapping[str, SavingsAnswer]) -> list[Unknown]:
    """What the checks could not tell, one for each check: it may hide savings."""
    return [
        Unknown(subject=f"optimizers.{name}", reason=answer.coverage)
        for name, answer in answers.items()
        if answer.unknown
    ]


def _finding(
    found: Sequence[Recommendation], currency: str, saving: Decimal, message: str
) -> PolicyFinding:
    counted = [
        (one.counted_savings or Decimal(0), one) for one in found if one.currency == currency
    ]
    largest = sorted(counted, key=lambda pair: (-pair[0], pair[1].id))[:LARGEST]
    return PolicyFinding(
        subject=f"savings in {currency}",
        message=message,
        evidence={
            "open savings a month": money(saving, currency),
            **{
                f"{one.id}: {one.recommendation}": money(part, currency)
                for part, one in largest
                if part
            },
        },
    )


def _monthly_costs(bill: JudgedBill) -> dict[str, Decimal | None]:
    """Currency → effective cost of a month; None where a charge does not say it."""
    charges = bill.charges
    rows = (
        charges.group_by(Dimension(PROVIDER).of(charges), "BillingCurrency")
        .aggregate(
            Cost=charges.EffectiveCost.sum().cast(MONEY),
            UnknownRows=charges.EffectiveCost.isnull().sum(),
        )
        .to_pyarrow()
        .to_pylist()
    )
    costs: dict[str, Decimal | None] = {}
    for row in rows:
        cost = None if row["UnknownRows"] else bill.monthly(row["Cost"], row[PROVIDER])
        before = costs.get(row["BillingCurrency"], Decimal(0))
        costs[row["BillingCurrency"]] = None if cost is None or before is None else before + cost
    return costs
