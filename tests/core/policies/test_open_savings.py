from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from finops_cost_management.answers.alternatives import without_double_count
from finops_cost_management.answers.policies import PolicyStatus
from finops_cost_management.answers.priority import PriorityFormula
from finops_cost_management.answers.recommendations import (
    Effort,
    OptimizationCategory,
    Recommendation,
    SavingsAnswer,
    Unknown,
)
from finops_cost_management.plugins.savings_case import daily_charges
from finops_cost_management.policies.judged_bill import JudgedBill
from finops_cost_management.policies.open_savings import (
    savings_within_amount,
    savings_within_share,
    unjudged_savings,
)

pytestmark = pytest.mark.invented

Judged = Callable[..., JudgedBill]


def advice(saving: str, resource: str = "r", currency: str = "USD") -> Recommendation:
    return Recommendation(
        check=f"check-{saving}",
        category=OptimizationCategory.COMPUTE,
        provider="AWS",
        resource_id=resource,
        recommendation=f"Save {saving}",
        currency=currency,
        current_cost=Decimal(1000),
        estimated_monthly_savings=Decimal(saving),
        confidence=0.5,
        implementation_effort=Effort.LOW,
    )


def found(*advised: Recommendation) -> list[Recommendation]:
    return without_double_count(advised, PriorityFormula())


@pytest.mark.parametrize(
    ("amount", "status"), [("300", PolicyStatus.PASSED), ("299.99", PolicyStatus.FAILED)]
)
def test_alternatives_count_once(amount: str, status: PolicyStatus) -> None:
    open_ = found(advice("200"), advice("150"), advice("100", "other"))
    verdict = savings_within_amount(open_, Decimal(amount), "USD")
    assert verdict.status is status
    assert verdict.measured == "300.00 USD a month"
    assert verdict.checked == 3


def test_the_finding_names_the_largest() -> None:
    open_ = found(advice("200"), advice("150"), advice("100", "other"))
    (finding,) = savings_within_amount(open_, Decimal(250), "USD").findings
    assert finding.message == ("300.00 USD a month is open, at most 250.00 USD a month may be")
    assert list(finding.evidence.values()) == ["300.00 USD", "200.00 USD", "100.00 USD"]


def test_savings_in_another_currency_are_unknown() -> None:
    verdict = savings_within_amount(found(advice("5", currency="EUR")), Decimal(0), "USD")
    assert verdict.status is PolicyStatus.UNKNOWN
    assert verdict.unknown[0].subject == "savings in EUR"


@pytest.mark.parametrize(
    ("maximum", "status"), [("0.1", PolicyStatus.PASSED), ("0.0999", PolicyStatus.FAILED)]
)
def test_a_share_is_of_the_cost_of_a_month(
    judged: Judged, maximum: str, status: PolicyStatus
) -> None:
    bill = judged(daily_charges("32"))  # 974.00 a month
    verdict = savings_within_share(found(advice("97.40")), Decimal(maximum), bill)
    assert verdict.status is status
    assert verdict.measured == "10.00 % of 974.00 USD a month"


def test_without_a_cost_the_share_is_unknown(judged: Judged) -> None:
    for columns in ({"EffectiveCost": None}, {"BillingCurrency": "EUR"}):
        verdict = savings_within_share(
            found(advice("5")), Decimal(1), judged(daily_charges(1, **columns))
        )
        assert verdict.status is PolicyStatus.UNKNOWN
        assert verdict.unknown[0].subject == "savings in USD"


def test_what_the_checks_cannot_tell_may_hide_savings() -> None:
    silent = SavingsAnswer(clean=3, unknown=(Unknown(subject="a", reason="too young"),))
    unknown = unjudged_savings({"idle": silent, "fine": SavingsAnswer(clean=1)})
    assert [(one.subject, one.reason) for one in unknown] == [("optimizers.idle", silent.coverage)]
