"""The store's notes, for whom they are worth no long wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from jobstatus.errors import StoreUnavailable
from jobstatus.storage.base import Coordinator
from jobstatus.storage.turnstile import in_time

log = structlog.get_logger()

PATIENCE = 1.0
"""Seconds that an answer is waited for."""
PAUSE = timedelta(seconds=1)
"""How long a store that did not answer is let alone."""
SILENCE = timedelta(minutes=1)
"""How long it is not told again of."""
_NEVER = datetime.min.replace(tzinfo=UTC)


class Notes:
    """Notes of a store that may be slow or down."""

    def __init__(self) -> None:
        self._store: Coordinator
        self._failed = self._told = _NEVER

    def start(self, store: Coordinator) -> None:
        """Take the store; before that nothing works."""
        self._store = store

    async def read(self, key: str) -> bytes | None:
        """Read what is noted. Raises `StoreUnavailable`."""
        return await in_time(self._store.note(key), PATIENCE)

    async def swap(self, key: str, was: bytes | None, to: bytes, until: datetime) -> bool:
        """Note *to* in place of *was*, if that is noted; tell whether it was. Raises `StoreUnavailable`."""
        return await in_time(self._store.swap(key, was, to, until), PATIENCE)

    def down(self, now: datetime) -> bool:
        """Tell whether the store did not answer a moment ago."""
        return timedelta() <= now - self._failed < PAUSE

    def fail(self, error: StoreUnavailable, now: datetime) -> None:
        """Note that the store did not answer."""
        self._failed = now
        if not timedelta() <= now - self._told < SILENCE:
            self._told = now
            log.warning("requests are not limited", reason=str(error))
