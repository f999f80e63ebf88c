"""Patterns of traffic that cost more than they must, and what to do about each."""

from __future__ import annotations

from dataclasses import dataclass

from finops_cost_management.answers.recommendations import Effort, Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPattern:
    """One way of traffic, and a cheaper one.

    Attributes:
        name: What tells several pieces of advice on one resource apart.
        advice: What to do, with ``{name}`` for the resource.
        steps: How to do it, in order.
        now: How the traffic goes.
        then: How it should go.
        confidence: How likely the saving is real.
        effort: How much work it is.
        risk: What it can break.
    """

    name: str
    advice: str
    steps: tuple[str, ...]
    now: str
    then: str
    confidence: float
    effort: Effort
    risk: Risk


THROUGH_NAT = TransferPattern(
    name="nat",
    advice=(
        "Lead the traffic of {name} to the provider's own services past it, through endpoints in "
        "the private network"
    ),
    steps=(
        "See in the flow logs which services the traffic goes to.",
        "Make an endpoint for object storage and the like first: some kinds cost nothing.",
        "Lead the routes of the private networks to it, and watch the gigabytes of a week.",
    ),
    now="through a NAT gateway",
    then="through private endpoints",
    confidence=0.6,
    effort=Effort.LOW,
    risk=Risk.LOW,
)
BETWEEN_ZONES = TransferPattern(
    name="zones",
    advice="Keep more of the traffic of {name} within a zone",
    steps=(
        "See in the flow logs who talks with whom across zones.",
        "Let callers prefer what is in their own zone: balancers, caches, replicas to read from.",
        "Leave in several zones what must survive the loss of one.",
    ),
    now="between zones",
    then="within a zone where it can be",
    confidence=0.3,
    effort=Effort.HIGH,
    risk=Risk.MEDIUM,
)
BETWEEN_REGIONS = TransferPattern(
    name="regions",
    advice="Keep more of the traffic of {name} within its region",
    steps=(
        "See which copies, backups and calls cross regions, and who wants them to.",
        "Move what talks most to one region, or keep a copy where it is read.",
        "Compress what has to cross, and send only what changed.",
    ),
    now="between regions",
    then="within a region where it can be",
    confidence=0.3,
    effort=Effort.HIGH,
    risk=Risk.MEDIUM,
)
WITHOUT_CDN = TransferPattern(
    name="cdn",
    advice="Serve what {name} sends to the internet through the CDN that you already use",
    steps=(
        "See what is sent: files and pages can be cached, answers made for one reader cannot.",
        "Put the CDN in front of it, and let only the CDN read from it.",
        "Watch the hit rate and the requests of the CDN, which are billed as well.",
    ),
    now="straight to the internet",
    then="through the CDN",
    confidence=0.5,
    effort=Effort.MEDIUM,
    risk=Risk.MEDIUM,
)

PATTERNS = {
    pattern.name: pattern for pattern in (THROUGH_NAT, BETWEEN_ZONES, BETWEEN_REGIONS, WITHOUT_CDN)
}
"""All patterns, by name."""
