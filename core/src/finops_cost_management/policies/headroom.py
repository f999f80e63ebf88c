"""How much of the budgets must be left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.answers.budgets import BudgetStatus
from finops_cost_management.answers.policies import PolicyFinding, Verdict
from finops_cost_management.answers.recommendations import Unknown
from finops_cost_management.policies.shares import at_least, in_percent
from finops_cost_management.report.wording import money

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from decimal import Decimal

    from finops_cost_management.answers.budgets import BudgetReport


def budget_headroom(
    budgets: Sequence[BudgetReport], minimum: Decimal, *, unjudged: Collection[str] = ()
) -> Verdict:
    """Enough of each budget is left after the projected spend of its period.

    Where there is no projection, after the actual spend. What a budget that does not know all of
    its days has left is unknown, unless too little is left already.

    Args:
        budgets: Where the budgets stand.
        minimum: Share of the amount.
        unjudged: Budgets that could not be judged.
    """
    findings, measured = [], []
    unknown = [Unknown(subject=name, reason="it could not be judged") for name in unjudged]
    for budget in budgets:
        projected = budget.projected_spend
        spend = budget.current_spend if projected is None else projected
        left = 1 - spend / budget.amount
        after = "the actual spend" if projected is None else "the projected spend"
        told = f"{in_percent(left, down=True)} of {budget.name}"
        if left < minimum:
            findings.append(_finding(budget, spend, after, f"{told} is left after {after}"))
        elif budget.status is BudgetStatus.UNKNOWN:
            unknown.append(Unknown(subject=budget.name, reason=budget.reason))
            continue
        measured.append(told if projected is not None else f"{told} (actual spend)")
    return Verdict(
        limit=f"{at_least(minimum)} of each budget is left",
        measured=", ".join(measured),
        checked=len(budgets) + len(unjudged),
        findings=tuple(findings),
        unknown=tuple(unknown),
    )


def _finding(budget: BudgetReport, spend: Decimal, after: str, message: str) -> PolicyFinding:
    return PolicyFinding(
        subject=budget.name,
        message=message,
        evidence={
            "period": str(budget.period),
            "amount": money(budget.amount, budget.currency),
            after.removeprefix("the "): money(spend, budget.currency),
            "left": money(budget.amount - spend, budget.currency),
        },
    )
