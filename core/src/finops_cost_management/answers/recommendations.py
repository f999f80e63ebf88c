"""What savings checks answer: finding, clean or unknown, for everything they looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping  # noqa: TC003 # pydantic reads it to write and read the ledger
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b

DAYS_A_MONTH = Decimal("30.4375")
"""A twelfth of 365.25 days: what amounts "a month" are multiplied by."""


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


class Risk(StrEnum):
    """What a change can break, or bind."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Priority(StrEnum):
    """How soon a recommendation deserves somebody's time."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return list(Priority).index(self)


class SavingsBasis(StrEnum):
    """What a saving is computed on."""

    OWN_COST = "own effective cost"
    LIST_PRICE = "list price"
    PROVIDER_FIGURE = "provider's figure"


class RecommendationStatus(StrEnum):
    """Where a recommendation is in its life.

    ``new``: found for the first time. ``open``: found before, and nobody decided. ``snoozed``:
    not told until a day. ``dismissed``: not told again. ``done``: somebody says it is carried
    out. ``gone``: its check looked again and does not find it any more.
    """

    NEW = "new"
    OPEN = "open"
    SNOOZED = "snoozed"
    DISMISSED = "dismissed"
    DONE = "done"
    GONE = "gone"

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody, and counts in totals."""
        return self in (RecommendationStatus.NEW, RecommendationStatus.OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One change that would cost less.

    A check fills in what it knows; `priority`, `status`, `counted_savings` and `better` are set
    when a run enters its findings into the ledger.

    Attributes:
        check: Name of the check, as in ``use:``.
        category: What kind of spend.
        provider: The cloud, in FOCUS's words.
        resource_id: What to change.
        recommendation: What to do, in one sentence.
        currency: ISO 4217 code of the amounts.
        current_cost: What it costs a month now (30.4375 days), on the basis below.
        estimated_monthly_savings: What the change would save a month, net of commitments that
            go on being paid; never negative and never more than ``current_cost``.
        confidence: How likely the saving is real, in (0, 1].
        implementation_effort: How much work it is.
        basis: Which cost the saving is computed on.
        risk: What it can break, or bind.
        restart_needed: Whether the resource is interrupted.
        reversible: Whether it can be taken back.
        steps: How to do it, in order.
        current_configuration: What it is now, name → value as text.
        recommended_configuration: What it should be, likewise.
        evidence: The figures behind it, name → value as text.
        lookback_days: How many days the check looked at; a younger resource is not judged.
        source: Whose advice it is: ``bill``, ``metrics``, or the provider's own adviser by name.
        variant: Tells several pieces of advice of one check on one resource apart.
        resource_name: The name people know it by; None where the bill has none.
        resource_type: The provider's type of it, likewise.
        sub_account_id: The account, subscription or project, likewise.
        region_id: The region, likewise.
        shares: Where the saving comes from the costs of several resources: ``ResourceId`` → its
            part of ``estimated_monthly_savings``. What they leave is ``resource_id``'s own.
        priority: How soon it deserves somebody's time.
        status: Where it is in its life.
        counted_savings: The part of the saving that totals count: what better advice on the same
            resources saves already is not counted twice. None before it is in the ledger.
        better: Ids of the better advice on the same resources.

    Raises:
        ValueError: An amount is impossible: nobody saves less than nothing, or more than it costs.
    """

    check: str
    category: OptimizationCategory
    provider: str
    resource_id: str
    recommendation: str
    currency: str
    current_cost: Decimal
    estimated_monthly_savings: Decimal
    confidence: float
    implementation_effort: Effort
    basis: SavingsBasis = SavingsBasis.OWN_COST
    risk: Risk = Risk.MEDIUM
    restart_needed: bool = False
    reversible: bool = True
    steps: tuple[str, ...] = ()
    current_configuration: Mapping[str, str] = field(default_factory=dict)
    recommended_configuration: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)
    lookback_days: int = 30
    source: str = "bill"
    variant: str = ""
    resource_name: str | None = None
    resource_type: str | None = None
    sub_account_id: str | None = None
    region_id: str | None = None
    shares: Mapping[str, Decimal] = field(default_factory=dict)
    priority: Priority = Priority.LOW
    status: RecommendationStatus = RecommendationStatus.NEW
    counted_savings: Decimal | None = None
    better: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.estimated_monthly_savings <= self.current_cost:
            raise ValueError(
                f"{self.check} on {self.resource_id}: a saving of "
                f"{self.estimated_monthly_savings} is not within 0 and the cost of "
                f"{self.current_cost}"
            )
        if not 0 < self.confidence <= 1:
            raise ValueError(f"{self.check}: a confidence of {self.confidence} is not in (0, 1]")
        parts = self.shares.values()
        if any(part < 0 for part in parts) or sum(parts) > self.estimated_monthly_savings:
            raise ValueError(f"{self.check} on {self.resource_id}: shares exceed the saving")

    @property
    def id(self) -> str:
        """The same for the same advice in every run and on every machine."""
        text = f"{self.check}|{self.variant}|{self.provider}|{self.resource_id}|{self.currency}"
        if self.sub_account_id is not None:  # two accounts may have a resource of the same id
            text += f"|{self.sub_account_id}"
        return blake2b(text.encode(), digest_size=6).hexdigest()

    @property
    def parts(self) -> dict[str, Decimal]:
        """``ResourceId`` → the part of the saving that comes from its cost; they add up to it."""
        parts = dict(self.shares)
        rest = self.estimated_monthly_savings - sum(parts.values())
        if rest or not parts:
            parts[self.resource_id] = parts.get(self.resource_id, Decimal(0)) + rest
        return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Something a check could not judge.

    Attributes:
        subject: What it looked at. Where it is the id of a resource or of an account, what was
            found there before may still be so, and is not taken for gone.
        reason: Why it cannot tell: too young, no price, no metric, …
        broad: Whether the subject is more than that: a region, a provider. Nothing that the step
            found before is taken for gone then.
    """

    subject: str
    reason: str
    broad: bool = False


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
            text += f", could not tell {len(self.unknown)}, because: {because}"
        return text
