"""The ledger of recommendations, kept between runs."""

from __future__ import annotations

import logging
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from finops_cost_management.answers.ledger import Decision, LedgerEntry
from finops_cost_management.answers.recommendations import Recommendation, RecommendationStatus
from finops_cost_management.state.database import put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import TypeAdapter
    from sqlalchemy.orm import Session

    from finops_cost_management.state.database import StateDatabase
    from finops_cost_management.state.models import RecommendationRow

log = logging.getLogger(__name__)


def ledger_of(database: StateDatabase) -> dict[str, LedgerEntry]:
    """Id → entry, everything that runs ever found."""
    from sqlalchemy import select

    from finops_cost_management.state.models import RecommendationRow

    with database.session() as session:
        rows = session.scalars(select(RecommendationRow).order_by(RecommendationRow.id))
        return {row.id: entry for row in rows if (entry := _read(row)) is not None}


def record_entries(session: Session, entries: Iterable[LedgerEntry]) -> None:
    """Remember what a run found; what people decided meanwhile stays as it is.

    Args:
        session: A transaction of the caller's.
        entries: What the run found, or does not find any more.
    """
    from sqlalchemy import select

    from finops_cost_management.state.models import RecommendationRow

    known = dict(session.execute(select(RecommendationRow.id, RecommendationRow.last_seen)).all())
    for entry in entries:
        # A run that began later and ended earlier knows better.
        if entry.id not in known or known[entry.id] <= entry.last_seen:
            put(session, partial(_row_of, entry))


def decide(
    database: StateDatabase, recommendation_id: str, decision: Decision | None
) -> LedgerEntry | None:
    """Remember what somebody decided; it takes the place of what was decided before.

    Args:
        database: Where the ledger is.
        recommendation_id: Of `Recommendation.id`.
        decision: None opens it again.

    Returns:
        The entry as it is now; None where no run found such a recommendation.
    """
    from finops_cost_management.state.models import RecommendationRow

    with database.session() as session:
        row = session.get(RecommendationRow, recommendation_id)
        if row is None:
            return None
        row.decision = decision.status.value if decision else None
        row.reason = decision.reason if decision else ""
        row.decided = decision.decided if decision else None
        row.until = decision.until if decision else None
        row.replaced_by = list(decision.replaced_by) if decision else []
        row.claimed = decision.claimed if decision else None
        return _entry_of(row)


def _read(row: RecommendationRow) -> LedgerEntry | None:
    """None for a row that a newer version wrote in a way that is not known here."""
    from pydantic import ValidationError

    try:
        return _entry_of(row)
    except ValueError as error:
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        log.warning("recommendation %s of the ledger cannot be read: %s", row.id, what)
        return None


def _row_of(entry: LedgerEntry) -> RecommendationRow:
    from finops_cost_management.state.models import RecommendationRow

    return RecommendationRow(
        id=entry.id,
        found_by=entry.found_by,
        first_seen=entry.first_seen,
        last_seen=entry.last_seen,
        seen_until=entry.seen_until,
        gone_on=entry.gone_on,
        recommendation=_written().dump_python(entry.recommendation, mode="json"),
    )


def _entry_of(row: RecommendationRow) -> LedgerEntry:
    decision = None
    if row.decision is not None and row.decided is not None:
        decision = Decision(
            status=RecommendationStatus(row.decision),
            reason=row.reason,
            decided=row.decided,
            until=row.until,
            replaced_by=tuple(row.replaced_by),
            claimed=row.claimed,
        )
    recommendation: Recommendation = _written().validate_python(row.recommendation)
    return LedgerEntry(
        recommendation=recommendation,
        found_by=row.found_by,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        seen_until=row.seen_until,
        gone_on=row.gone_on,
        decision=decision,
    )


@cache
def _written() -> TypeAdapter[Any]:
    """Writes and reads a recommendation as JSON, amounts as text."""
    from pydantic import TypeAdapter

    return TypeAdapter(Recommendation)
