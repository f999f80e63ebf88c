from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.answers.budgets import BudgetReport, BudgetStatus
from finops_cost_management.answers.policies import PolicyStatus
from finops_cost_management.policies.headroom import budget_headroom
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.invented

TENTH = Decimal("0.1")


def budget(spend: str, projected: str | None = None, **more: Any) -> BudgetReport:
    fields = {
        "name": "shop",
        "amount": Decimal(1000),
        "currency": "USD",
        "period": DateWindow(date(2026, 11, 1), date(2026, 12, 1)),
        "current_spend": Decimal(spend),
        "known_days": 20,
        "missing_days": 0,
        "projected_spend": None if projected is None else Decimal(projected),
        "projected_lower": None,
        "projected_upper": None,
        "thresholds_reached": (),
        "thresholds_projected": (),
        "status": BudgetStatus.ON_TRACK,
    }
    return BudgetReport(**{**fields, **more})


@pytest.mark.parametrize(
    ("spend", "projected", "status"),
    [
        ("900", None, PolicyStatus.PASSED),
        ("900.01", None, PolicyStatus.FAILED),
        ("500", "900", PolicyStatus.PASSED),
        ("500", "900.01", PolicyStatus.FAILED),
    ],
)
def test_the_projected_spend_counts_else_the_actual(
    spend: str, projected: str | None, status: PolicyStatus
) -> None:
    assert budget_headroom([budget(spend, projected)], TENTH).status is status


def test_the_finding_says_what_is_left() -> None:
    verdict = budget_headroom([budget("500", "1100")], TENTH)
    (finding,) = verdict.findings
    assert finding.message == "-10.00 % of shop is left after the projected spend"
    assert finding.evidence["left"] == "-100.00 USD"
    assert finding.evidence["projected spend"] == "1,100.00 USD"
    assert verdict.limit == "at least 10 % of each budget is left"
    assert budget_headroom([budget("1")], TENTH).measured == "99.90 % of shop (actual spend)"


def test_a_budget_that_does_not_know_its_days_is_unknown_unless_too_little_is_left() -> None:
    silent = {"status": BudgetStatus.UNKNOWN, "reason": "days are missing"}
    verdict = budget_headroom([budget("100", **silent)], TENTH)
    assert (verdict.status, verdict.measured) == (PolicyStatus.UNKNOWN, "")
    assert verdict.unknown[0].reason == "days are missing"
    assert budget_headroom([budget("950", **silent)], TENTH).status is PolicyStatus.FAILED


def test_a_budget_that_failed_is_unknown() -> None:
    verdict = budget_headroom([budget("1")], TENTH, unjudged=["lab"])
    assert (verdict.status, verdict.checked) == (PolicyStatus.UNKNOWN, 2)
    assert verdict.unknown[0].subject == "lab"


@given(spend=st.decimals("-10000", "10000", places=12), minimum=st.decimals("0", "1", places=4))
def test_no_amount_makes_it_crash(spend: Decimal, minimum: Decimal) -> None:
    verdict = budget_headroom([budget(str(spend))], minimum)
    assert bool(verdict.findings) == (1 - spend / 1000 < minimum)
