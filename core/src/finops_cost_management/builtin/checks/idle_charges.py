"""Which charges are for being there and which for use, in the terms of the idle kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.builtin.checks.idle_kinds import KINDS
from finops_cost_management.query.charge_facts import is_held, is_standing, meter, quantity, unit

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

_CAPACITY = r"^(shard|stream).?h(ou)?rs?$"
"""Hours of what a stream can take, whether it does or not."""


def classified(charges: ibis.Table) -> ibis.Table:
    """Charges with what they are in the terms of `KINDS`.

    Columns added: ``Family`` (the number of the kind that the words name), ``CountsTime`` (it is
    a charge for being there, not for use), ``StandsAs`` (the kind of which it is such a charge),
    ``UsedAs`` (the kind of which it stands for use all the same), and ``Quantity``.
    """
    import ibis

    held = is_held(charges)
    timed = is_standing(charges) | unit(charges).re_search(_CAPACITY).fill_null(False)  # noqa: FBT003 # Ibis takes it by position only
    charges = charges.mutate(
        Said=_said(charges), Held=held, CountsTime=held | timed, Quantity=quantity(charges)
    )
    said = charges.Said
    families = [
        (
            said.re_search(kind.charge) & ~said.re_search(kind.unless)
            if kind.unless
            else said.re_search(kind.charge),
            number,
        )
        for number, kind in enumerate(KINDS)
    ]
    charges = charges.mutate(Family=ibis.cases(*families))
    family, said = charges.Family, charges.Said
    happened = charges.Quantity.fill_null(1) != 0
    used = [
        ((family == number) & said.re_search(kind.used) & charges.CountsTime & happened, number)
        for number, kind in enumerate(KINDS)
        if kind.used
    ]
    charges = charges.mutate(UsedAs=ibis.cases(*used))
    stored = charges.Family.isin([number for number, kind in enumerate(KINDS) if kind.held])
    stands = charges.CountsTime & charges.UsedAs.isnull() & (charges.Held == stored)
    return charges.mutate(StandsAs=ibis.ifelse(stands, charges.Family, None))


def _said(charges: ibis.Table) -> ir.StringValue:
    """``service | resource type | meter``, in small letters."""
    import ibis

    unused = charges.CapacityReservationStatus.fill_null("") == "Unused"
    words = (
        charges.ServiceName.fill_null(""),
        charges.ResourceType.fill_null(""),
        meter(charges),
        ibis.ifelse(unused, "unused capacity reservation", ""),
    )
    return ibis.literal(" | ").join(words).lower()
