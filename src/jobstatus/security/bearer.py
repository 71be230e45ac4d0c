"""The native and the eHealth contracts: bearer tokens (RFC 6750).

A token is one that the operator gave out; any other may be one that an outside authorization server issued.
"""

from __future__ import annotations

from typing import Protocol

from jobstatus.contract.exchange import Exchange
from jobstatus.credential import API_KEY, Caller
from jobstatus.errors import Cause, Unauthenticated
from jobstatus.security.gate import Gate

COOKIE = "authorization"
"""The cookie that the eHealth gateway takes before the header of that name."""


class TokenVerifier(Protocol):
    """Whoever vouches for tokens of an outside server."""

    async def verify(self, token: str) -> Caller:
        """Tell whose a token is. Raises `Unauthenticated`."""


class Bearer:
    """Lets in who bears a token."""

    def __init__(self, gate: Gate, outside: TokenVerifier | None = None) -> None:
        self._gate = gate
        self._outside = outside

    async def enter(self, exchange: Exchange) -> None:
        """Make the bearer the caller; a broker's client must show the broker's key too. Raises `Unauthenticated`."""
        await self._enter(exchange, _in_header(exchange))

    async def enter_by_cookie(self, exchange: Exchange) -> None:
        """Let in the same, to read, by the cookie if there is one: other sites' pages can make browsers send it.

        Raises:
            Unauthenticated: there is no token, or not a valid one.
        """
        await self._enter(exchange, _in_cookie(exchange) or _in_header(exchange))

    async def _enter(self, exchange: Exchange, token: str | None) -> None:
        known = self._gate.recall(token) if token else None
        if known is not None:
            exchange.become(known.credential.caller)
            exchange.standing = known
            return
        try:
            credential = await self._gate.admit(token)
        except Unauthenticated:
            if self._outside is None or not token:
                raise
            exchange.become(await self._outside.verify(token))
            return
        if API_KEY in credential.roles:
            raise Unauthenticated(Cause.UNKNOWN)
        if credential.broker:
            await self._gate.second(exchange)
        exchange.become(credential.caller)


def _in_cookie(exchange: Exchange) -> str:
    if b"cookie" not in exchange.sent or exchange.method not in ("GET", "HEAD"):
        return ""
    return exchange.http.cookies.get(COOKIE, "").removeprefix("Bearer ")


def _in_header(exchange: Exchange) -> str | None:
    kind, _, token = exchange.sent.get(b"authorization", b"").decode("latin-1").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None
