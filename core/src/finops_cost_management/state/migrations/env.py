"""Run by alembic: migrates the connection that `state.database` hands over."""

from __future__ import annotations

from alembic import context

from finops_cost_management.state.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
