"""A step that failed and was allowed to is called tolerated."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Rename the state."""
    op.execute("UPDATE steps SET state = 'tolerated' WHERE state = 'skipped'")


def downgrade() -> None:
    """Name it as before."""
    op.execute("UPDATE steps SET state = 'skipped' WHERE state = 'tolerated'")
