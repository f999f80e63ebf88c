"""What people said of anomalies: one verdict for each, the latest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.answers.feedback import Feedback, Verdict
from finops_cost_management.state.anomalies import anomaly_of, columns_of
from finops_cost_management.state.database import put

if TYPE_CHECKING:
    from finops_cost_management.state.database import StateDatabase


def give_feedback(database: StateDatabase, feedback: Feedback) -> None:
    """Remember a verdict; it takes the place of a former one on the same anomaly."""
    from finops_cost_management.state.models import FeedbackRow

    def row() -> FeedbackRow:
        return FeedbackRow(
            anomaly_id=feedback.anomaly.id,
            verdict=feedback.verdict.value,
            until=feedback.until,
            note=feedback.note,
            given=feedback.given,
            **columns_of(feedback.anomaly),
        )

    with database.session() as session:
        put(session, row)


def all_feedback(database: StateDatabase) -> list[Feedback]:
    """Every verdict, the latest first."""
    from sqlalchemy import select

    from finops_cost_management.state.models import FeedbackRow

    with database.session() as session:
        rows = session.scalars(
            select(FeedbackRow).order_by(FeedbackRow.given.desc(), FeedbackRow.anomaly_id)
        )
        return [
            Feedback(
                anomaly=anomaly_of(row),
                verdict=Verdict(row.verdict),
                until=row.until,
                note=row.note,
                given=row.given,
            )
            for row in rows
        ]


def take_back_feedback(database: StateDatabase, anomaly_id: str) -> bool:
    """Forget the verdict on an anomaly.

    Returns:
        Whether there was one.
    """
    from finops_cost_management.state.models import FeedbackRow

    with database.session() as session:
        row = session.get(FeedbackRow, anomaly_id)
        if row is not None:
            session.delete(row)
        return row is not None
