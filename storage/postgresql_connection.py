"""Connecting to PostgreSQL."""

from __future__ import annotations

import asyncio
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


class _Connection(asyncpg.Connection):  # type: ignore[misc,unused-ignore]  # its stubs leave its base open
    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109  as the driver has it
        """Say farewell; who cannot even do that in time is dropped."""
        with suppress(*TROUBLE):
            async with asyncio.timeout(FAREWELL):
                await super().close(timeout=timeout)


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
                connection_class=_Connection,
                server_settings={
                    "application_name": "jobstatus",
                    "default_transaction_isolation": "read committed",  # statements see what was committed before them
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
    """Close a connection, if there is one."""
    if connection is not None:
        await connection.close()


def drop(connection: asyncpg.Connection | None) -> None:
    """Let go of a connection that has failed, without a word: to wait for its answer would be in vain."""
    if connection is not None:
        connection.terminate()
