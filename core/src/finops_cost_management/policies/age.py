"""How old things may become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.answers.policies import PolicyFinding, Verdict
from finops_cost_management.answers.recommendations import Unknown
from finops_cost_management.policies.globs import matching
from finops_cost_management.policies.judged_bill import costliest_first, told_of, usage
from finops_cost_management.query.dimensions import PROVIDER, Dimension
from finops_cost_management.window import days_after

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import ibis

    from finops_cost_management.policies.judged_bill import BilledResource, JudgedBill

_BEGINNING = 7
"""What has a charge in the first days of the store may have been there before."""


def maximum_age(
    bill: JudgedBill, days: int, *, resource_types: Sequence[str], services: Sequence[str]
) -> Verdict:
    """No resource of these kinds is older than so many days.

    A resource is as old as its first charge in the store. One that was there when the store
    begins is at least that old: unknown, as long as that is not too old already.

    Args:
        bill: The charges to judge.
        days: How many days, the newest day of its provider's bill included.
        resource_types: Patterns of ``ResourceType``; empty for all.
        services: Patterns of ``ServiceName``; empty for all.
    """
    history = usage(bill.history)
    for column, patterns in (("ResourceType", resource_types), ("ServiceName", services)):
        history = _of_kind(history, column, patterns)
    first = _first_days(history.filter(history.ResourceId.notnull()), "ResourceId")
    # A correction stands on the day that it corrects, which the store may not know.
    begins = _first_days(usage(bill.store), "BillingAccountId")
    charges = bill.lookback.select(history)
    charges = charges.filter(charges.ResourceId.notnull())
    found: list[tuple[BilledResource, PolicyFinding]] = []
    unknown = []
    checked = 0
    for resource in bill.resources(charges, Account=charges.BillingAccountId.max()):
        checked += 1
        since = first[resource.provider, resource.id]
        age = (bill.lookback.windows[resource.provider].end - since).days
        store_begins = begins[resource.provider, resource.facts["Account"]]
        before = since < days_after(store_begins, _BEGINNING)
        told = f"at least {age:,}" if before else f"{age:,}"
        if age > days:
            message = f"{resource.name} is {told} days old"
            finding = resource.finding(message, **{"first charge": since.isoformat()})
            found.append((resource, finding))
        elif before:
            reason = f"it is {told} days old: the store knows its bill since {store_begins}"
            unknown.append(Unknown(subject=resource.id, reason=reason))
    kinds = " or ".join([*resource_types, *services]) or "resource"
    return Verdict(
        limit=f"no {kinds} is older than {days:,} days",
        measured=told_of((one for one, _ in found), checked, "resources"),
        checked=checked,
        findings=costliest_first(found),
        unknown=tuple(unknown),
    )


def _of_kind(charges: ibis.Table, column: str, patterns: Sequence[str]) -> ibis.Table:
    """The charges whose column meets one of the patterns; all where there are none."""
    if not patterns:
        return charges
    kinds = charges.select(column).distinct().to_pyarrow()[column].to_pylist()
    return charges.filter(charges[column].isin(matching(kinds, patterns)))


def _first_days(charges: ibis.Table, column: str) -> dict[tuple[str | None, str | None], date]:
    """(Provider, value of a column) → the first day with a charge."""
    first = (
        charges.group_by(Dimension(PROVIDER).of(charges), column)
        .aggregate(First=charges.ChargePeriodStart.date().min())
        .to_pyarrow()
        .to_pylist()
    )
    return {(row[PROVIDER], row[column]): row["First"] for row in first}
