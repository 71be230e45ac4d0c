"""Finding out who calls: the credential that a request carries, looked up and held to its terms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from jobstatus.clock import Clock, utc_now
from jobstatus.contract.exchange import Exchange, current
from jobstatus.credential import API_KEY, Credential, Kind, Standing
from jobstatus.errors import Cause, JobstatusError, Unauthenticated
from jobstatus.security.cache import Cache
from jobstatus.security.tokens import digest
from jobstatus.storage.base import CredentialStore

Verify = Callable[[Any], Awaitable[dict[str, Any]]]
Entrance = Callable[[Exchange], Awaitable[None]]
"""A contract's way in: it makes whoever a request is from the caller, or raises `Unauthenticated`."""


MOST = 10_000
"""How many credentials are remembered."""


class Gate:
    """Knows the credentials. One that was found is not looked up again for a while."""

    def __init__(self, clock: Clock = utc_now, remembers: timedelta = timedelta()) -> None:
        """Take how long a credential counts once it was looked up: within that time a revocation takes effect."""
        self._credentials: CredentialStore | None = None
        self._clock = clock
        self._remembers = remembers
        self._known: Cache[bytes, Standing | None] = Cache(MOST, self._lasts, clock)
        self._standings: WeakValueDictionary[bytes, Standing] = WeakValueDictionary()

    def start(self, credentials: CredentialStore) -> None:
        """Take the credentials; before that nobody is let in."""
        self._credentials = credentials

    async def admit(self, token: str | None) -> Credential:
        """Give the valid credential that *token* belongs to. Raises `Unauthenticated`."""
        if not token:
            raise Unauthenticated(Cause.MISSING)
        found = await self.recognise(digest(token), Kind.TOKEN)
        if found is None:
            raise Unauthenticated(Cause.UNKNOWN)
        return found

    def recall(self, token: str) -> Standing | None:
        """Give the standing of *token*, if it was looked up of late and is enough by itself."""
        known = self._known.recall(digest(token))
        if known is None or self._clock() >= known.until:
            return None
        return known if known.credential.kind is Kind.TOKEN and known.credential.stands_alone else None

    async def recognise(self, digest: bytes, kind: Kind | None = None) -> Credential | None:
        """Give the credential with this digest, if there is one of that kind that is valid."""
        known = await self._known.get(digest, partial(self._find, digest))
        if known is None or not known.credential.valid(self._clock()):
            return None
        return known.credential if kind in (None, known.credential.kind) else None

    async def _find(self, digest: bytes) -> Standing | None:
        """Look a credential up: what rested on it before still does if it is the same, and no longer if it is not."""
        if self._credentials is None:
            raise RuntimeError("the gate has not been started")
        asked_at = self._clock()
        found = await self._credentials.find_credential(digest)
        before = self._standings.get(digest)
        if before is not None and found != before.credential:
            before.until = asked_at
        if found is None or not found.valid(asked_at):
            return None
        standing = before if before is not None and found == before.credential else Standing(found, asked_at)
        standing.until = min(asked_at + self._remembers, found.expires_at or datetime.max.replace(tzinfo=UTC))
        self._standings[digest] = standing
        return standing

    def _lasts(self, standing: Standing | None) -> timedelta:
        """Tell how long to remember: what is not there is looked for again at once."""
        return self._remembers if standing is not None else timedelta()

    async def second(self, exchange: Exchange) -> None:
        """Check the brokering system's own key: the caller can then do no more than the system itself.

        Raises:
            Unauthenticated: the key is missing or not one; clients are not told which.
        """
        try:
            key = await self.admit(exchange.headers.get(API_KEY))
        except Unauthenticated:
            raise Unauthenticated(Cause.UNKNOWN) from None
        if API_KEY not in key.roles:
            raise Unauthenticated(Cause.UNKNOWN)
        exchange.limit = key.permissions


def security_map(gate: Gate, entrances: Mapping[str, Entrance]) -> Mapping[str, type]:
    """Give Connexion a handler for each type of security scheme that the spec uses."""

    async def first(request: Any) -> dict[str, Any]:
        exchange = _exchange(request)
        if exchange.refusal is not None:
            raise exchange.refusal
        if exchange.caller is None:  # a contract's schemes are ways through one entrance, which knows their order
            try:
                await entrances[exchange.known_operation.contract](exchange)
            except JobstatusError as error:
                exchange.refusal = error
                raise
        return {"sub": exchange.known_caller.id}

    async def second(request: Any) -> dict[str, Any]:
        await gate.second(_exchange(request))
        return {"sub": API_KEY}

    class Scheme:
        def get_fn(self, scheme: Mapping[str, Any], required_scopes: list[str]) -> Verify:
            return second if scheme.get("name") == API_KEY else first

    return {"oauth2": Scheme, "apiKey": Scheme, "bearer": Scheme}


def _exchange(request: Any) -> Exchange:
    """Find the exchange that a request of Connexion's is part of; the compiled engine gives it itself."""
    return request if isinstance(request, Exchange) else current.get()
