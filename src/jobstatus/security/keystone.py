"""Tokens for a project that an outside Keystone issued (OpenStack Identity API, version 3).

A token may ask about itself, so this server needs no account there.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from jobstatus.clock import Clock, utc_now
from jobstatus.credential import API_KEY, EVERY_TENANT, Caller
from jobstatus.errors import Cause, ConfigurationError, Unauthenticated
from jobstatus.security.cache import Cache
from jobstatus.security.claims import LONGEST_SUBJECT, LONGEST_TENANT, LONGEST_TOKEN
from jobstatus.security.endpoint import Endpoint, IssuerUnavailable, check_url
from jobstatus.security.tokens import digest

LARGEST_ANSWER = 1_048_576
"""The most bytes of an answer."""
MOST_ANSWERS = 10_000
"""How many answers are kept."""
REFUSALS_FOR = timedelta(seconds=5)
"""The longest that a refusal is kept: a token may be shown a moment before all of Keystone's servers know it."""
REFUSED = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND})
"""What Keystone answers where a token is not good, or may not ask."""
PERMISSIONS = frozenset({"ims:imageJobs:get", "ims:imageJobs:getPercentage"})
PREFIX = "keystone:"
"""What the id of a caller from there begins with, so that it is never a stored credential's."""

_TOKEN = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_TOKEN}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeystoneOptions:
    """Which Keystone is asked, what its tokens may do here, and how long an answer counts.

    `url` is the service's base, with `/v3` or without. A token that has one of `roles`, or any role where they are
    empty, gets the `permissions`; another gets none. A token that is revoked is let in for up to `answers_for`; zero
    asks each time. `timeout` is how long an answer may take.

    Raises:
        ConfigurationError: the URL is not safe or no base, or a span is negative.
    """

    url: str
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = PERMISSIONS
    answers_for: timedelta = timedelta(seconds=30)
    timeout: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        check_url("the identity service's URL", self.url)
        if "?" in self.url or "#" in self.url:
            raise ConfigurationError("the identity service's URL must end with its path")
        if min(self.answers_for, self.timeout) < timedelta(0):
            raise ConfigurationError("a span of time for tokens cannot be negative")

    @property
    def tokens_url(self) -> str:
        """Where a token is asked about: the catalog, which can be long, is left out."""
        return f"{self.url.rstrip('/').removesuffix('/v3')}/v3/auth/tokens?nocatalog"


@dataclass(frozen=True, slots=True)
class _Answer:
    """Whose a token is, and until when."""

    caller: Caller
    ends: datetime


class _TokenEndpoint(Endpoint):
    """Where Keystone tells what a token is."""

    async def show(self, token: str) -> Mapping[str, object]:
        """Give what Keystone says of a token. Raises `Unauthenticated`, `IssuerUnavailable`."""
        return _object((await self._ask("GET", auth=_Itself(token))).get("token"))


class _Itself(httpx.Auth):
    """Shows a token twice, as the one that asks and the one that is asked about."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["X-Auth-Token"] = request.headers["X-Subject-Token"] = self._token
        response = yield request
        if response.status_code in REFUSED:
            raise Unauthenticated(Cause.UNKNOWN)


class KeystoneValidator:
    """Tells whose a token is. What it keeps of a token is a digest."""

    def __init__(self, options: KeystoneOptions, client: httpx.AsyncClient, clock: Clock = utc_now) -> None:
        self._options = options
        self._endpoint = _TokenEndpoint(client, options.tokens_url, limit=LARGEST_ANSWER, timeout=options.timeout)
        self._answers: Cache[bytes, _Answer | None] = Cache(MOST_ANSWERS, self._life, clock)
        self._clock = clock

    async def verify(self, token: str) -> Caller:
        """Give the caller that a token stands for, whose tenant is the token's project.

        Raises:
            Unauthenticated: the token is not good, or is for no project; one that was good is told as expired.
            IssuerUnavailable: Keystone cannot be asked, or what it answers makes no sense.
        """
        if not _TOKEN.fullmatch(token):
            raise Unauthenticated(Cause.UNKNOWN)
        answer = await self._answers.get(digest(token), lambda: self._ask(token))
        if answer is None:
            raise Unauthenticated(Cause.UNKNOWN)
        if self._clock() >= answer.ends:
            raise Unauthenticated(Cause.EXPIRED, answer.ends.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
        return answer.caller

    async def _ask(self, token: str) -> _Answer | None:
        try:
            return self._read(await self._endpoint.show(token))
        except Unauthenticated:
            return None

    def _read(self, token: Mapping[str, object]) -> _Answer:
        if _is_bound(token):
            raise Unauthenticated(Cause.UNKNOWN)
        roles = _roles(token)
        suffices = roles & self._options.roles if self._options.roles else roles
        caller = Caller(
            id=PREFIX + _id(_object(token.get("user")), LONGEST_SUBJECT),
            tenant=_project(token),
            permissions=self._options.permissions if suffices else frozenset(),
            roles=roles,
        )
        return _Answer(caller, _end(token))

    def _life(self, answer: _Answer | None) -> timedelta:
        """Tell for how long an answer is kept: never beyond the token's own end."""
        if answer is None:
            return min(self._options.answers_for, REFUSALS_FOR)
        return max(timedelta(0), min(self._options.answers_for, answer.ends - self._clock()))


def _is_bound(token: Mapping[str, object]) -> bool:
    """Tell whether a token is good only together with a certificate (RFC 8705), or only for requests that it lists.

    Keystone itself refuses the latter to whoever does not say that they can read such a list.
    """
    application = token.get("application_credential")
    listed = isinstance(application, dict) and application.get("access_rules") is not None
    return listed or token.get("oauth2_credential") is not None


def _project(token: Mapping[str, object]) -> str:
    """Read the project that a token is for; others are for a domain, for the whole system, or for nothing."""
    project = token.get("project")
    id = EVERY_TENANT if project is None else _id(_object(project), LONGEST_TENANT)
    if id == EVERY_TENANT:
        raise Unauthenticated(Cause.UNKNOWN)
    return id


def _roles(token: Mapping[str, object]) -> frozenset[str]:
    """Read the roles' names; one that is called as a brokering system's key is must not become one."""
    roles = token.get("roles", [])
    if not isinstance(roles, list):
        raise _nonsense()
    return frozenset(_text(_object(role).get("name"), LONGEST_SUBJECT) for role in roles) - {API_KEY}


def _end(token: Mapping[str, object]) -> datetime:
    try:
        end = datetime.fromisoformat(_text(token.get("expires_at"), 64))
        if end.tzinfo is not None:
            return end.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _nonsense()


def _id(thing: Mapping[str, object], longest: int) -> str:
    return _text(thing.get("id"), longest)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _nonsense()
    return value


def _text(value: object, longest: int) -> str:
    """Read a name, which stands in logs and answers: no control character may be in it."""
    if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.isprintable():
        raise _nonsense()
    return value


def _nonsense() -> IssuerUnavailable:
    return IssuerUnavailable("the identity service's answer is not a token")
