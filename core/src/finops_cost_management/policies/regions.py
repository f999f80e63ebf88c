"""Where things may run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.answers.policies import PolicyFinding, Verdict
from finops_cost_management.policies.globs import matching
from finops_cost_management.policies.judged_bill import costliest_first, told_of, usage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from finops_cost_management.policies.judged_bill import BilledResource, JudgedBill


def forbidden_regions(bill: JudgedBill, regions: Sequence[str]) -> Verdict:
    """Nothing is used in these regions.

    Args:
        bill: The charges to judge; what belongs to no region is not looked at.
        regions: Patterns of ``RegionId``.
    """

    def is_wrong(region: str) -> bool:
        return bool(matching([region], regions))

    return _verdict(bill, is_wrong, f"nothing is used in {', '.join(regions)}")


def allowed_regions(bill: JudgedBill, regions: Sequence[str]) -> Verdict:
    """Nothing is used outside of these regions.

    Args:
        bill: The charges to judge; what belongs to no region is not looked at.
        regions: Patterns of ``RegionId``.
    """

    def is_wrong(region: str) -> bool:
        return not matching([region], regions)

    limit = f"nothing is used outside of {', '.join(regions)}"
    return _verdict(bill, is_wrong, limit)


def _verdict(bill: JudgedBill, is_wrong: Callable[[str], bool], limit: str) -> Verdict:
    used = usage(bill.charges)
    charges = used.filter(used.RegionId.notnull())
    found: list[tuple[BilledResource, PolicyFinding]] = []
    checked = 0
    for resource in bill.resources(charges, Regions=charges.RegionId.collect(distinct=True)):
        checked += 1
        wrong = sorted(filter(is_wrong, resource.facts["Regions"]))
        if wrong:
            message = f"{resource.name} is in {' and '.join(wrong)}"
            found.append((resource, resource.finding(message, region=", ".join(wrong))))
    return Verdict(
        limit=limit,
        measured=told_of((one for one, _ in found), checked, "resources"),
        checked=checked,
        findings=costliest_first(found),
    )
