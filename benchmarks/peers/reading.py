"""Reading a job synchronously: one connection for each thread, and the same SELECT by the unique id.

A thread of a WSGI server cannot await the store, and to send each read to the store's event loop and back costs more
than SQLite itself. So this is the fastest way that a threaded application has, and no slower than the store's own.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from jobstatus.job import Job
from jobstatus.storage.tables import jobs

_DIALECT = sqlite.dialect()
_SELECT = str(select(jobs).where(jobs.c.id == "").compile(dialect=_DIALECT))
_NAMES = [column.name for column in jobs.columns]
_CONVERSIONS = [
    (column.name, convert)
    for column in jobs.columns
    if (convert := column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None)) is not None
]


class ThreadedReader:
    """Reads jobs from whatever thread asks."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._local = threading.local()

    def get(self, id: str) -> Job | None:
        """Read a job by its id."""
        row = self._connection().execute(_SELECT, (id,)).fetchone()
        if row is None:
            return None
        values: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
        for name, convert in _CONVERSIONS:
            values[name] = convert(values[name])
        return Job(**values)

    def _connection(self) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if known is None:
            known = self._local.connection = sqlite3.connect(self._file, isolation_level=None)
        return known
