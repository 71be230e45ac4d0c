"""What the databases that speak SQL each say in their own way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from .columns import Moment


class store_time(GenericFunction[datetime]):  # noqa: N801  written as a function
    """The time that all who share the database go by: the same for none of two statements."""

    type = Moment()
    inherit_cache = True


@compiles(store_time, "sqlite")
def _sqlite_time(element: Any, compiler: Any, **options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"  # `unixepoch('subsec')` needs SQLite 3.42


@compiles(store_time, "postgresql")
def _postgresql_time(element: Any, compiler: Any, **options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


def upsert(dialect: str, table: Table) -> Any:
    """Begin an insertion that can be told what to do where it would break a unique index."""
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)


def insert_unless_there(dialect: str, table: Table) -> Any:
    """Insert what breaks no unique index: an error would undo all of a transaction, in PostgreSQL."""
    return upsert(dialect, table).on_conflict_do_nothing()


def count_on_from(connection: Connection, number: int) -> None:
    """Have numbers that are given from now on be greater than this one."""
    for statement in _COUNT_ON[connection.dialect.name]:
        connection.execute(text(statement), {"number": number})


_COUNT_ON = {
    "sqlite": (
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'jobs', 0"
        " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'jobs')",
        "UPDATE sqlite_sequence SET seq = max(seq, :number) WHERE name = 'jobs'",
    ),
    "postgresql": (
        # Only where it is behind: others may take numbers between the two, and it must not go back.
        "SELECT setval('jobs_number_seq', :number) FROM jobs_number_seq WHERE last_value < :number OR NOT is_called",
    ),
}
