"""The credential check of every peer that has one: what this server does, in as few steps."""

from __future__ import annotations

import time
from typing import Protocol

from jobstatus.clock import utc_now
from jobstatus.credential import Credential
from jobstatus.security.tokens import digest

SECONDS = 5.0
"""How long a credential that was found valid counts without being looked up again."""


class Finds(Protocol):
    """What is asked of a store."""

    async def find_credential(self, digest: bytes) -> Credential | None:
        """Read the credential with this digest."""


class Credentials:
    """Knows tokens by their SHA-256."""

    def __init__(self, store: Finds) -> None:
        self._store = store
        self._known: dict[bytes, tuple[Credential, float]] = {}

    async def find(self, token: str) -> Credential | None:
        """Give the valid credential that a token belongs to."""
        key = digest(token)
        known = self._known.get(key)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        found = await self._store.find_credential(key)
        if found is None or not found.valid(utc_now()):
            return None
        self._known[key] = found, time.monotonic() + SECONDS
        return found
