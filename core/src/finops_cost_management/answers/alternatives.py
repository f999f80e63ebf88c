"""Advice on the same resource is an alternative, not a sum: only the best one counts."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from finops_cost_management.answers.priority import PriorityFormula
    from finops_cost_management.answers.recommendations import Recommendation

_BARE_ID = re.compile(r"^arn:.*[:/]([a-z]+-[0-9a-f]{8,17})$")
"""An ARN that ends with an id of AWS's making: no other resource has it."""

_SHARE_DIGITS = Decimal("0.000001")
"""So fine that rounding does not decide which of two alternatives is the better one."""

_PART_OF = "#"
"""Between a resource and the name of a part of its cost; no cloud's ids have it."""


def without_double_count(
    found: Sequence[Recommendation], formula: PriorityFormula
) -> list[Recommendation]:
    """The same recommendations, each with the part of its saving that totals may count.

    A resource can be stopped, shrunk, moved or committed to, and each advice may come from us and
    from its cloud. For every resource the one with the highest score there (`PriorityFormula`, of
    what it saves on this resource) counts, and no other. Advice that saves on several resources
    at once, such as a commitment, counts on those where nothing better is known.

    Args:
        found: Advice that is open, of all checks.
        formula: How a saving is weighed against doubt, work and danger.

    Returns:
        In the same order, with `Recommendation.counted_savings` and `Recommendation.better` set.
        Their sum is at most the sum over the resources of the largest saving on each.
    """
    parts = [_by_key(one) for one in found]
    best: dict[tuple[str, str, str], tuple[Decimal, Decimal, str]] = {}
    for one, saved in zip(found, parts, strict=True):
        weight = formula.weight(one)
        for resource, part in saved.items():
            key = (one.currency, one.provider, resource)
            rank = (part * weight, part, one.id)
            best[key] = max(rank, best.get(key, rank))
    settled = []
    for one, saved in zip(found, parts, strict=True):
        counted = Decimal(0)
        better: dict[str, None] = {}
        for resource, part in saved.items():
            *_, winner = best[one.currency, one.provider, resource]
            if winner == one.id:
                counted += part
            else:
                better[winner] = None
        settled.append(replace(one, counted_savings=counted, better=tuple(better)))
    return settled


def _by_key(one: Recommendation) -> dict[str, Decimal]:
    parts: dict[str, Decimal] = {}
    for resource, part in one.parts.items():
        key = resource_key(resource)
        parts[key] = parts.get(key, Decimal(0)) + part
    return parts


def resource_key(resource_id: str) -> str:
    """One key for the spellings of one resource.

    Bills and APIs write now ``i-0ab12cd34``, now the ARN that ends with it, and Azure's ids in
    letters of either case.

    Example:
        >>> resource_key("arn:aws:ec2:us-east-1:012345678901:instance/i-0ab12cd34")
        'i-0ab12cd34'
    """
    small, mark, part = resource_id.lower().partition(_PART_OF)
    bare = _BARE_ID.search(small)
    return (bare[1] if bare else small) + mark + part


def cost_part(resource_id: str, what: str) -> str:
    """The key of one part of what a resource costs, for `Recommendation.shares`.

    Advice on the traffic of a machine is no alternative to advice on its size: both count.

    Example:
        >>> cost_part("i-0ab12cd34", "between zones")
        'i-0ab12cd34#between zones'
    """
    return f"{resource_id}{_PART_OF}{what}"


def billed_resource(part: str) -> str:
    """The resource on whose cost a share is: what `cost_part` made a key of, or the id itself.

    Example:
        >>> billed_resource("i-0ab12cd34#between zones"), billed_resource("i-0ab12cd34")
        ('i-0ab12cd34', 'i-0ab12cd34')
    """
    return part.partition(_PART_OF)[0]


def shares_by_cost(
    saving: Decimal, costs: Mapping[str, Decimal], whole: Decimal | None = None
) -> dict[str, Decimal]:
    """A saving, split by what each resource costs, for `Recommendation.shares`.

    Nothing is left by rounding: it goes to the dearest resource. As an amount of its own, it
    would be counted with whichever alternative happens to leave most of it.

    Args:
        saving: What is split.
        costs: Resource → its cost; credits get no part.
        whole: What the saving is on, where that is more than these resources.

    Returns:
        Resource → its share. They add up to the saving, less what the rest of ``whole`` has of it.
    """
    dear = {name: cost for name, cost in costs.items() if cost > 0}
    if not dear:
        return {}
    named = sum(dear.values(), Decimal(0))
    whole = named if whole is None else max(whole, named)
    shares = {
        name: (saving * cost / whole).quantize(_SHARE_DIGITS, ROUND_DOWN)
        for name, cost in dear.items()
    }
    mine = (
        saving if whole == named else (saving * named / whole).quantize(_SHARE_DIGITS, ROUND_DOWN)
    )
    shares[max(dear, key=lambda name: (dear[name], name))] += mine - sum(shares.values())
    return {name: share for name, share in shares.items() if share}


def most_useful_first(one: Recommendation) -> tuple[Decimal, Decimal, str, str]:
    """Sorts by what counts, then by what is claimed; currencies are not converted."""
    counted = one.counted_savings or Decimal(0)
    return -counted, -one.estimated_monthly_savings, one.currency, one.id


def monthly_savings(found: Iterable[Recommendation]) -> dict[str, Decimal]:
    """What a month would cost less, per currency, largest first: the sum of what counts."""
    totals: dict[str, Decimal] = {}
    for one in found:
        if one.counted_savings is not None:
            totals[one.currency] = totals.get(one.currency, Decimal(0)) + one.counted_savings
    return dict(sorted(totals.items(), key=lambda item: -item[1]))
