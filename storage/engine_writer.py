"""Writing through an engine: one transaction for each write."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

ATTEMPTS = 5
UNDONE = frozenset({"40001", "40P01"})
"""The codes by which PostgreSQL says that it has undone a transaction, for it stood in the way of another."""


class EngineWriter:
    """Runs each write in a transaction of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def write(self, run: Callable[[Connection], T]) -> T:
        """Run statements and commit them; again, where they have surely not been made and may well be the next time.

        That is so until the commit is asked for. What becomes of a commit that has no answer nobody knows.
        """
        for attempt in range(1, ATTEMPTS + 1):
            async with self._engine.connect() as connection:
                transaction = await connection.begin()
                try:
                    done = await connection.run_sync(run)
                except DBAPIError as error:
                    if attempt == ATTEMPTS or not _worth_another(error):
                        raise
                    continue
                await transaction.commit()
                return done
        raise AssertionError("unreachable")

    async def aclose(self) -> None:
        """Let go of the engine."""
        await self._engine.dispose()


def _worth_another(error: DBAPIError) -> bool:
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in UNDONE
