"""Tokens that say nothing themselves: the authorization server that issued them is asked (RFC 7662)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote_plus

import httpx

from jobstatus.clock import Clock, utc_now
from jobstatus.credential import Caller
from jobstatus.errors import Cause, ConfigurationError, Unauthenticated
from jobstatus.security.cache import Cache
from jobstatus.security.claims import LONGEST_TOKEN, ClaimRules, Claims, caller_of, moment
from jobstatus.security.endpoint import Endpoint, IssuerUnavailable, check_url
from jobstatus.security.tokens import digest

LARGEST_ANSWER = 65_536
"""The most bytes of an answer."""
MOST_ANSWERS = 10_000
"""How many answers are kept."""
REFUSALS_FOR = timedelta(seconds=5)
"""The longest that a refusal is kept: a token may be shown a moment before all of the issuer's servers know it."""
BEARER = frozenset({"bearer", "access_token"})
"""What the type of a token that is no refresh token, and bound to no key, is called, in lower case."""

_TOKEN = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_TOKEN}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntrospectionOptions(ClaimRules):
    """Who is asked, as whom, and how long an answer counts.

    A token that is revoked is let in for up to `answers_for`; zero asks each time. `timeout` is how long the issuer may
    take to answer.

    Raises:
        ConfigurationError: the URL is not safe, or a span is negative.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    answers_for: timedelta = timedelta(seconds=30)
    timeout: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        check_url("the introspection URL", self.url)
        if min(self.answers_for, self.timeout) < timedelta(0):
            raise ConfigurationError("a span of time for tokens cannot be negative")


@dataclass(frozen=True, slots=True)
class _Answer:
    """Whose a token is, if anybody's, and until when, in seconds since 1970."""

    caller: Caller | None = None
    ends: float = math.inf


class Introspector:
    """Tells whose an opaque token is. What it keeps of a token is a digest."""

    def __init__(self, options: IntrospectionOptions, client: httpx.AsyncClient, clock: Clock = utc_now) -> None:
        self._options = options
        self._endpoint = Endpoint(client, options.url, limit=LARGEST_ANSWER, timeout=options.timeout)
        # RFC 6749 §2.3.1 has both form-encoded first
        self._auth = httpx.BasicAuth(quote_plus(options.client_id), quote_plus(options.client_secret))
        self._answers: Cache[bytes, _Answer] = Cache(MOST_ANSWERS, self._life, clock)
        self._clock = clock

    async def verify(self, token: str) -> Caller:
        """Give the caller that a token stands for.

        Raises:
            Unauthenticated: the token is not valid; one that was is told as expired.
            IssuerUnavailable: the issuer cannot be asked, or does not know this server.
        """
        if not _TOKEN.fullmatch(token):
            raise Unauthenticated(Cause.UNKNOWN)
        answer = await self._answers.get(digest(token), lambda: self._ask(token))
        if answer.caller is None:
            raise Unauthenticated(Cause.UNKNOWN)
        if self._clock().timestamp() >= answer.ends:
            raise Unauthenticated(Cause.EXPIRED)
        return answer.caller

    async def _ask(self, token: str) -> _Answer:
        claims = await self._endpoint.post({"token": token, "token_type_hint": "access_token"}, self._auth)
        active = claims.get("active")
        if not isinstance(active, bool):
            raise IssuerUnavailable("the issuer's answer does not tell whether the token is active")
        try:
            return self._read(claims) if active else _Answer()
        except Unauthenticated:
            return _Answer()

    def _read(self, claims: Claims) -> _Answer:
        kind = claims.get("token_type")
        if kind is not None and str(kind).lower() not in BEARER:
            raise Unauthenticated(Cause.UNKNOWN)
        ends = moment(claims, "exp")
        return _Answer(caller_of(claims, self._options), math.inf if ends is None else ends)

    def _life(self, answer: _Answer) -> timedelta:
        """Tell for how long an answer is kept: never beyond the token's own end."""
        if answer.caller is None:
            return min(self._options.answers_for, REFUSALS_FOR)
        left = max(0.0, answer.ends - self._clock().timestamp())
        return timedelta(seconds=min(self._options.answers_for.total_seconds(), left))
