"""Tokens for a project, as an identity service issues them (OpenStack Identity API, version 3).

A token is a signed statement; nothing is kept of it. It ends by its time, or with the credential that it stands for.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobstatus.clock import Clock, utc_now
from jobstatus.credential import EVERY_TENANT, Caller, Credential
from jobstatus.errors import Cause, Unauthenticated
from jobstatus.login import Issued
from jobstatus.security.gate import Gate
from jobstatus.security.people import People
from jobstatus.security.seal import Seal

VALID = timedelta(hours=24)
PREFIX = "jst-"
"""What a token begins with, so that it is told from one that the operator gave out."""


def looks_issued(token: str) -> bool:
    """Tell whether a token has the form of those that are issued here."""
    return token.startswith(PREFIX)


class ProjectTokens:
    """Issues tokens, and reads them."""

    def __init__(self, gate: Gate, key: bytes, clock: Clock = utc_now, region: str = "eu-de") -> None:
        self.region = region
        self._gate = gate
        self._people = People(gate)
        self._seal = Seal(key, "identity token")
        self._clock = clock

    async def by_password(self, name: str, password: str, project: str | None) -> Issued:
        """Give a new token to a user; its project is the user's own where none is named. Raises `Unauthenticated`."""
        user = await self._people.by_password(name, password)
        return self._issue(user, project, ("password",), self._clock() + VALID)

    async def by_token(self, token: str, project: str | None) -> Issued:
        """Give a new token to the bearer of one, which ends when that ends. Raises `Unauthenticated`."""
        if not looks_issued(token):
            holder = await self._gate.admit(token)
            if not holder.stands_alone:
                raise Unauthenticated(Cause.UNKNOWN)
            return self._issue(holder, project, ("token",), self._clock() + VALID)
        before, digest = self._opened(token)
        methods = tuple(dict.fromkeys((*before.methods, "token")))
        return self._issue(await self._people.by_digest(digest), project, methods, before.expires_at)

    async def read(self, token: str) -> Issued:
        """Tell what a token says. Raises `Unauthenticated`."""
        said, digest = self._opened(token)
        holder = await self._people.by_digest(digest)
        return replace(said, caller=holder.caller.within(said.project))

    def _issue(self, holder: Credential, project: str | None, methods: tuple[str, ...], end: datetime) -> Issued:
        caller = holder.caller.within(project)
        if holder.expires_at is not None:
            end = min(end, holder.expires_at)
        at = self._clock()
        statement: dict[str, object] = {
            "sub": holder.digest.hex(),
            "project": None if caller.tenant == EVERY_TENANT else caller.tenant,
            "methods": methods,
            "iat": at.timestamp(),
            "exp": end.timestamp(),
        }
        return _issued(PREFIX + self._seal.seal(statement), statement, caller)

    def _unsealed(self, token: str) -> dict[str, object]:
        """Read the statement; whatever is wrong with it is told alike, and nothing of it repeated."""
        try:
            return self._seal.open(token.removeprefix(PREFIX))
        except Unauthenticated:
            raise Unauthenticated(Cause.UNKNOWN) from None

    def _opened(self, token: str) -> tuple[Issued, str]:
        statement = self._unsealed(token)
        issued = _issued(token, statement, Caller(id="", tenant=""))
        if issued.expires_at <= self._clock():
            raise Unauthenticated(Cause.EXPIRED, issued.expires_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
        return issued, str(statement["sub"])


def _issued(token: str, statement: dict[str, object], caller: Caller) -> Issued:
    methods, project = statement["methods"], statement["project"]
    return Issued(
        token=token,
        methods=tuple(methods) if isinstance(methods, list | tuple) else (),
        caller=caller,
        project=project if isinstance(project, str) else None,
        issued_at=_moment(statement["iat"]),
        expires_at=_moment(statement["exp"]),
    )


def _moment(seconds: object) -> datetime:
    return datetime.fromtimestamp(float(str(seconds)), UTC)
