"""Writing for many callers at once: one thread, and one commit for all who wait."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from .coalesce import Coalescer
from .sql import unavailable
from .turnstile import FAREWELL

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _Write:
    """One caller's statements; no two are the same."""

    run: Callable[[Connection], Any]


@dataclass(frozen=True)
class _Failed:
    """What became of statements that raised an error: they have been undone."""

    error: Exception


class GroupWriter:
    """Commits together what came in while the commit before was under way.

    To have a commit kept by the disk takes longer than all else, and no longer for many writes than for one. Each
    caller is answered after the commit of its own write. A write that fails is undone alone; where the commit fails,
    all of its writes do.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, "sqlite-writer")
        self._closing: asyncio.Task[None] | None = None
        self._writes: Coalescer[_Write, Any] = Coalescer(self._commit)

    async def write(self, run: Callable[[Connection], T]) -> T:
        """Run statements as `Writer.write` does; they are run to their end even if the caller gives up."""
        done: T | _Failed = await self._writes.get(_Write(run))
        if isinstance(done, _Failed):
            raise done.error
        return done

    async def aclose(self) -> None:
        """Let go of the thread and the engine, once what is under way has ended; wait for it no longer than due."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._closing), FAREWELL)

    async def _close(self) -> None:
        try:
            await self._writes.settled()
        finally:
            disposed = self._thread.submit(self._engine.dispose)
            self._thread.shutdown(wait=False)
        await asyncio.wrap_future(disposed)

    async def _commit(self, writes: Sequence[_Write]) -> Sequence[Any]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._commit_all, writes)

    # What follows runs in the thread.

    def _commit_all(self, writes: Sequence[_Write]) -> Sequence[Any]:
        try:
            with self._engine.begin() as connection:
                return [_made(connection, write) for write in writes]
        except sqlite3.Error as error:  # of a savepoint: those of statements are SQLAlchemy's
            raise unavailable(error) from error


def _made(connection: Connection, write: _Write) -> Any:
    """Run the statements of a write; undo them if they fail, which is no concern of the other callers."""
    driver = _driver(connection)
    driver.execute("SAVEPOINT one")
    try:
        done = write.run(connection)
    except Exception as error:
        if not driver.in_transaction:
            raise  # SQLite undoes all of a transaction where the disk is full, or fails
        driver.execute("ROLLBACK TO one")
        done = _Failed(error)
    driver.execute("RELEASE one")
    return done


def _driver(connection: Connection) -> sqlite3.Connection:
    """Give the driver's own connection: through SQLAlchemy, savepoints took a third of a write's time."""
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]  # it is open
    return driver
