"""Resources that lack tags which they must have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.answers.policies import PolicyFinding, Verdict
from finops_cost_management.answers.recommendations import Unknown
from finops_cost_management.policies.judged_bill import costliest_first, told_of, usage
from finops_cost_management.query.dimensions import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.policies.judged_bill import BilledResource, JudgedBill


def required_tags(bill: JudgedBill, tags: Sequence[str], minimum_cost: Decimal) -> Verdict:
    """Every resource has all of these tags on the last day that it is charged.

    Args:
        bill: The charges to judge.
        tags: Keys, as the bill writes them.
        minimum_cost: Effective cost a month, in the currency of the bill, below which a resource
            is not looked at.
    """
    charges = taggable(bill.charges)
    day = charges.ChargePeriodStart.date()
    newest = {f"Newest{place}": day.max(where=has_tag(charges, key)) for place, key in _nth(tags)}
    found: list[tuple[BilledResource, PolicyFinding]] = []
    unknown = []
    checked = 0
    for resource in bill.resources(charges, Newest=day.max(), **newest):
        last = resource.facts["Newest"]
        missing = [key for place, key in _nth(tags) if resource.facts[f"Newest{place}"] != last]
        if resource.monthly_cost is None:
            checked += 1
            if missing:
                unknown.append(_without_cost(resource, missing))
        elif resource.monthly_cost >= minimum_cost:
            checked += 1
            if missing:
                found.append((resource, _finding(resource, missing, last.isoformat())))
    return Verdict(
        limit=f"every resource has {' and '.join(tags)}",
        measured=told_of((one for one, _ in found), checked, "resources lack one"),
        checked=checked,
        findings=costliest_first(found),
        unknown=tuple(unknown),
    )


def taggable(charges: ibis.Table) -> ibis.Table:
    """Charges for using a resource: only a resource can carry a tag."""
    used = usage(charges)
    return used.filter(used.ResourceId.notnull())


def has_tag(charges: ibis.Table, key: str) -> ir.BooleanValue:
    """Whether a charge has a tag with a value; nobody answers for a blank one."""
    return (json_text(charges.Tags, key).strip() != "").fill_null(False)  # noqa: FBT003 # Ibis takes it by position only


def _nth(tags: Sequence[str]) -> list[tuple[int, str]]:
    """Keys with their place: a key is no name for a column."""
    return list(enumerate(tags))


def _finding(resource: BilledResource, missing: Sequence[str], last: str) -> PolicyFinding:
    noun = "tag" if len(missing) == 1 else "tags"
    return resource.finding(
        f"{resource.name} has no {noun} {' and '.join(missing)}",
        missing=", ".join(missing),
        **{"last day with a charge": last},
    )


def _without_cost(resource: BilledResource, missing: Sequence[str]) -> Unknown:
    return Unknown(
        subject=resource.id,
        reason=f"it has no {' and '.join(missing)}, and its charges do not say what it costs",
    )
