"""The public keys of an outside authorization server (JWK Set, RFC 7517)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, RSAKey

from jobstatus.clock import Clock, utc_now
from jobstatus.security.cache import Cache
from jobstatus.security.endpoint import Endpoint, IssuerUnavailable

AGAIN = timedelta(seconds=10)
"""The least time between two times that the issuer is asked, whatever tokens are shown meanwhile."""
LARGEST_SET = 1_048_576
"""The most bytes of a key set."""
MOST_KEYS = 100
"""How many of its keys count: a token that names none is tried with each."""
SHORTEST_RSA = 2048
"""The fewest bits of an RSA key (RFC 7518 §3.3)."""

log = structlog.get_logger()


class KeySet:
    """The keys of an issuer, fetched when they are needed and have not been for a while."""

    def __init__(self, endpoint: Endpoint, lives: timedelta, clock: Clock = utc_now) -> None:
        self._endpoint = endpoint
        self._lives = lives
        self._clock = clock
        self._keys: list[Key] | None = None
        self._stale_at = datetime.min.replace(tzinfo=UTC)
        self._failures: Cache[str, str | None] = Cache(1, lambda _: AGAIN, clock)

    async def find(self, id: str | None) -> list[Key]:
        """Give the keys with this id, or all if none is named. For an id that is not known, the set is fetched again.

        Raises:
            IssuerUnavailable: the set cannot be fetched, and never was. One that was is used on.
        """
        if self._clock() >= self._stale_at:
            await self._renew()
        found = self._named(id)
        if not found:
            await self._renew()
            found = self._named(id)
        return found

    def _named(self, id: str | None) -> list[Key]:
        return [key for key in self._keys or () if id is None or key.kid == id]

    async def _renew(self) -> None:
        failure = await self._failures.get("", self._fetch)
        if self._keys is None:
            raise IssuerUnavailable(failure)

    async def _fetch(self) -> str | None:
        """Fetch the set, and tell what was in the way."""
        asked_at = self._clock()
        try:
            self._keys = _keys(await self._endpoint.get())
        except IssuerUnavailable as error:
            log.warning("the issuer's keys were not fetched", reason=str(error))
            return str(error)
        self._stale_at = asked_at + self._lives
        return None


def _keys(key_set: dict[str, object]) -> list[Key]:
    """Read a key set; a key that cannot be read or used is passed over (RFC 7517 §5)."""
    members = key_set.get("keys")
    if not isinstance(members, list):
        raise IssuerUnavailable("the issuer's answer is not a key set")
    read = (_key(member) for member in members[:MOST_KEYS])
    return [key for key in read if key is not None]


def _key(member: object) -> Key | None:
    # a secret that is published, be it a shared one or a private key, proves nothing
    if not isinstance(member, dict) or member.get("kty") == "oct" or "d" in member:
        return None
    try:
        key = JWKRegistry.import_key(member)
    except (JoseError, UnsupportedAlgorithm, ValueError, TypeError, KeyError):
        return None
    is_weak = isinstance(key, RSAKey) and key.raw_value.key_size < SHORTEST_RSA
    return None if is_weak else key
