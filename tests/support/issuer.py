"""An authorization server on loopback: its keys, its tokens, and what it answers when it is asked about one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeAlias

import httpx
import pytest
import uvicorn
from house import TENANT, MovingClock
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, serialize_compact
from joserfc.util import json_b64encode, urlsafe_b64encode
from orjson import dumps
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jobstatus.errors import Cause, Unauthenticated
from jobstatus.security.bearer import TokenVerifier
from jobstatus.security.jwt import JwtOptions, JwtVerifier

SigningKey: TypeAlias = RSAKey | ECKey | OKPKey

RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
STRANGE = RSAKey.generate_key(2048, {"kid": "rsa"})
"""Another's key, which calls itself as the issuer's."""

ISSUER = "https://issuer.example"
AUDIENCE = "https://jobs.example"


class Issuer:
    """What the server says, for a test to change, and what it was asked."""

    def __init__(self, url: str, client: httpx.AsyncClient, clock: MovingClock) -> None:
        self.url = url
        self.client = client
        self.clock = clock
        self.keys: list[Any] = [public(RSA), public(EC), public(ED)]
        self.tokens: dict[str, dict[str, Any]] = {}
        self.asked: list[Request] = []
        self.forms: list[dict[str, str]] = []
        self.instead: Response | None = None
        """An answer to everything."""
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def answer(self, request: Request) -> Response:
        """Answer a request, once the test lets it."""
        self.asked.append(request)
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.forms.append(form)
        await self.may_answer.wait()
        if self.instead is not None:
            return self.instead
        if request.url.path == "/keys":
            return JSONResponse({"keys": self.keys})
        return JSONResponse(self.tokens.get(form["token"], {"active": False}))

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Give the claims of a token that is good for an hour; one that is None is left out."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "alice",
            "tenant": TENANT,
            "scope": "job:read job:write",
            "iat": int(self.now.timestamp()),
            "exp": int(self.now.timestamp()) + 3600,
            **changed,
        }
        return {name: value for name, value in claims.items() if value is not None}

    @property
    def now(self) -> datetime:
        """Tell the time."""
        return self.clock.now

    def token(self, **changed: Any) -> str:
        """Give a token that is signed with the RSA key."""
        return signed(self.claims(**changed))


def public(key: SigningKey, **parameters: Any) -> dict[str, Any]:
    """Give a key as a key set has it."""
    return {**key.as_dict(private=False), **parameters}


def signed(claims: Any, key: Any = RSA, **header: Any) -> str:
    """Sign whatever is said to be claims, with whatever is said to be a header; one that is None is left out."""
    full = {"alg": "RS256", "typ": "at+jwt", "kid": getattr(key, "kid", None), **header}
    full = {name: value for name, value in full.items() if value is not None}
    payload = claims if isinstance(claims, bytes) else dumps(claims)
    return serialize_compact(full, payload, key, registry=_Anything(strict_check_header=False))


class _Anything(JWSRegistry):
    """Signs by any algorithm, and warns of none."""

    def get_alg(self, name: str) -> JWSAlgModel:
        return self.algorithms[name]


def unsigned(header: Any, claims: Any, signature: bytes = b"") -> str:
    """Put a token together with no regard to what a header or a signature may be."""
    return b".".join((json_b64encode(header), json_b64encode(claims), urlsafe_b64encode(signature))).decode()


def verifier(issuer: Issuer, /, **options: Any) -> JwtVerifier:
    """Take the issuer's tokens, for this audience."""
    chosen = {"jwks_url": f"{issuer.url}/keys", "issuer": ISSUER, "audience": AUDIENCE, **options}
    return JwtVerifier(JwtOptions(**chosen), issuer.client, issuer.clock)


async def refusal(verifier: TokenVerifier, token: str) -> Cause:
    """Tell why a token is refused."""
    with pytest.raises(Unauthenticated) as refused:
        await verifier.verify(token)
    return refused.value.cause


async def refused(issuer: Issuer, token: str, **options: Any) -> bool:
    """Tell whether a token is refused without a word about why, and one that is right is not."""
    asked = verifier(issuer, **options)
    await asked.verify(issuer.token())
    return await refusal(asked, token) is Cause.UNKNOWN


@asynccontextmanager
async def running_issuer() -> AsyncGenerator[Issuer]:
    """Serve an issuer in this event loop for as long as it is needed, with a client to ask it by."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx.AsyncClient(trust_env=False, verify=False) as client:  # there is no TLS here
            issuer = Issuer(url, client, MovingClock())
            async with _served(issuer, listener):
                yield issuer


@asynccontextmanager
async def _served(issuer: Issuer, listener: socket.socket) -> AsyncGenerator[None]:
    """Start and stop by hand what uvicorn would do at its own, slower pace."""
    app = Starlette(routes=[Route("/{path:path}", issuer.answer, methods=["GET", "POST"])])
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])
    try:
        yield
    finally:
        issuer.may_answer.set()
        for port in server.servers:
            port.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        if server.server_state.tasks:
            await asyncio.wait(server.server_state.tasks, timeout=5)
