"""What is remembered between runs, small and transactional."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Date, DateTime, ForeignKey, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class UtcDateTime(TypeDecorator[datetime]):
    """An instant with its zone: SQLite keeps none, so UTC is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 # SQLAlchemy's signature
        """To UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 # SQLAlchemy's signature
        """With UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Money(TypeDecorator[Decimal]):
    """An amount with all its digits: as text, because SQLite's numbers are floats."""

    impl = String(80)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002 # SQLAlchemy's signature
        """To text."""
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 # SQLAlchemy's signature
        """From text."""
        return None if value is None else Decimal(value)


class Base(DeclarativeBase):
    """All tables of the state."""


class RunRow(Base):
    """One run of a pipeline."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    pipeline: Mapped[str] = mapped_column(String(200))
    started: Mapped[datetime] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    window_start: Mapped[str] = mapped_column(String(10))
    window_end: Mapped[str] = mapped_column(String(10))
    exit_code: Mapped[int | None]
    versions: Mapped[dict[str, Any]] = mapped_column(JSON)
    steps: Mapped[list[StepRow]] = relationship(
        back_populates="run", cascade="all, delete-orphan", order_by="StepRow.position"
    )
    anomalies: Mapped[list[AnomalyRow]] = relationship(
        back_populates="run", cascade="all, delete-orphan", order_by="AnomalyRow.position"
    )


class StepRow(Base):
    """How one step of a run ended."""

    __tablename__ = "steps"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    section: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    use: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20))
    seconds: Mapped[float]
    rows: Mapped[int | None]
    refused: Mapped[int | None]
    requests: Mapped[int | None]
    message: Mapped[str] = mapped_column(Text)
    run: Mapped[RunRow] = relationship(back_populates="steps")


class AnomalyColumns:
    """One incident, as far as it is remembered."""

    date: Mapped[date] = mapped_column(Date)
    days: Mapped[int]
    dimensions: Mapped[dict[str, str | None]] = mapped_column(JSON)
    currency: Mapped[str] = mapped_column(String(40))
    expected_cost: Mapped[Decimal] = mapped_column(Money)
    actual_cost: Mapped[Decimal] = mapped_column(Money)
    score: Mapped[float]
    severity: Mapped[str] = mapped_column(String(20))
    detector: Mapped[str] = mapped_column(String(200))


class AnomalyRow(AnomalyColumns, Base):
    """One anomaly that a run told or knew, so that a person can refer to it."""

    __tablename__ = "anomalies"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(40), index=True)
    role: Mapped[str] = mapped_column(String(20))
    run: Mapped[RunRow] = relationship(back_populates="anomalies")


class FeedbackRow(AnomalyColumns, Base):
    """A person's verdict on one anomaly."""

    __tablename__ = "feedback"

    anomaly_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(20))
    until: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str] = mapped_column(Text)
    given: Mapped[datetime] = mapped_column(UtcDateTime)


class RecommendationRow(Base):
    """One recommendation through the runs, and what somebody decided on it."""

    __tablename__ = "recommendations"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    found_by: Mapped[str] = mapped_column(String(400), index=True)
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_until: Mapped[date] = mapped_column(Date)
    gone_on: Mapped[date | None] = mapped_column(Date)
    recommendation: Mapped[dict[str, Any]] = mapped_column(JSON)
    decision: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    decided: Mapped[datetime | None] = mapped_column(UtcDateTime)
    until: Mapped[date | None] = mapped_column(Date)
    replaced_by: Mapped[list[str]] = mapped_column(JSON, default=list)
    claimed: Mapped[Decimal | None] = mapped_column(Money)
