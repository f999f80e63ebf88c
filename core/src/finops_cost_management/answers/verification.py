"""What a carried out recommendation really saved, seen on the bill."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from finops_cost_management.answers.ledger import LedgerEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedSaving:
    """A saving that was claimed, and what the bill says of it.

    Attributes:
        entry: The recommendation and what became of it.
        ended_on: The day from which it should cost less.
        claimed: The saving of a month that was estimated.
        before: Effective cost of a month (30.4375 average days) before that day; None where it
            cannot be told.
        after: The same, after the settling time; None likewise.
        reason: Why it cannot be told; empty where it can.
    """

    entry: LedgerEntry
    ended_on: date
    claimed: Decimal
    before: Decimal | None = None
    after: Decimal | None = None
    reason: str = ""

    @property
    def realised(self) -> Decimal | None:
        """What a month costs less: negative where it costs more; None where it is unknown."""
        if self.before is None or self.after is None:
            return None
        return self.before - self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecord:
    """What the advice of a check was worth, in one currency.

    Attributes:
        check: Its name.
        currency: ISO 4217 code.
        count: How many of its recommendations were carried out, or are gone.
        verified: How many of them the bill can tell of.
        claimed: What those were said to save a month.
        realised: What they do.
    """

    check: str
    currency: str
    count: int
    verified: int
    claimed: Decimal
    realised: Decimal

    @property
    def share(self) -> Decimal | None:
        """Realised of claimed; None where nothing was claimed."""
        return self.realised / self.claimed if self.claimed else None


def records_of(savings: Iterable[VerifiedSaving]) -> list[CheckRecord]:
    """Claimed against realised per check and currency; what cannot be told is only counted."""
    groups: dict[tuple[str, str], list[VerifiedSaving]] = {}
    for one in savings:
        recommendation = one.entry.recommendation
        groups.setdefault((recommendation.check, recommendation.currency), []).append(one)
    records = []
    for (check, currency), mine in sorted(groups.items()):
        told = [(one.claimed, one.realised) for one in mine if one.realised is not None]
        records.append(
            CheckRecord(
                check=check,
                currency=currency,
                count=len(mine),
                verified=len(told),
                claimed=sum((claimed for claimed, _ in told), Decimal(0)),
                realised=sum((realised for _, realised in told), Decimal(0)),
            )
        )
    return records
