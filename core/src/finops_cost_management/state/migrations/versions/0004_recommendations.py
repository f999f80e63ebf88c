"""The ledger of recommendations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "recommendations",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("found_by", sa.String(400), nullable=False, index=True),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_until", sa.Date, nullable=False),
        sa.Column("gone_on", sa.Date),
        sa.Column("recommendation", sa.JSON, nullable=False),
        sa.Column("decision", sa.String(20)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("decided", sa.DateTime(timezone=True)),
        sa.Column("until", sa.Date),
        sa.Column("replaced_by", sa.JSON, nullable=False),
        sa.Column("claimed", sa.String(80)),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("recommendations")
