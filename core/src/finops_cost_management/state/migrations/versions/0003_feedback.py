"""Anomalies that runs told, and what people said of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _anomaly_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("dimensions", sa.JSON, nullable=False),
        sa.Column("currency", sa.String(40), nullable=False),
        sa.Column("expected_cost", sa.String(80), nullable=False),
        sa.Column("actual_cost", sa.String(80), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("detector", sa.String(200), nullable=False),
    ]


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "anomalies",
        sa.Column(
            "run_id", sa.String(40), sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(40), nullable=False, index=True),
        sa.Column("role", sa.String(20), nullable=False),
        *_anomaly_columns(),
    )
    op.create_table(
        "feedback",
        sa.Column("anomaly_id", sa.String(40), primary_key=True),
        *_anomaly_columns(),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("given", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("feedback")
    op.drop_table("anomalies")
