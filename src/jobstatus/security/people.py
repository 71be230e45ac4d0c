"""Looking up who logs in, and whom a session or a token stands for."""

from __future__ import annotations

from jobstatus.credential import Credential, Kind
from jobstatus.errors import Cause, Unauthenticated
from jobstatus.security.gate import Gate
from jobstatus.security.passwords import PasswordCheck
from jobstatus.security.tokens import name_digest


class People:
    """The users of the store."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._passwords = PasswordCheck()

    async def by_password(self, name: str, password: str) -> Credential:
        """Give the user who has this name and password. Raises `Unauthenticated`, which never tells which is wrong."""
        user = await self._gate.recognise(name_digest(Kind.USER, name), Kind.USER)
        hashed = user.secret if user is not None else None
        if not await self._passwords.matches(password, hashed) or user is None:
            raise Unauthenticated(Cause.BAD_PASSWORD)
        return user

    async def by_digest(self, digest: str) -> Credential:
        """Give the user, or the holder of a token, that this digest in hexadecimal digits is of.

        Raises:
            Unauthenticated: there is none, or no longer.
        """
        found = await self._gate.recognise(bytes.fromhex(digest))
        if found is None or found.kind is Kind.ACCESS_KEY or not found.stands_alone:
            raise Unauthenticated(Cause.NO_USER)
        return found
