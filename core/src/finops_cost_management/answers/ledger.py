"""The ledger of recommendations: what was found when, what people decided, what became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from finops_cost_management.answers.recommendations import Recommendation, RecommendationStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from decimal import Decimal

    from finops_cost_management.answers.recommendations import SavingsAnswer

SETTLING_DAYS = 7
"""Days after a change in which bills still move: what is done counts from then on."""

_FORGOTTEN_AFTER = timedelta(days=62)
"""How long after the last run that found it something is gone, whoever did not look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided on a recommendation.

    Attributes:
        status: ``dismissed``, ``snoozed`` or ``done``.
        reason: Why, in their words.
        until: The first day on which a snoozed one is told again; else None.
        decided: When, UTC; a ``done`` one was carried out on that day.
        replaced_by: Resources that took over from one that is gone by a ``done`` change.
        claimed: The saving of a month that was estimated when it was ``done``.
    """

    status: RecommendationStatus
    reason: str
    decided: datetime
    until: date | None = None
    replaced_by: tuple[str, ...] = ()
    claimed: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One recommendation through the runs.

    Attributes:
        recommendation: As it was found last.
        found_by: The pipeline and its step that found it: ``nightly/idle``.
        first_seen: The start of the run that found it first, UTC.
        last_seen: The start of the run that found it last.
        seen_until: The first day outside the window of that run.
        gone_on: The day before which its check looked again and did not find it; else None.
        decision: What somebody decided; None where nobody did.
    """

    recommendation: Recommendation
    found_by: str
    first_seen: datetime
    last_seen: datetime
    seen_until: date
    gone_on: date | None = None
    decision: Decision | None = None

    @property
    def id(self) -> str:
        """The recommendation's."""
        return self.recommendation.id

    @property
    def ended_on(self) -> date | None:
        """The day from which it should cost less, as somebody says it is done; else None."""
        decision = self.decision
        if decision is None or decision.status is not RecommendationStatus.DONE:
            return None
        return None if self._is_found_again else decision.decided.date()

    def status(self, today: date) -> RecommendationStatus:
        """Where it is in its life on a day.

        A snoozed one is open again from its day on. One that is done is open again when its
        check still finds it after a whole look-back and the settling time: then it was not. What
        no run has looked for in a while is gone, too: its step has another name, or none.
        """
        if (decided := self._decided(today)) is RecommendationStatus.DONE:
            return decided
        if self.gone_on is not None or today - self.seen_until > _FORGOTTEN_AFTER:
            return RecommendationStatus.GONE
        if decided is not None:
            return decided
        is_new = self.first_seen == self.last_seen
        return RecommendationStatus.NEW if is_new else RecommendationStatus.OPEN

    def _decided(self, today: date) -> RecommendationStatus | None:
        decision = self.decision
        if decision is None:
            return None
        if decision.until is not None and today >= decision.until:
            return None
        if decision.status is RecommendationStatus.DONE and self._is_found_again:
            return None
        return decision.status

    @property
    def _is_found_again(self) -> bool:
        """Whether it is still found so long after it was done that it cannot have been."""
        if self.decision is None or self.gone_on is not None:
            return False
        patience = timedelta(days=self.recommendation.lookback_days + SETTLING_DAYS)
        return self.seen_until > self.decision.decided.date() + patience


def enter(
    ledger: Mapping[str, LedgerEntry],
    answers: Mapping[str, SavingsAnswer],
    *,
    pipeline: str,
    at: datetime,
    until: date,
) -> dict[str, LedgerEntry]:
    """Enter what a run found.

    What a step found before and does not find now is gone, unless the step says that it cannot
    tell. A run over a time that the ledger already knows more of changes nothing.

    Args:
        ledger: Id → entry, as it was.
        answers: Step → what it said; steps that failed are absent.
        pipeline: The pipeline's name.
        at: When the run began, UTC.
        until: The first day outside the run's window.

    Returns:
        Id → entry, for everything that the run found or no longer finds.
    """
    entries: dict[str, LedgerEntry] = {}
    for step, answer in answers.items():
        found_by = f"{pipeline}/{step}"
        for one in answer.findings:
            entries[one.id] = _found(
                entries.get(one.id) or ledger.get(one.id), one, found_by, at, until
            )
    for step, answer in answers.items():
        untold = {unknown.subject for unknown in answer.unknown}
        if any(unknown.broad for unknown in answer.unknown):
            continue
        mine = _found_by(ledger.values(), f"{pipeline}/{step}")
        for entry in mine:
            looked_back = entry.seen_until > until
            one = entry.recommendation
            if entry.id in entries or looked_back or untold & {one.resource_id, one.sub_account_id}:
                continue
            if entry.gone_on is None:
                entries[entry.id] = replace(entry, gone_on=until)
    return entries


def _found(
    known: LedgerEntry | None, one: Recommendation, found_by: str, at: datetime, until: date
) -> LedgerEntry:
    if known is None:
        return LedgerEntry(
            recommendation=one, found_by=found_by, first_seen=at, last_seen=at, seen_until=until
        )
    if until < known.seen_until:
        return known
    return replace(
        known,
        recommendation=one,
        found_by=found_by,
        last_seen=max(at, known.last_seen),
        seen_until=until,
        gone_on=None,
    )


def _found_by(entries: Iterable[LedgerEntry], step: str) -> list[LedgerEntry]:
    return [entry for entry in entries if entry.found_by == step]


def open_and_decided(
    entries: Collection[LedgerEntry], today: date
) -> tuple[list[Recommendation], list[Recommendation]]:
    """Part what waits for somebody from what somebody decided, each with its status."""
    waiting: list[Recommendation] = []
    decided: list[Recommendation] = []
    for entry in entries:
        status = entry.status(today)
        if status is not RecommendationStatus.GONE:
            one = replace(entry.recommendation, status=status)
            (waiting if status.is_open else decided).append(one)
    return waiting, decided
