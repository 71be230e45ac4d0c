"""Telling those who listen, in this process, what was written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator


class Feed:
    """Spreads changes to listeners: each has all that it has not been told yet, however slow it is, once."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._closed = False

    @property
    def wanted(self) -> bool:
        """Tell whether anybody listens; nobody does once this is closed."""
        return bool(self._listeners) and not self._closed

    def tell(self, *ids: str) -> None:
        """Tell that these jobs were written; of none there is nothing to tell."""
        for listener in self._listeners if ids else ():
            listener.add(ids)

    def tell_all(self) -> None:
        """Tell that any job may have been written."""
        for listener in self._listeners:
            listener.add_all()

    def close(self) -> None:
        """End it for all listeners, those to come included."""
        self._closed = True
        for listener in self._listeners:
            listener.something.set()

    async def changes(self) -> AsyncGenerator[frozenset[str] | None]:
        """Listen: first and whenever some may have been missed there is None, else the ids."""
        listener = _Listener()
        self._listeners.add(listener)
        try:
            while not self._closed:
                yield listener.take()
                await listener.something.wait()
        finally:
            self._listeners.discard(listener)


class _Listener:
    def __init__(self) -> None:
        self.something = asyncio.Event()
        self._ids: set[str] = set()
        self._all = True

    def add(self, ids: tuple[str, ...]) -> None:
        self._ids.update(ids)
        self.something.set()

    def add_all(self) -> None:
        self._all = True
        self.something.set()

    def take(self) -> frozenset[str] | None:
        ids, self._ids = self._ids, set()
        everything, self._all = self._all, False
        self.something.clear()
        return None if everything else frozenset(ids)
