"""Finding out who calls: the credential that a request carries, looked up and held to its terms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from jobstatus.clock import Clock, utc_now
from jobstatus.contract.exchange import Exchange, current
from jobstatus.credential import API_KEY, Credential
from jobstatus.errors import Unauthenticated
from jobstatus.security.tokens import digest
from jobstatus.storage.base import CredentialStore

Verify = Callable[[Any], Awaitable[dict[str, Any]]]


class Gate:
    """Authenticates requests."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._credentials: CredentialStore | None = None
        self._clock = clock

    def start(self, credentials: CredentialStore) -> None:
        """Take the credentials; before that nobody is let in."""
        self._credentials = credentials

    async def admit(self, token: str | None) -> Credential:
        """Give the valid credential that *token* belongs to. Raises `Unauthenticated`."""
        if not token:
            raise Unauthenticated(missing=True)
        found = await self.recognise(digest(token))
        if found is None:
            raise Unauthenticated(missing=False)
        return found

    async def recognise(self, digest: bytes) -> Credential | None:
        """Give the credential whose token has this SHA-256, if there is one that is valid."""
        if self._credentials is None:
            raise RuntimeError("the gate has not been started")
        found = await self._credentials.find_credential(digest)
        return found if found is not None and found.valid(self._clock()) else None

    async def enter(self, exchange: Exchange, token: str | None) -> dict[str, Any]:
        """Make the bearer of *token* the caller; a broker's client must show the broker's key as well."""
        credential = await self.admit(token)
        if API_KEY in credential.roles:
            raise Unauthenticated(missing=False)
        if credential.broker:
            await self.second(exchange)
        exchange.become(credential.caller())
        return {"sub": credential.id}

    async def second(self, exchange: Exchange) -> dict[str, Any]:
        """Check the brokering system's own key: the caller can then do no more than the system itself.

        Raises:
            Unauthenticated: the key is missing or not one; clients are not told which.
        """
        try:
            key = await self.admit(exchange.http.headers.get(API_KEY))
        except Unauthenticated:
            raise Unauthenticated(missing=False) from None
        if API_KEY not in key.roles:
            raise Unauthenticated(missing=False)
        exchange.limit = key.permissions
        return {"sub": key.id}

    def security_map(self) -> Mapping[str, type]:
        """Give Connexion a handler for each type of security scheme that the spec uses."""
        gate = self

        class Bearer:
            def get_fn(self, scheme: Mapping[str, Any], required_scopes: list[str]) -> Verify:
                return gate._bearer

        class Key:
            def get_fn(self, scheme: Mapping[str, Any], required_scopes: list[str]) -> Verify:
                return gate._key(scheme["in"], scheme["name"])

        return {"oauth2": Bearer, "apiKey": Key}

    async def _bearer(self, request: Any) -> dict[str, Any]:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return await self.enter(current.get(), token.strip() if kind.lower() == "bearer" else None)

    def _key(self, place: str, name: str) -> Verify:
        async def second(request: Any) -> dict[str, Any]:
            return await self.second(current.get())

        async def first(request: Any) -> dict[str, Any]:
            sent = request.cookies if place == "cookie" else request.headers
            return await self.enter(current.get(), sent.get(name))

        return second if name == API_KEY else first
