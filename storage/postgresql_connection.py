"""Connecting to PostgreSQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg

from jobstatus.errors import ConfigurationError, StoreUnavailable

from .base import Limits

Connect = Callable[[], Awaitable[asyncpg.Connection]]

FAREWELL = 1.0
"""Seconds that a connection has to say farewell before it is dropped."""
TROUBLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError)
"""Whatever the driver raises where the database cannot answer."""


def connecting(dsn: str, limits: Limits, *, patience: float | None = 2) -> Connect:
    """Make what connects. Whatever a connection is asked ends, here and there, in *patience* times the limits' time."""
    seconds = None if patience is None else limits.seconds * patience
    milliseconds = f"{(seconds or 0) * 1000:.0f}"  # 0 is without end

    async def connect() -> asyncpg.Connection:
        try:
            return await asyncpg.connect(
                dsn,
                timeout=limits.seconds,
                command_timeout=seconds,
                server_settings={
                    "application_name": "jobstatus",
                    "statement_timeout": milliseconds,
                    "idle_in_transaction_session_timeout": milliseconds,
                },
            )
        except (asyncpg.ClientConfigurationError, ValueError) as error:
            raise ConfigurationError(f"the store's URL is not one of a PostgreSQL database: {error}") from None
        except TROUBLE as error:
            raise cannot_answer(error) from error

    return connect


def cannot_answer(error: BaseException) -> StoreUnavailable:
    """Tell why the database cannot answer; what was asked is not told."""
    return StoreUnavailable(f"the store cannot answer: {error or type(error).__name__}")


async def let_go(connection: asyncpg.Connection | None) -> None:
    """Close a connection; one that cannot even say farewell is dropped."""
    if connection is not None:
        with suppress(*TROUBLE):
            await connection.close(timeout=FAREWELL)
