"""A store that is there or not, as a scenario has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from jobstatus.errors import StoreUnavailable
from jobstatus.storage import Store

ASKED = frozenset({"create", "get", "replace", "bury", "list", "events", "changed", "find_credential"})
"""What requests ask of a store; what a server does by itself goes on."""


def weathered(store: Store, down: Callable[[], bool]) -> Store:
    """Give the same store, which cannot answer requests while it is *down*."""
    return cast("Store", _Weathered(store, down))


class _Weathered:
    def __init__(self, store: Store, down: Callable[[], bool]) -> None:
        self._store = store
        self._down = down

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return self._refusing(found) if name in ASKED else found

    def _refusing(self, ask: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def answer(*given: Any, **named: Any) -> Any:
            if self._down():
                raise StoreUnavailable("the scenario has the store unavailable now")
            return await ask(*given, **named)

        return answer
