"""The record of every run: what ran, how long, how many rows and requests, with which versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from finops_cost_management.answers.outcome import RunInfo, Step, StepRecord, StepState
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.state.database import StateDatabase


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run as it is remembered.

    Attributes:
        run: Which run.
        finished: When it ended, UTC; None while it runs, or when it was killed.
        exit_code: How it ended; None likewise.
        steps: How each step ended.
    """

    run: RunInfo
    finished: datetime | None
    exit_code: int | None
    steps: tuple[StepRecord, ...]


def record_start(database: StateDatabase, run: RunInfo) -> None:
    """Remember that a run began: a killed run leaves a record without an end."""
    from finops_cost_management.state.models import RunRow

    with database.session() as session:
        session.add(
            RunRow(
                id=run.id,
                pipeline=run.pipeline,
                started=run.started,
                window_start=run.window.start.isoformat(),
                window_end=run.window.end.isoformat(),
                versions=run.versions,
            )
        )


def record_end(database: StateDatabase, outcome: Outcome) -> None:
    """Remember how a run ended; findings do not count as a failure here."""
    from finops_cost_management.state.anomalies import rows_of
    from finops_cost_management.state.models import RunRow, StepRow
    from finops_cost_management.state.recommendations import record_entries

    with database.session() as session:
        row = session.get_one(RunRow, outcome.run.id)
        row.finished = datetime.now(UTC)
        row.exit_code = int(outcome.exit_code())
        row.steps = [
            StepRow(
                position=position,
                section=record.step.section,
                name=record.step.name,
                use=record.step.use,
                state=record.state.value,
                seconds=record.seconds,
                rows=record.rows,
                refused=record.refused,
                requests=record.requests,
                message=record.message,
            )
            for position, record in enumerate(outcome.steps)
        ]
        row.anomalies = list(rows_of(outcome))
        record_entries(session, outcome.ledger)


def recent_runs(database: StateDatabase, limit: int = 20) -> list[RunRecord]:
    """The latest runs, newest first."""
    from sqlalchemy import select

    from finops_cost_management.state.models import RunRow

    with database.session() as session:
        rows = session.scalars(select(RunRow).order_by(RunRow.started.desc()).limit(limit))
        return [
            RunRecord(
                run=RunInfo(
                    id=row.id,
                    pipeline=row.pipeline,
                    started=row.started,
                    window=DateWindow(
                        date.fromisoformat(row.window_start), date.fromisoformat(row.window_end)
                    ),
                    versions=row.versions,
                ),
                finished=row.finished,
                exit_code=row.exit_code,
                steps=tuple(
                    StepRecord(
                        step=Step(section=step.section, name=step.name, use=step.use),
                        state=StepState(step.state),
                        seconds=step.seconds,
                        rows=step.rows,
                        refused=step.refused,
                        requests=step.requests,
                        message=step.message,
                    )
                    for step in row.steps
                ),
            )
            for row in rows
        ]
