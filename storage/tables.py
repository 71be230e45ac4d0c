"""The tables of every SQL back end.

A column is named as the field of the record that it keeps, so that a row is a record and a record a row.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, LargeBinary, MetaData, Table

from .columns import FailureText, KindText, Moment, Number, PlainText, ResultText, StatusText, WordsText

metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("number", Number, primary_key=True),
    Column("id", PlainText, nullable=False, unique=True),
    Column("tenant", PlainText, nullable=False),
    Column("owner", PlainText, nullable=False),
    Column("type", PlainText, nullable=False),
    Column("status", StatusText, nullable=False),
    Column("progress", Double),
    Column("message", PlainText),
    Column("eta", Moment),
    Column("result", ResultText),
    Column("error", FailureText),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("updated_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("expires_at", Moment),
    Column("lease_until", Moment),
    Column("work", PlainText),
    Column("version", Integer, nullable=False),
    Index("jobs_of_tenant", "tenant", "number"),
    Index("jobs_changed", "tenant", "updated_at", "number"),
    Index("jobs_to_expire", "expires_at", "number"),
    Index("jobs_under_lease", "lease_until", "number"),
    Index("jobs_by_work", "work", unique=True),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    Column("number", Number, ForeignKey("jobs.number", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("status", StatusText, nullable=False),
    Column("progress", Double),
    Column("message", PlainText),
    Column("actor", PlainText, nullable=False),
    sqlite_with_rowid=False,
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("id", PlainText, nullable=False, unique=True),
    Column("tenant", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("at", Moment, nullable=False),
    Index("tombstones_by_age", "at"),
)

credentials = Table(
    "credentials",
    metadata,
    Column("id", PlainText, primary_key=True),
    Column("name", PlainText, nullable=False),
    Column("tenant", PlainText, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("kind", KindText, nullable=False),
    Column("secret", PlainText),
    Column("permissions", WordsText, nullable=False),
    Column("roles", WordsText, nullable=False),
    Column("broker", Boolean, nullable=False),
    Column("profile", PlainText),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
)

roles = Table(
    "roles",
    metadata,
    Column("role", PlainText, primary_key=True),
    Column("holder", PlainText, nullable=False),
    Column("until", Moment, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    Column("key", PlainText, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("until", Moment, nullable=False),
    Index("notes_by_age", "until"),
)

changes = Table(
    "changes",
    metadata,
    Column("seq", Number, primary_key=True),
    Column("id", PlainText, nullable=False),
    sqlite_autoincrement=True,
)
"""Which jobs were written of late. SQLite alone has it: its triggers write it, and keep it short."""
