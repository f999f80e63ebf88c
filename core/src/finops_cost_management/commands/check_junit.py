"""What `finops check` found, as JUnit's XML: the format of test reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.answers.policies import PolicyStatus
from finops_cost_management.report.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from junitparser import TestCase

    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.answers.policies import PolicyReport


def junit_report(outcome: Outcome, *, strict: bool, limit: int) -> str:
    """A suite per rule, a case per policy, and a case per finding of a policy that failed.

    A policy that could not be told is skipped; with ``strict`` it failed.

    Args:
        outcome: Its policies, and the steps that failed.
        strict: Whether unknown counts as failed.
        limit: How many findings of a policy get a case of their own.
    """
    from junitparser import Error, JUnitXml, TestCase, TestSuite

    report = JUnitXml("finops check")
    for rule in dict.fromkeys(one.rule for one in outcome.policies):
        suite = TestSuite(rule)
        for policy in outcome.policies:
            if policy.rule == rule:
                suite.add_testcases(list(_cases(policy, strict=strict, limit=limit)))
        report.add_testsuite(suite)
    if outcome.failures:
        suite = TestSuite("steps")
        for record in outcome.failures:
            case = TestCase(str(record.step), classname="steps")
            case.result = [Error(plain(record.message))]
            suite.add_testcase(case)
        report.add_testsuite(suite)
    report.update_statistics()  # type: ignore[no-untyped-call] # junitparser says no types here
    xml: bytes = report.tostring()  # type: ignore[no-untyped-call] # likewise
    return f"{xml.decode()}\n"


def _cases(policy: PolicyReport, *, strict: bool, limit: int) -> Iterator[TestCase]:
    from junitparser import Failure, Skipped, TestCase

    classname = f"policies.{policy.rule}"
    case = TestCase(policy.policy, classname=classname)
    reasons = "\n".join(plain(f"{one.subject}: {one.reason}") for one in policy.unknown[:limit])
    if policy.status is PolicyStatus.FAILED:
        failure = Failure(plain(f"{policy.limit}; {policy.summary}"), policy.severity.value)
        failure.text = reasons
        case.result = [failure]
    elif policy.status is PolicyStatus.UNKNOWN:
        result = Failure if strict else Skipped
        told = result(plain(f"{policy.limit}; {policy.summary}"), "unknown")
        told.text = reasons
        case.result = [told]
    yield case
    for finding in policy.findings[:limit]:
        case = TestCase(f"{policy.policy}: {plain(finding.subject)}", classname=classname)
        failure = Failure(plain(finding.message), policy.severity.value)
        failure.text = "\n".join(
            plain(f"{name}: {said}") for name, said in {**finding.place, **finding.evidence}.items()
        )
        case.result = [failure]
        yield case
