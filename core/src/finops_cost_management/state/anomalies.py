"""Anomalies that runs told: what people refer to by an id."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from finops_cost_management.answers.anomalies import Anomaly, AnomalySeverity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.state.database import StateDatabase
    from finops_cost_management.state.models import AnomalyColumns, AnomalyRow


def columns_of(anomaly: Anomaly) -> dict[str, Any]:
    """What is remembered of an anomaly, by the names of `AnomalyColumns`."""
    return {
        "date": anomaly.date,
        "days": anomaly.days,
        "dimensions": dict(anomaly.dimensions),
        "currency": anomaly.currency,
        "expected_cost": anomaly.expected_cost,
        "actual_cost": anomaly.actual_cost,
        "score": anomaly.score,
        "severity": anomaly.severity.value,
        "detector": anomaly.detector,
    }


def anomaly_of(row: AnomalyColumns) -> Anomaly:
    """An anomaly as it is remembered: without its drivers."""
    return Anomaly(
        date=row.date,
        days=row.days,
        dimensions=row.dimensions,
        currency=row.currency,
        expected_cost=row.expected_cost,
        actual_cost=row.actual_cost,
        score=row.score,
        severity=AnomalySeverity(row.severity),
        detector=row.detector,
    )


class AnomalyRole(StrEnum):
    """What a run did with an anomaly."""

    TOLD = "told"
    KNOWN = "known"
    ALSO_SEEN = "also seen"


def rows_of(outcome: Outcome) -> Iterator[AnomalyRow]:
    """Every anomaly of a run, those that belong to the incident of another included."""
    from finops_cost_management.state.models import AnomalyRow

    heads = [*outcome.anomalies, *outcome.known_anomalies]
    everything = [
        *((AnomalyRole.TOLD, one) for one in outcome.anomalies),
        *((AnomalyRole.KNOWN, one) for one in outcome.known_anomalies),
        *((AnomalyRole.ALSO_SEEN, other) for head in heads for other in head.also_seen),
    ]
    for position, (role, anomaly) in enumerate(everything):
        yield AnomalyRow(position=position, id=anomaly.id, role=role.value, **columns_of(anomaly))


def find_anomaly(database: StateDatabase, anomaly_id: str) -> Anomaly | None:
    """The anomaly of an id as the latest run told it; None where no run did."""
    from sqlalchemy import select

    from finops_cost_management.state.models import AnomalyRow, RunRow

    newest_first = (
        select(AnomalyRow)
        .join(RunRow)
        .where(AnomalyRow.id == anomaly_id)
        .order_by(RunRow.started.desc(), AnomalyRow.position)
        .limit(1)
    )
    with database.session() as session:
        row = session.scalar(newest_first)
        return None if row is None else anomaly_of(row)


def latest_anomalies(database: StateDatabase) -> list[tuple[AnomalyRole, Anomaly]]:
    """Every anomaly of the latest run that had any, in the order in which it was told."""
    from sqlalchemy import select

    from finops_cost_management.state.models import AnomalyRow, RunRow

    with database.session() as session:
        latest = session.scalar(
            select(RunRow.id).join(AnomalyRow).order_by(RunRow.started.desc()).limit(1)
        )
        rows = session.scalars(
            select(AnomalyRow).where(AnomalyRow.run_id == latest).order_by(AnomalyRow.position)
        )
        return [(AnomalyRole(row.role), anomaly_of(row)) for row in rows]
