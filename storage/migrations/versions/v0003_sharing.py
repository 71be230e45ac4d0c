"""Let servers agree on who does what, tell each other of changes, and page through what is due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEEP_SHORT = """
    CREATE TRIGGER changes_kept_short AFTER INSERT ON changes BEGIN
        DELETE FROM changes WHERE seq <= NEW.seq - 10000;
    END"""
NOTE = """
    CREATE TRIGGER jobs_note_{event} AFTER {event} ON jobs BEGIN
        INSERT INTO changes (id) VALUES ({row}.id);
    END"""


def upgrade() -> None:
    """Add the table of roles, longer indexes, and in SQLite the table of changes with its triggers."""
    op.create_table(
        "roles",
        sa.Column("role", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    for index, column in (("jobs_to_expire", "expires_at"), ("jobs_under_lease", "lease_until")):
        op.drop_index(index, "jobs")
        op.create_index(index, "jobs", [column, "number"])
    if op.get_bind().dialect.name == "sqlite":
        _note_changes()


def _note_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.execute(KEEP_SHORT)
    for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        op.execute(NOTE.format(event=event, row=row))
