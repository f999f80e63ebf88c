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
        claimed: What those that are verified were said to save a month.
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


def totals_of(records: Iterable[CheckRecord]) -> list[CheckRecord]:
    """All checks together, per currency, where there is more than one."""
    by_currency: dict[str, list[CheckRecord]] = {}
    for one in records:
        by_currency.setdefault(one.currency, []).append(one)
    return [
        CheckRecord(
            check="all checks",
            currency=currency,
            count=sum(one.count for one in mine),
            verified=sum(one.verified for one in mine),
            claimed=sum((one.claimed for one in mine), Decimal(0)),
            realised=sum((one.realised for one in mine), Decimal(0)),
        )
        for currency, mine in by_currency.items()
        if len(mine) > 1
    ]
