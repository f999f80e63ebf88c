"""Instance families that nobody may use."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from finops_cost_management.answers.policies import PolicyFinding, Verdict
from finops_cost_management.answers.recommendations import Unknown
from finops_cost_management.policies.globs import beginnings, matching
from finops_cost_management.policies.judged_bill import costliest_first, told_of, usage
from finops_cost_management.query.charge_facts import is_hours, meter
from finops_cost_management.query.dimensions import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis
    import ibis.expr.types as ir

    from finops_cost_management.policies.judged_bill import BilledResource, JudgedBill


def forbidden_instance_families(bill: JudgedBill, families: Sequence[str]) -> Verdict:
    """No machine, database or cache is of these families.

    The instance type is what ``SkuPriceDetails`` says, else what the meter names. A virtual
    machine of which neither tells the type is unknown.

    Args:
        bill: The charges to judge.
        families: Beginnings of instance types (``p3``, ``Standard_NC``), or patterns.
    """
    patterns = beginnings(families)
    used = usage(bill.charges)
    charges = used.filter(used.ResourceId.notnull())
    said = json_text(charges.SkuPriceDetails, "InstanceType")
    counted = meter(charges)
    found: list[tuple[BilledResource, PolicyFinding]] = []
    unknown = []
    checked = 0
    for resource in bill.resources(
        charges,
        Said=said.collect(distinct=True),
        Meters=counted.collect(distinct=True, where=said.isnull()),
        RunsOn=counted.collect(distinct=True, where=said.isnull() & _is_machine(charges)),
    ):
        named = filter(None, map(instance_type_in, resource.facts["Meters"] or ()))
        types = sorted({*(resource.facts["Said"] or ()), *named})
        untold = [one for one in resource.facts["RunsOn"] or () if not instance_type_in(one)]
        checked += bool(types or untold)
        if wrong := matching(types, patterns):
            message = f"{resource.name} is a {' and a '.join(wrong)}"
            finding = resource.finding(message, **{"instance type": ", ".join(wrong)})
            found.append((resource, finding))
        elif untold:
            reason = "the bill does not say its instance type"
            unknown.append(Unknown(subject=resource.id, reason=reason))
    return Verdict(
        limit=f"no instance is of {' or '.join(families)}",
        measured=told_of((one for one, _ in found), checked, "instances"),
        checked=checked,
        findings=costliest_first(found),
        unknown=tuple(unknown),
    )


def _is_machine(charges: ibis.Table) -> ir.BooleanValue:
    """Whether a charge counts hours of a virtual machine."""
    kind = charges.ServiceSubcategory
    runs = (kind == "Virtual Machines") | (kind.isnull() & (charges.ServiceCategory == "Compute"))
    return (runs & is_hours(charges)).fill_null(False)  # noqa: FBT003 # Ibis takes it by position only


_AWS = re.compile(
    r"\b(?:[a-z]+\.)?[a-z][a-z-]*\d[a-z\d-]*\.(?:nano|micro|small|medium|(?:\d*x)?large|metal[a-z\d-]*)\b",
    re.IGNORECASE,
)
_AZURE = re.compile(r"\bStandard_[a-z]+\d[\w-]*", re.IGNORECASE)
_AZURE_METER = re.compile(r"\b[A-Z]{1,3}\d+[a-z-]*\d*[a-z]* v\d\b", re.IGNORECASE)
_GOOGLE = re.compile(r"\b[a-z]\d[a-z]?-[a-z]+(?:-[a-z\d]+)*-\d+\b", re.IGNORECASE)
_GOOGLE_CORES = re.compile(r"\b([A-Z]\d[A-Z]?) (?:[A-Z]+ )*Instance (?:Core|Ram)\b", re.IGNORECASE)


@cache
def instance_type_in(meter: str) -> str | None:
    """The instance type that a meter names; None where it names none.

    AWS writes it out (``BoxUsage:p3.2xlarge``), Azure with blanks (``NC6s v3``), and of Google's
    machines the bill has cores and memory of a family (``N1 Predefined Instance Core``).
    """
    for pattern in (_AWS, _AZURE, _GOOGLE):
        if found := pattern.search(meter):
            return found[0]
    if found := _AZURE_METER.search(meter):
        return "Standard_" + found[0].replace(" ", "_")
    if found := _GOOGLE_CORES.search(meter):
        return found[1].lower()
    return None
