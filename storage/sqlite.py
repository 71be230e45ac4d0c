"""The store in one SQLite file, which any number of processes of one machine may share."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from jobstatus.errors import ConfigurationError, StoreUnavailable

from .base import Limits
from .group_writer import GroupWriter
from .sql import SqlStore, up_to_date
from .sqlite_feed import SqliteFeed
from .sqlite_glance import SqliteGlance
from .sqlite_reader import SqliteReader

READERS = 4
OPENING = 30
"""Seconds that the opening of a file waits for others that open it at the same time."""
LOCK = 4
"""Seconds that a writer waits for those of other processes."""

PRAGMAS = (
    "PRAGMA synchronous = FULL",  # what is acknowledged survives a power cut
    "PRAGMA fullfsync = ON",  # the same on macOS
    "PRAGMA foreign_keys = ON",
)


async def open_sqlite(url: str, limits: Limits) -> SqlStore:
    """Open the file that *url* names; one that is not there is made.

    Raises:
        ConfigurationError: the URL names no file, or one in a folder that is not there.
        StoreUnavailable: the file cannot be opened.
    """
    file = _file(url)
    await asyncio.to_thread(_prepare, file)
    finder = SqliteReader(partial(_reading, file, LOCK), SqliteGlance(partial(_reading, file, 0)))
    feed = SqliteFeed(partial(_reading, file, 0))
    writer = GroupWriter(_writer(file))
    store = SqlStore(finder=finder, reader=_reader(file, limits), writer=writer, feed=feed, limits=limits)
    return await up_to_date(store, writer)


def _file(url: str) -> Path:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = URL.create("sqlite")
    if not parsed.database or parsed != URL.create("sqlite", database=parsed.database):
        raise ConfigurationError(
            "the store's URL names no file; write sqlite:///FILE, or sqlite:////PATH/FILE with an absolute path"
        )
    if parsed.database == ":memory:":
        raise ConfigurationError("a store in memory is memory://, not sqlite:///:memory:")
    return Path(parsed.database).absolute()


def _prepare(file: Path) -> None:
    if not file.parent.is_dir():
        raise ConfigurationError(f"the folder {file.parent} does not exist; make it, or name a file elsewhere")
    try:
        file.touch(mode=0o600, exist_ok=True)
        with closing(sqlite3.connect(file, timeout=OPENING)) as connection:
            _write_ahead(connection)
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(
            f"cannot open {file}: {error}; it must be a SQLite file that may be written, in a folder that may be too"
        ) from error


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to a write-ahead log, so that readers and the writer do not wait for each other.

    Of those who switch a file at the same time SQLite refuses all but one at once, so the others try again.
    """
    deadline = time.monotonic() + OPENING
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _reading(file: Path, patience: float) -> sqlite3.Connection:
    """Connect for reads alone, with transactions as they are begun."""
    connection = sqlite3.connect(f"{_uri(file)}?mode=rw", uri=True, isolation_level=None, timeout=patience)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _uri(file: Path) -> str:
    return f"file:{quote(str(file))}"


def _reader(file: Path, limits: Limits) -> AsyncEngine:
    engine = create_async_engine(
        _url("aiosqlite", file),
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=limits.seconds,  # nobody waits longer
        **_options(),
    )
    event.listen(engine.sync_engine, "connect", _set_up)
    return engine


def _writer(file: Path) -> Engine:
    engine = create_engine(_url("pysqlite", file), **_options())
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _beginning(file))
    return engine


def _options() -> dict[str, Any]:
    return {
        # No transaction but those that are begun below: sqlite3 would begin its own where it deems it right.
        "connect_args": {"isolation_level": None, "timeout": LOCK},
        "hide_parameters": True,
    }


def _url(driver: str, file: Path) -> URL:
    # A file that has gone must not be made again: what was acknowledged would seem never to have been.
    return URL.create(f"sqlite+{driver}", database=_uri(file), query={"mode": "rw", "uri": "true"})


def _set_up(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _beginning(file: Path) -> Callable[[Connection], None]:
    opened = file.stat().st_ino

    def begin(connection: Connection) -> None:
        """Take the write lock at once: a transaction that first reads could find, on writing, that it came too late."""
        if not file.exists() or file.stat().st_ino != opened:
            raise StoreUnavailable(f"{file} is not the file any more that was opened; start the server again")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return begin
