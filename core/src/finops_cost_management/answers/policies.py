"""What a policy answers: passed, failed or unknown, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finops_cost_management.answers.anomalies import AnomalySeverity
    from finops_cost_management.answers.recommendations import Unknown


class PolicyStatus(StrEnum):
    """Whether a policy holds."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFinding:
    """One thing that does not hold a policy.

    Attributes:
        subject: What it is about: a ``ResourceId``, ``costs in USD``, the name of a budget.
        message: What is wrong with it, in one sentence.
        evidence: The figures behind it, name → value as text.
        place: Where it is: FOCUS column (``Provider``, ``SubAccountId``, ``RegionId``, …) → value;
            empty for what is in no place.
    """

    subject: str
    message: str
    evidence: Mapping[str, str] = field(default_factory=dict)
    place: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a rule says of the costs that it was asked about.

    Attributes:
        limit: What must hold, in words.
        measured: What is the case, in words; empty where nothing could be measured.
        checked: How many things were looked at.
        findings: What does not hold, the most costly of each currency first.
        unknown: What could not be told, and why.
    """

    limit: str
    measured: str = ""
    checked: int = 0
    findings: tuple[PolicyFinding, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    @property
    def status(self) -> PolicyStatus:
        """Failed with any finding; else unknown where anything is; else passed."""
        if self.findings:
            return PolicyStatus.FAILED
        return PolicyStatus.UNKNOWN if self.unknown else PolicyStatus.PASSED


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyReport(Verdict):
    """One policy of a pipeline, judged.

    Attributes:
        policy: The policy's name in the pipeline.
        rule: The rule that it uses.
        severity: How much it matters when it does not hold.
    """

    policy: str
    rule: str
    severity: AnomalySeverity

    @classmethod
    def of(
        cls, verdict: Verdict, *, policy: str, rule: str, severity: AnomalySeverity
    ) -> PolicyReport:
        """The report of a policy whose rule gave this verdict."""
        said = {one.name: getattr(verdict, one.name) for one in fields(Verdict)}
        return cls(policy=policy, rule=rule, severity=severity, **said)

    @property
    def summary(self) -> str:
        """The report in one line."""
        told = [self.status.value]
        if self.findings:
            count = len(self.findings)
            told.append("one finding" if count == 1 else f"{count:,} findings")
        if self.unknown:
            told.append(f"{len(self.unknown):,} unknown")
        return ", ".join(told) + (f": {self.measured}" if self.measured else "")

    def fingerprint(self, subject: str, place: Mapping[str, str]) -> str:
        """The same for the same subject of this policy in every run and on every machine.

        Args:
            subject: A finding's, or that of something unknown.
            place: Where it is; names and services may change, so only the account counts.
        """
        where = [place.get(column, "") for column in ("Provider", "SubAccountId")]
        text = "|".join([self.policy, self.rule, *where, subject])
        return blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()
