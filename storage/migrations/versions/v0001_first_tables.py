"""Make the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.BigInteger


def upgrade() -> None:
    """Make the tables of jobs, events, tombstones and credentials."""
    _make_jobs()
    _make_events()
    _make_tombstones()
    _make_credentials()


def _make_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("progress", sa.Double),
        sa.Column("message", sa.Text),
        sa.Column("eta", MOMENT),
        sa.Column("result", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("expires_at", MOMENT),
        sa.Column("lease_until", MOMENT),
        sa.Column("version", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("jobs_of_tenant", "jobs", ["tenant", "number"])
    op.create_index("jobs_to_expire", "jobs", ["expires_at"])
    op.create_index("jobs_under_lease", "jobs", ["lease_until"])


def _make_events() -> None:
    op.create_table(
        "events",
        sa.Column("number", NUMBER, sa.ForeignKey("jobs.number", ondelete="CASCADE"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("progress", sa.Double),
        sa.Column("message", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )


def _make_tombstones() -> None:
    op.create_table(
        "tombstones",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_index("tombstones_by_age", "tombstones", ["at"])


def _make_credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("permissions", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("broker", sa.Boolean, nullable=False),
        sa.Column("profile", sa.Text),
        sa.Column("expires_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
    )
