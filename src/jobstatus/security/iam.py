"""IMS: the ways into a cloud's project, a token or a signed request.

A token goes before a signature. It is one that was issued here for a project, one that the operator gave out, or one
that an outside identity service vouches for.
"""

from __future__ import annotations

import hmac
from typing import Protocol

import structlog
from starlette.requests import Request as HttpRequest

from jobstatus.clock import Clock, utc_now
from jobstatus.contract.exchange import Exchange
from jobstatus.credential import Caller, Kind
from jobstatus.errors import Cause, Unauthenticated
from jobstatus.security.gate import Gate
from jobstatus.security.project_tokens import ProjectTokens, looks_issued
from jobstatus.security.signature import (
    Authorization,
    BadSignature,
    MalformedAuthorization,
    Reason,
    SignedRequest,
    verify,
)
from jobstatus.security.tokens import name_digest
from jobstatus.security.vault import AccessKey, Vault

log = structlog.get_logger()

ALGORITHM = "SDK-HMAC-SHA256"


class Verifier(Protocol):
    """An outside service that vouches for tokens."""

    async def verify(self, token: str) -> Caller:
        """Tell whose a token is. Raises `Unauthenticated`."""


class CloudAccess:
    """Lets in who has a part in a project."""

    def __init__(
        self,
        gate: Gate,
        tokens: ProjectTokens,
        vault: Vault | None = None,
        outside: Verifier | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._gate = gate
        self._tokens = tokens
        self._vault = vault
        self._outside = outside
        self._clock = clock

    async def enter(self, exchange: Exchange) -> None:
        """Make the bearer of the token, or the signer, the caller.

        Raises:
            Unauthenticated: there is neither, or it is not valid.
            ForeignTenant: `X-Project-Id` names a project that the access key has no part in.
        """
        headers = exchange.headers
        if "x-auth-token" in headers:
            exchange.become(await self._bearer(headers["x-auth-token"]))
        elif headers.get("authorization", "").startswith(ALGORITHM):
            exchange.become(await self._signer(exchange.http))
        else:
            raise Unauthenticated(Cause.MISSING)

    async def _bearer(self, token: str) -> Caller:
        if looks_issued(token):
            return (await self._tokens.read(token)).caller
        try:
            return await self._given_out(token)
        except Unauthenticated:
            if self._outside is None or not token:
                raise
            return await self._outside.verify(token)

    async def _given_out(self, token: str) -> Caller:
        credential = await self._gate.admit(token)
        if not credential.stands_alone:
            raise Unauthenticated(Cause.UNKNOWN)
        return credential.caller

    async def _signer(self, http: HttpRequest) -> Caller:
        try:
            shown = Authorization.parse(http.headers["authorization"])
        except MalformedAuthorization:
            raise Unauthenticated(Cause.BAD_SIGNATURE) from None
        caller, key = await self._access_key(shown.access_key)
        _hold_to(key, http)
        try:
            verify(_signed(http), shown, key.secret_key, self._clock())
        except BadSignature as error:
            raise Unauthenticated(_CAUSES.get(error.reason, Cause.BAD_SIGNATURE)) from None
        return caller.within(http.headers.get("x-project-id"))

    async def _access_key(self, name: str) -> tuple[Caller, AccessKey]:
        found = await self._gate.recognise(name_digest(Kind.ACCESS_KEY, name), Kind.ACCESS_KEY)
        if found is None or found.secret is None:
            raise Unauthenticated(Cause.NO_KEY, name)
        if self._vault is None:
            log.error("access keys cannot be used: JOBSTATUS_SECRET_KEY is not set")
            raise Unauthenticated(Cause.NO_KEY, name)
        return found.caller, self._vault.unlock(name, found.secret)


_CAUSES = {Reason.DATE: Cause.BAD_DATE}


def _hold_to(key: AccessKey, http: HttpRequest) -> None:
    """See that the security token of a temporary access key was sent, and none beside a lasting one."""
    sent = http.headers.get("x-security-token", "")
    if not hmac.compare_digest(sent.encode("latin-1"), (key.security_token or "").encode()):
        raise Unauthenticated(Cause.BAD_SIGNATURE)


def _signed(http: HttpRequest) -> SignedRequest:
    """Give a request as it was signed. Requests to these operations have no body, so none is hashed."""
    headers: dict[str, str] = {}
    for name, value in http.headers.items():
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    raw: bytes = http.scope.get("raw_path") or http.scope["path"].encode()
    return SignedRequest(
        method=http.method,
        path=raw.partition(b"?")[0].decode("latin-1"),
        query=http.scope["query_string"].decode("latin-1"),
        headers=headers,
    )
