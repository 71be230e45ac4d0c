"""Read the jobs of a tenant in the order of their changes, and let servers share notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the index of changes and the table of notes."""
    op.create_index("jobs_changed", "jobs", ["tenant", "updated_at", "number"])
    op.create_table(
        "notes",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_index("notes_by_age", "notes", ["until"])
