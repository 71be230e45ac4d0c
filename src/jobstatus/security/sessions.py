"""Traffic Ops: sessions in signed cookies, renewed with each answer.

A session is a statement in the cookie `mojolicious`; `access_token` is a JWT that holds such a cookie. Nothing of a
session is kept: it ends by its time, or with the credential that it stands for.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from jobstatus.clock import Clock, utc_now
from jobstatus.contract.exchange import Exchange
from jobstatus.credential import Caller, Credential
from jobstatus.errors import Cause, Unauthenticated
from jobstatus.security.gate import Gate
from jobstatus.security.people import People
from jobstatus.security.seal import Seal

AT_LOGIN = timedelta(hours=6)
RENEWED = timedelta(hours=1)
BY = "trafficcontrol-go-tocookie"
MOJOLICIOUS = "mojolicious"
ACCESS_TOKEN = "access_token"  # noqa: S105  a cookie's name
DISALLOWED = "disallowed"
"""The role of users who may not log in."""


class CookieSessions:
    """Begins sessions, and lets in who has one."""

    def __init__(self, gate: Gate, key: bytes, clock: Clock = utc_now) -> None:
        self._gate = gate
        self._people = People(gate)
        self._seal = Seal(key, "traffic ops session")
        self._key = OctKey.import_key(Seal(key, "traffic ops access token").key)
        self._clock = clock

    async def log_in(self, name: str, password: str) -> tuple[str, ...]:
        """Give the cookies of a new session, the JWT among them. Raises `Unauthenticated`."""
        user = await self._people.by_password(name, password)
        if DISALLOWED in user.roles:
            raise Unauthenticated(Cause.BAD_PASSWORD)
        session = self.seal(user, AT_LOGIN)
        token = self.access_token(session, self._clock() + AT_LOGIN)
        return (
            self._cookie(MOJOLICIOUS, session, AT_LOGIN),
            self._cookie(ACCESS_TOKEN, token, AT_LOGIN),
        )

    async def log_in_by_token(self, token: str) -> tuple[str, ...]:
        """Give the cookie of a new session to the holder of a token. Raises `Unauthenticated`."""
        holder = await self._gate.admit(token)
        if not holder.stands_alone:
            raise Unauthenticated(Cause.UNKNOWN)
        return (self._cookie(MOJOLICIOUS, self.seal(holder, AT_LOGIN), AT_LOGIN),)

    def log_out(self, caller: Caller) -> tuple[str, ...]:
        """Give cookies that are over; one that a client has kept is good to its own end all the same."""
        now = self._clock()
        return tuple(_written(name, "", now) for name in (MOJOLICIOUS, ACCESS_TOKEN))

    def seal(self, credential: Credential, span: timedelta) -> str:
        """Make the value of a session's cookie."""
        return self._sealed(credential.digest.hex(), span)

    async def enter(self, exchange: Exchange) -> None:
        """Make the session's holder the caller, and renew its cookies.

        An `Authorization` header with a bearer token goes first, and then no cookie counts; else the first of the two
        cookies in the order in which they were sent.

        Raises:
            Unauthenticated: there is no session, or not a valid one.
        """
        way, shown = _shown(exchange)
        if way == MOJOLICIOUS and not shown:
            exchange.become(Caller(id="", tenant=""))  # as in the original: somebody, who may do nothing
            return
        session, end = (shown, None) if way == MOJOLICIOUS else self.read_access_token(shown)
        holder = self._holder(session)
        credential = await self._people.by_digest(holder)
        exchange.become(credential.caller, tuple(self._renewed(holder, end if way == ACCESS_TOKEN else None)))

    def _holder(self, session: str) -> str:
        """Read whom a session stands for."""
        statement = self._seal.open(session)
        if int(statement["expires"]) < int(self._clock().timestamp()):
            raise Unauthenticated(Cause.EXPIRED)
        if not statement["auth_data"]:
            raise Unauthenticated(Cause.UNKNOWN)
        return str(statement["auth_data"])

    def _renewed(self, holder: str, token_end: datetime | None) -> Iterator[str]:
        """Make the cookies anew; a JWT keeps its end."""
        session = self._sealed(holder, RENEWED)
        yield self._cookie(MOJOLICIOUS, session, RENEWED)
        if token_end is not None:
            yield self._cookie(ACCESS_TOKEN, self.access_token(session, token_end), RENEWED)

    def _sealed(self, holder: str, span: timedelta) -> str:
        end = int((self._clock() + span).timestamp())
        return self._seal.seal({"auth_data": holder, "expires": end, "by": BY})

    def access_token(self, session: str, end: datetime) -> str:
        """Make the JWT that holds a session's cookie."""
        return jwt.encode({"alg": "HS256"}, {"exp": int(end.timestamp()), "mojoCookie": session}, self._key)

    def read_access_token(self, token: str) -> tuple[str, datetime]:
        """Give the session that a JWT holds, and its end.

        Raises:
            Unauthenticated: it is not right; whatever is wrong with it is told alike.
        """
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"]).claims
        except (JoseError, ValueError):
            raise Unauthenticated(Cause.UNKNOWN) from None
        session, end = claims.get("mojoCookie"), claims.get("exp")
        if not isinstance(session, str) or not isinstance(end, int) or not _spelt_right(token):
            raise Unauthenticated(Cause.UNKNOWN)
        if end < self._clock().timestamp():
            raise Unauthenticated(Cause.UNKNOWN)
        return session, datetime.fromtimestamp(end, UTC)

    def _cookie(self, name: str, value: str, span: timedelta) -> str:
        return _written(name, value, self._clock() + span, f"; Max-Age={int(span.total_seconds())}")


def _shown(exchange: Exchange) -> tuple[str, str]:
    """Find what shows the session: the way it came, and its value."""
    authorization = exchange.headers.get("authorization", "")
    if "Bearer" in authorization:
        return "bearer", authorization.partition("Bearer")[2].strip()
    for part in exchange.headers.get("cookie", "").split(";"):
        name, separator, value = part.strip().partition("=")
        if separator and name in (MOJOLICIOUS, ACCESS_TOKEN):
            return name, value.strip('"')
    raise Unauthenticated(Cause.MISSING)


def _spelt_right(token: str) -> bool:
    """Tell whether the signature is spelt as base64 spells it: its last character has bits that decode to nothing."""
    signature = token.rpartition(".")[2]
    read = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    return base64.urlsafe_b64encode(read).decode().rstrip("=") == signature


def _written(name: str, value: str, end: datetime, age: str = "") -> str:
    return f"{name}={value}; Path=/; Expires={format_datetime(end, usegmt=True)}{age}; HttpOnly"
