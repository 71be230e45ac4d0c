"""The store in a PostgreSQL database, which any number of servers may share."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from jobstatus.errors import ConfigurationError

from .base import Limits
from .engine_writer import EngineWriter
from .postgresql_connection import Connect, connecting
from .postgresql_feed import PostgresqlFeed
from .postgresql_finder import PostgresqlFinder
from .sql import SqlStore, up_to_date

READERS = 4
WRITERS = 8
CONNECTIONS = READERS + WRITERS + 3
"""Connections that one process has at the most: besides these one to find records, one to tell and one to listen."""


async def open_postgresql(url: str, limits: Limits) -> SqlStore:
    """Open the database that *url* names, in the form that libpq takes (hosts, `sslmode`, `target_session_attrs`, …).

    Raises:
        ConfigurationError: the URL names no database.
        StoreUnavailable: the database cannot be reached.
    """
    connect = connecting(_dsn(url), limits)
    store = SqlStore(
        finder=PostgresqlFinder(connect, limits),
        reader=_engine(url, connect, READERS, limits, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True),
        writer=EngineWriter(_engine(url, connect, WRITERS, limits)),
        feed=PostgresqlFeed(connect, limits),
        limits=limits,
    )
    # Migrations take as long as they take: an index over many jobs is not made in a moment.
    migrator = EngineWriter(_engine(url, connecting(_dsn(url), limits, patience=None), 1, limits))
    try:
        return await up_to_date(store, migrator)
    finally:
        await migrator.aclose()


def _dsn(url: str) -> str:
    try:
        database = _parsed(url).database
    except (ArgumentError, ValueError):
        database = None
    if not database:
        raise ConfigurationError("the store's URL names no database; write postgresql://USER:PASSWORD@HOST/DATABASE")
    return url


def _parsed(url: str) -> URL:
    """Take the URL apart, with the first of its hosts alone: that there may be several is libpq's own form."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    return make_url(urlunsplit(parts._replace(netloc=user + at + hosts.split(",")[0])))


def _engine(url: str, connect: Connect, connections: int, limits: Limits, **options: object) -> AsyncEngine:
    """Make an engine; the URL is for what it says of itself alone, which is never the password."""
    shown = _parsed(url).set(drivername="postgresql+asyncpg", query={})
    return create_async_engine(
        shown,
        async_creator=connect,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=limits.seconds,
        pool_use_lifo=True,
        hide_parameters=True,
        **options,
    )
