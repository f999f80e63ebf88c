from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from finops_cost_management.answers.policies import PolicyStatus, Verdict
from finops_cost_management.plugins.savings_case import CASE_END, daily_charges
from finops_cost_management.policies.age import maximum_age
from finops_cost_management.policies.judged_bill import JudgedBill

pytestmark = pytest.mark.invented

Judged = Callable[..., JudgedBill]

STORE = daily_charges(1, days=200, ResourceId="old machine", ResourceType="Instance")
"""What the store knows of the account beside the snapshots."""


def snapshot(name: str, days: int, **columns: Any) -> list[Any]:
    return daily_charges(1, days=days, ResourceId=name, ResourceType="EBS Snapshot", **columns)


def judge(bill: JudgedBill, days: int = 90, **kinds: Any) -> Verdict:
    kinds = kinds or {"resource_types": ["*snapshot*"]}
    return maximum_age(bill, days, **{"resource_types": (), "services": (), **kinds})


@pytest.mark.parametrize(("days", "status"), [(90, PolicyStatus.PASSED), (91, PolicyStatus.FAILED)])
def test_the_newest_day_of_the_bill_counts(judged: Judged, days: int, status: PolicyStatus) -> None:
    verdict = judge(judged([*STORE, *snapshot("s", days)]))
    assert (verdict.status, verdict.checked) == (status, 1)


def test_the_finding_says_how_old(judged: Judged) -> None:
    (finding,) = judge(judged([*STORE, *snapshot("s", 120)])).findings
    assert finding.message == "s is 120 days old"
    assert finding.evidence["first charge"] == str(CASE_END - timedelta(days=120))


def test_what_was_there_when_the_store_begins_is_unknown(judged: Judged) -> None:
    young_store = [*daily_charges(1, days=60, ResourceId="x"), *snapshot("s", 55)]
    verdict = judge(judged(young_store))
    assert verdict.status is PolicyStatus.UNKNOWN
    assert verdict.unknown[0].subject == "s"
    assert verdict.unknown[0].reason.startswith("it is at least 55 days old")


def test_at_least_too_old_is_too_old(judged: Judged) -> None:
    (finding,) = judge(judged([*STORE, *snapshot("s", 200)])).findings
    assert finding.message == "s is at least 200 days old"


def test_a_new_account_has_a_beginning_of_its_own(judged: Judged) -> None:
    verdict = judge(judged([*STORE, *snapshot("s", 40, BillingAccountId="another")]))
    assert verdict.status is PolicyStatus.UNKNOWN


def test_a_correction_of_earlier_days_is_no_beginning(judged: Judged) -> None:
    corrected = daily_charges(
        -1, days=1, until=CASE_END - timedelta(days=300), ChargeClass="Correction"
    )
    verdict = judge(judged([*corrected, *snapshot("s", 55)]))
    assert verdict.status is PolicyStatus.UNKNOWN


def test_kinds_are_types_and_services(judged: Judged) -> None:
    bill = judged([*STORE, *snapshot("s", 120, ServiceName="Amazon EBS")])
    assert judge(bill, services=["amazon *"], resource_types=["*snapshot"]).checked == 1
    assert judge(bill, services=["azure *"]).checked == 0
    assert judge(bill, services=[]).checked == 2


def test_what_is_gone_is_not_looked_at(judged: Judged) -> None:
    gone = snapshot("s", 120, until=CASE_END - timedelta(days=5))
    verdict = judge(judged([*STORE, *gone]))
    assert (verdict.status, verdict.checked) == (PolicyStatus.PASSED, 0)
