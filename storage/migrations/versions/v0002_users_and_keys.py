"""Keep users and access keys beside tokens, and what work an unfinished job does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; what is there already are tokens, and jobs that may be done twice."""
    op.add_column("credentials", sa.Column("kind", sa.Text, nullable=False, server_default="token"))
    op.add_column("credentials", sa.Column("secret", sa.Text))
    op.add_column("jobs", sa.Column("work", sa.Text))
    op.create_index("jobs_by_work", "jobs", ["work"], unique=True)
