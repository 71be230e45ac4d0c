"""Tokens that tell everything themselves, signed by an outside authorization server (RFC 7519, RFC 9068).

What is checked, and why, is what RFC 8725 asks for: the algorithm is chosen here and not by the token, a key is looked
up by its id only in the issuer's own set, and nothing that the token brings along (`jwk`, `jku`, `x5c`) is looked at.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import httpx
import orjson
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import Key
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact

from jobstatus.clock import Clock, utc_now
from jobstatus.credential import Caller
from jobstatus.errors import Cause, ConfigurationError, Unauthenticated
from jobstatus.security.claims import LONGEST_TOKEN, ClaimRules, Claims, caller_of, check_times
from jobstatus.security.endpoint import Endpoint, check_url
from jobstatus.security.key_set import LARGEST_SET, KeySet

ALGORITHMS = frozenset({"RS256", "PS256", "ES256", "EdDSA"})
TYPES = frozenset({"jwt", "at+jwt"})
"""What a token may say that it is, in lower case, if it says so at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtOptions(ClaimRules):
    """Whose tokens are taken, and how they must be made.

    `leeway` is how far the issuer's clock may be off, `keys_for` how long its keys are used before they are fetched
    again (at least 10 seconds), `timeout` how long it may take to answer.

    Raises:
        ConfigurationError: the URL is not safe, a span is negative, or others than the issuer could sign by one of the
            algorithms, as with a secret that is shared (`HS256`) or without any (`none`).
    """

    jwks_url: str
    algorithms: frozenset[str] = ALGORITHMS
    leeway: timedelta = timedelta(seconds=30)
    keys_for: timedelta = timedelta(minutes=5)
    timeout: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        check_url("the key set's URL", self.jwks_url)
        unfit = sorted(name for name in self.algorithms if not _is_public_key(name))
        if unfit or not self.algorithms:
            raise ConfigurationError(f"not an algorithm for signing tokens: {', '.join(unfit) or 'none was named'}")
        if min(self.leeway, self.keys_for, self.timeout) < timedelta(0):
            raise ConfigurationError("a span of time for tokens cannot be negative")


class JwtVerifier:
    """Tells whose a signed token is."""

    def __init__(self, options: JwtOptions, client: httpx.AsyncClient, clock: Clock = utc_now) -> None:
        self._options = options
        self._registry = _Registry(options.algorithms)
        endpoint = Endpoint(client, options.jwks_url, limit=LARGEST_SET, timeout=options.timeout)
        self._keys = KeySet(endpoint, options.keys_for, clock)
        self._clock = clock

    async def verify(self, token: str) -> Caller:
        """Give the caller that a token stands for.

        Raises:
            Unauthenticated: the token is not valid; one that was is told as expired.
            IssuerUnavailable: the issuer's keys cannot be fetched, and never were.
        """
        signed = self._opened(token)
        keys = await self._keys.find(signed.headers().get("kid"))
        if not any(self._is_signed(signed, key) for key in keys):
            raise Unauthenticated(Cause.UNKNOWN)
        claims = _claims(signed)
        check_times(claims, self._clock(), self._options.leeway)
        return caller_of(claims, self._options)

    def _opened(self, token: str) -> CompactSignature:
        """Read a token whose signature may still be anybody's. Raises `Unauthenticated`."""
        if len(token) > LONGEST_TOKEN:
            raise Unauthenticated(Cause.UNKNOWN)
        try:
            signed = extract_compact(token.encode(), registry=self._registry)
            self._registry.check_header(signed.headers())
        except (JoseError, ValueError, TypeError, RecursionError):
            raise Unauthenticated(Cause.UNKNOWN) from None
        return signed

    def _is_signed(self, signed: CompactSignature, key: Key) -> bool:
        """Tell whether the signature is the key's, and the key one for it by its type, `alg`, `use` and `key_ops`."""
        try:
            return validate_compact(signed, key, registry=self._registry)
        except (JoseError, ValueError):
            return False


class _Registry(JWSRegistry):
    """What a token's header may hold: other parameters are ignored (RFC 7515 §4), and none may be critical."""

    max_header_length = 4096
    max_payload_length = LONGEST_TOKEN
    max_signature_length = 2048

    def __init__(self, allowed: Collection[str]) -> None:
        super().__init__(algorithms=allowed, strict_check_header=False)
        self._allowed = allowed

    def get_alg(self, name: str) -> JWSAlgModel:
        """Give an algorithm that is allowed; joserfc's own method warns of `EdDSA`, which issuers use."""
        if name not in self._allowed:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]

    def check_header(self, header: dict[str, object]) -> None:
        super().check_header(header)
        self.get_alg(str(header["alg"]))
        kind = str(header.get("typ", "JWT")).lower().removeprefix("application/")
        if "crit" in header or kind not in TYPES:
            raise JoseError("not a token of a kind that is taken")


def _is_public_key(algorithm: str) -> bool:
    model = JWSRegistry.algorithms.get(algorithm)
    return model is not None and model.key_type != "oct"


def _claims(signed: CompactSignature) -> Claims:
    try:
        claims = orjson.loads(signed.payload)
    except ValueError:
        raise Unauthenticated(Cause.UNKNOWN) from None
    if not isinstance(claims, dict):
        raise Unauthenticated(Cause.UNKNOWN)
    return claims
