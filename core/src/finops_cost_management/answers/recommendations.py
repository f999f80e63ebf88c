"""What savings checks answer: finding, clean or unknown, for everything they looked at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal


class OptimizationCategory(StrEnum):
    """What kind of spend a recommendation is about."""

    COMPUTE = "compute"
    STORAGE = "storage"
    NETWORK = "network"
    DATABASE = "database"
    COMMITMENT = "commitment"
    KUBERNETES = "kubernetes"


class Effort(StrEnum):
    """How much work a change is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One change that would cost less.

    Attributes:
        id: The same for the same advice in every run.
        check: Name of the check, as in ``use:``.
        category: What kind of spend.
        provider: The cloud, in FOCUS's words.
        resource_id: What to change.
        recommendation: What to do, in one sentence.
        currency: ISO 4217 code of the amounts.
        current_cost: What it costs a month now (30.4375 days), on the basis below.
        estimated_monthly_savings: What the change would save a month; never negative and never
            more than ``current_cost``.
        basis: Which cost the saving is computed on.
        confidence: How likely the saving is real, in (0, 1].
        implementation_effort: How much work it is.
        evidence: The figures behind it, name → value as text.
    """

    id: str
    check: str
    category: OptimizationCategory
    provider: str
    resource_id: str
    recommendation: str
    currency: str
    current_cost: Decimal
    estimated_monthly_savings: Decimal
    basis: str
    confidence: float
    implementation_effort: Effort
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Something a check could not judge.

    Attributes:
        subject: What it looked at.
        reason: Why it cannot tell: too young, no price, no metric, …
    """

    subject: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsAnswer:
    """All that one check has to say.

    Attributes:
        findings: What would cost less.
        clean: How many subjects are fine.
        unknown: What could not be told, and why.
    """

    findings: tuple[Recommendation, ...] = ()
    clean: int = 0
    unknown: tuple[Unknown, ...] = ()

    @property
    def checked(self) -> int:
        """How many subjects were looked at."""
        return len(self.findings) + self.clean + len(self.unknown)

    @property
    def coverage(self) -> str:
        """The coverage in one sentence."""
        text = f"checked {self.checked}, clean {self.clean}, found {len(self.findings)}"
        if self.unknown:
            reasons = Counter(item.reason for item in self.unknown).most_common()
            because = ", ".join(f"{reason} ({count})" for reason, count in reasons)
            text += f", could not tell {len(self.unknown)}: {because}"
        return text
