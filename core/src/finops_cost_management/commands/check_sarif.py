"""What `finops check` found, as SARIF 2.1.0: the format of code scanning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from finops_cost_management.answers.anomalies import AnomalySeverity
from finops_cost_management.pipeline.policy_rules import RULES
from finops_cost_management.report.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.answers.policies import PolicyFinding, PolicyReport
    from finops_cost_management.pipeline.config import PipelineConfig

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    AnomalySeverity.LOW: "note",
    AnomalySeverity.MEDIUM: "warning",
    AnomalySeverity.HIGH: "error",
    AnomalySeverity.CRITICAL: "error",
}


def sarif_log(outcome: Outcome, config: PipelineConfig, *, strict: bool) -> dict[str, Any]:
    """One run with one rule per policy and one result per finding.

    What could not be told is a result of kind ``open``; with ``strict`` it failed.

    Args:
        outcome: Its policies, and the steps that failed.
        config: The pipeline file: the line of each policy is where its results point to.
        strict: Whether unknown counts as failed.
    """
    from importlib.metadata import version

    results = [
        {"ruleIndex": index, **result}
        for index, report in enumerate(outcome.policies)
        for result in _results(report, config, strict=strict)
    ]
    invocation = {
        "executionSuccessful": not outcome.failures,
        "toolExecutionNotifications": [
            {"level": "error", "message": _text(f"{record.step} failed: {record.message}")}
            for record in outcome.failures
        ],
    }
    driver = {
        "name": "finops",
        "version": version("finops-cost-management"),
        "rules": [_rule(report) for report in outcome.policies],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": results,
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(report: PolicyReport) -> dict[str, Any]:
    about = (RULES[report.rule].__doc__ or "").strip()
    return {
        "id": report.policy,
        "name": "".join(word.capitalize() for word in report.rule.split("_")),
        "shortDescription": _text(report.limit),
        "fullDescription": _text(about),
        "help": _text(
            f"{about} Here: {report.limit}. The page of the rule `{report.rule}` in "
            "docs/policies.md says how it is measured and how to put a finding right."
        ),
        "defaultConfiguration": {"level": _LEVELS[report.severity]},
        "properties": {"tags": ["finops", report.rule], "severity": report.severity.value},
    }


def _results(
    report: PolicyReport, config: PipelineConfig, *, strict: bool
) -> Iterator[dict[str, Any]]:
    failed = {"kind": "fail", "level": _LEVELS[report.severity]}
    for finding in report.findings:
        yield {
            "ruleId": report.policy,
            **failed,
            "message": _text(_in_words(finding)),
            **_where(report, config, finding.subject, finding.place),
            "properties": {plain(name): plain(said) for name, said in finding.evidence.items()},
        }
    for unknown in report.unknown:
        # The specification wants the level none of all that did not fail.
        yield {
            "ruleId": report.policy,
            **(failed if strict else {"kind": "open", "level": "none"}),
            "message": _text(f"{unknown.subject} cannot be told: {unknown.reason}"),
            **_where(report, config, unknown.subject, {}),
        }


def _in_words(finding: PolicyFinding) -> str:
    cost = finding.evidence.get("cost a month")
    return f"{finding.message} ({cost} a month)" if cost else finding.message


def _where(
    report: PolicyReport, config: PipelineConfig, subject: str, place: Mapping[str, str]
) -> dict[str, Any]:
    """The line of the policy, the thing itself, and what tells it again in the next run."""
    line = config.policy_places[report.policy]
    account = [place[name] for name in ("Provider", "SubAccountId") if name in place]
    fingerprint = report.fingerprint(subject, place)
    return {
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _address(config.file)},
                    "region": {"startLine": line.line, "startColumn": line.column},
                },
                "logicalLocations": [
                    {
                        "name": plain(place.get("ResourceName", subject)),
                        "fullyQualifiedName": plain("/".join([*account, subject])),
                        "kind": "resource",
                    }
                ],
            }
        ],
        # GitHub knows the first name only; all findings of a policy have the same line.
        "partialFingerprints": {
            "primaryLocationLineHash": f"{fingerprint}:1",
            "policyFinding/v1": fingerprint,
        },
    }


def _address(file: str) -> str:
    """The file as code scanning looks for it: relative to the folder of the check."""
    path = Path(file)
    if not path.is_absolute():
        return quote(path.as_posix())
    here = Path.cwd()
    return quote(path.relative_to(here).as_posix()) if path.is_relative_to(here) else path.as_uri()


def _text(text: str) -> dict[str, str]:
    return {"text": plain(text)}
