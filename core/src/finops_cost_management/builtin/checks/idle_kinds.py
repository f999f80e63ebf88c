"""What can be idle and seen to be so on a bill: how each kind is recognised, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from finops_cost_management.answers.recommendations import Effort, OptimizationCategory, Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleKind:
    """A kind of resource that is billed for being there, and for being used beside that.

    The patterns are regular expressions over what a charge says in small letters:
    ``service | resource type | meter``. They name no provider: the words are their own.

    Attributes:
        name: How people call it.
        charge: Charges of this kind, those for being there and those for use.
        unless: Charges that are of another kind after all.
        used: Charges that count time and stand for use nevertheless.
        held: It is billed for the data that it holds, not for time.
        says_idle: The charge itself says that nothing uses it; nothing has to be missing.
        sign: What shows that it is idle, as part of a sentence.
        remedy: What to do with it: an imperative before its name.
        steps: How to do it, in order.
        category: What kind of spend it is.
        effort: How much work it is.
        risk: What it can break.
        reversible: Whether it can be taken back.
        confidence: How likely nobody needs it.
    """

    name: str
    charge: str
    unless: str = ""
    used: str = ""
    held: bool = False
    says_idle: bool = False
    sign: str
    remedy: str = "Delete"
    steps: tuple[str, ...]
    category: OptimizationCategory = OptimizationCategory.NETWORK
    effort: Effort = Effort.LOW
    risk: Risk = Risk.LOW
    reversible: bool = True
    confidence: float


_NO_TRAFFIC = "no traffic passed it"

KINDS = (
    IdleKind(
        name="capacity reservation",
        charge=r"unused (capacity )?reservation|unused(box|ded)\b",
        says_idle=True,
        sign="nothing ran on what is billed as unused",
        remedy="Shrink or cancel",
        steps=(
            "Ask whoever made it whether it is kept for a launch, a failover or a test.",
            "Reduce it to the instances that run on it, or cancel it.",
            "Where it must stay: cover it with a commitment, which costs less.",
        ),
        category=OptimizationCategory.COMPUTE,
        risk=Risk.MEDIUM,
        reversible=False,
        confidence=0.8,
    ),
    IdleKind(
        name="public address",
        charge=(
            r"(idle|inuse)address|(idle|in-use) public ipv4|elastic ip address not attached"
            r"|static ip charge|external ip charge"
        ),
        used=r"inuseaddress|in-use public ipv4|external ip charge",
        says_idle=True,
        sign="its provider billed it as attached to nothing",
        remedy="Release",
        steps=(
            "Look for the address in DNS and in the allow lists of partners.",
            "Release it; the same address cannot be had again.",
        ),
        reversible=False,
        confidence=0.9,
    ),
    IdleKind(
        name="NAT gateway",
        charge=r"nat.?gateway|cloud nat\b",
        sign=_NO_TRAFFIC,
        steps=(
            "Look for routes that lead to it, and ask whoever runs what is behind them.",
            "Remove these routes, and wait for a week.",
            "Delete it, and release its public addresses.",
        ),
        confidence=0.9,
    ),
    IdleKind(
        name="load balancer",
        charge=r"load.?balanc|forwarding rule|application gateway",
        used=r"capacity units?",
        sign=_NO_TRAFFIC,
        steps=(
            "Look for DNS names that lead to it, and for targets that are registered.",
            "Keep its definition: the configuration of listeners, rules and certificates.",
            "Take the DNS names away, wait for a week, and delete it.",
        ),
        confidence=0.85,
    ),
    IdleKind(
        name="private endpoint",
        charge=r"vpc.?endpoint|private.?endpoint|private service connect",
        sign=_NO_TRAFFIC,
        steps=(
            "See which service it leads to, and whether something may need it in a failover.",
            "Delete it: callers then take the public way, unless policies forbid that.",
        ),
        confidence=0.9,
    ),
    IdleKind(
        name="transit or VPN gateway",
        charge=r"transit.?gateway|(client|cloud) ?vpn|vpngw|vpn.?(gateway|usage|connection|tunnel)",
        unless=r"express ?route",
        used=r"clientvpn.?connection|p2s connection",
        sign=_NO_TRAFFIC,
        steps=(
            "Ask whether it is the spare way for another line: a spare way has no traffic.",
            "Keep its configuration and its keys, and tell the other side.",
            "Take its routes away, wait for a week, and delete it.",
        ),
        effort=Effort.MEDIUM,
        risk=Risk.MEDIUM,
        confidence=0.6,
    ),
    IdleKind(
        name="network firewall",
        charge=r"network.?firewall|azure firewall( -| \|)|firewall endpoint",
        unless=r"firewall manager",
        sign=_NO_TRAFFIC,
        steps=(
            "Look for routes that lead to it; without any, it protects nothing.",
            "Ask whoever is responsible for security.",
            "Keep its rules, and delete it.",
        ),
        effort=Effort.MEDIUM,
        risk=Risk.MEDIUM,
        confidence=0.8,
    ),
    IdleKind(
        name="stream",
        charge=r"kinesis|event hubs",
        # What is sold with all its traffic has no charges for use.
        unless=r"processing unit|capacity unit|analytics|video",
        sign="nobody wrote to it",
        steps=(
            "Ask its producers and consumers whether they have moved on.",
            "Read what it still retains, if somebody needs it.",
            "Delete it; what it retains is lost.",
        ),
        category=OptimizationCategory.COMPUTE,
        risk=Risk.MEDIUM,
        reversible=False,
        confidence=0.85,
    ),
    IdleKind(
        name="bucket",
        charge=r"simple storage service|amazon s3\b|cloud storage|storage account|object.?storage",
        # Nobody expects an archive to be read.
        unless=r"glacier|archive|coldline",
        held=True,
        sign="nobody read or wrote it",
        remedy="Archive or delete",
        steps=(
            "Ask its owner what it is kept for, and for how long.",
            "Move what must be kept to an archive class; mind its minimum duration.",
            "Take away all access for a month, and delete what nobody missed.",
        ),
        category=OptimizationCategory.STORAGE,
        effort=Effort.MEDIUM,
        risk=Risk.HIGH,
        reversible=False,
        confidence=0.6,
    ),
)
"""All kinds; a charge is of the first one that its words match."""
