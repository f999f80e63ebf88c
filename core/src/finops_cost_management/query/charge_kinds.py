"""Which charges are not usage, and move for reasons of their own."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis

KIND = "x_ChargeKind"
"""The column that `with_kinds` adds."""

_CORRECTION = "Correction"


class OtherCharges(StrEnum):
    """What becomes of taxes, credits, adjustments, corrections and commitment purchases."""

    APART = "apart"
    LEAVE_OUT = "leave_out"
    TOGETHER = "together"


def with_kinds(rows: ibis.Table) -> ibis.Table:
    """The same charges with their kind (`KIND`).

    It is null for usage and for what is bought like usage: support, marketplace subscriptions.
    Else it is ``Tax``, ``Credit``, ``Adjustment``, ``Purchase`` (of a commitment) or
    ``Correction`` (of a former invoice, refunds among them).

    The unused part of a commitment is usage: its effective cost grows by what the used part
    loses, and only both together are what the commitment costs a day.
    """
    import ibis

    category = rows.ChargeCategory
    bought = (category == "Purchase") & rows.CommitmentDiscountId.notnull()
    kind = ibis.cases(
        (rows.ChargeClass == _CORRECTION, ibis.literal(_CORRECTION)),
        (category.isin(["Tax", "Credit", "Adjustment"]) | bought, category),
    )
    return rows.mutate(kind.name(KIND))


def apart(key: Mapping[str, str | None]) -> dict[str, str | None]:
    """The key of a series that `KIND` tells apart, in FOCUS's own columns."""
    own = {name: value for name, value in key.items() if name != KIND}
    if (kind := key[KIND]) is None:
        return own
    return {**own, "ChargeClass" if kind == _CORRECTION else "ChargeCategory": kind}


def kind_of(dimensions: Mapping[str, str | None]) -> str | None:
    """The kind that a key of `apart` stands for."""
    return dimensions.get("ChargeClass") or dimensions.get("ChargeCategory")
