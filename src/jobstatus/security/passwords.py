"""Passwords, kept as Argon2id hashes (RFC 9106).

Hashing is slow and takes memory by design. It is done in threads beside the event loop, and a few at a time.
"""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

AT_ONCE = 2
"""How many passwords are checked at a time; the others wait. Each takes 64 MiB for the while."""
LONGEST = 1024
"""The most bytes of a password: more is not hashed."""
_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Give the hash under which a password is kept."""
    return _hasher.hash(password)


class PasswordCheck:
    """Compares passwords with their hashes."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Tell whether a password is the one; for a user that is not there it takes as long, and it is not."""
        async with self._turns:
            return await asyncio.to_thread(_matches, password, hashed or _nobodys()) and hashed is not None


def _matches(password: str, hashed: str) -> bool:
    encoded = password.encode("utf-8", "surrogatepass")
    try:
        return len(encoded) <= LONGEST and _hasher.verify(hashed, encoded)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return hash_password("nobody's")
