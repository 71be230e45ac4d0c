"""Each contract's way in, and what logs callers in, put together from the settings."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any

import httpx

from jobstatus.clock import Clock
from jobstatus.security.bearer import Bearer
from jobstatus.security.bearers import OutsideTokens
from jobstatus.security.gate import Entrance, Gate
from jobstatus.security.iam import CloudAccess
from jobstatus.security.introspection import IntrospectionOptions, Introspector
from jobstatus.security.jwt import JwtOptions, JwtVerifier
from jobstatus.security.keystone import KeystoneOptions, KeystoneValidator
from jobstatus.security.project_tokens import ProjectTokens
from jobstatus.security.sessions import CookieSessions
from jobstatus.security.vault import Vault
from jobstatus.settings import Settings

LASTING = ("native", "ehealth", "ehealth-composition")
CONNECTIONS = httpx.Limits(max_connections=20, max_keepalive_connections=10)
"""How many connections to outside servers there are at the most."""


class Door:
    """The ways in, and the connections to whoever is asked about tokens."""

    def __init__(self, settings: Settings, gate: Gate, clock: Clock) -> None:
        key = settings.session_key.get_secret_value() if settings.session_key else secrets.token_urlsafe(32)
        self._client = httpx.AsyncClient(limits=CONNECTIONS, trust_env=False)
        self.sessions = CookieSessions(gate, key.encode(), clock)
        self.tokens = ProjectTokens(gate, key.encode(), clock, settings.region)
        vault = Vault(settings.secret_key.get_secret_value()) if settings.secret_key else None
        bearer = Bearer(gate, _outside(settings, self._client, clock))
        cloud = CloudAccess(gate, self.tokens, vault, _keystone(settings, self._client, clock), clock)
        self.entrances: Mapping[str, Entrance] = {
            "native": bearer.enter,
            "ehealth": bearer.enter_by_cookie,
            "ehealth-composition": bearer.enter,
            "traffic-ops": self.sessions.enter,
            "ims": cloud.enter,
        }
        self.lasting: Mapping[str, Entrance] = {name: self.entrances[name] for name in LASTING}
        """Those that may be gone through twice with one request: neither a signature nor a session may."""

    async def __aenter__(self) -> Door:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()


def _outside(settings: Settings, client: httpx.AsyncClient, clock: Clock) -> OutsideTokens | None:
    if settings.jwt_jwks_url is None and settings.introspection_url is None:
        return None
    return OutsideTokens(jwt=_jwt(settings, client, clock), introspection=_introspection(settings, client, clock))


def _jwt(settings: Settings, client: httpx.AsyncClient, clock: Clock) -> JwtVerifier | None:
    if settings.jwt_jwks_url is None:
        return None
    options = JwtOptions(
        jwks_url=settings.jwt_jwks_url,
        algorithms=_words(settings.jwt_algorithms),
        leeway=timedelta(seconds=settings.jwt_leeway_seconds),
        **_claim_rules(settings),
    )
    return JwtVerifier(options, client, clock)


def _introspection(settings: Settings, client: httpx.AsyncClient, clock: Clock) -> Introspector | None:
    if settings.introspection_url is None:
        return None
    options = IntrospectionOptions(
        url=settings.introspection_url,
        client_id=settings.introspection_client_id,
        client_secret=settings.introspection_client_secret.get_secret_value(),
        answers_for=timedelta(seconds=settings.introspection_seconds),
        **_claim_rules(settings),
    )
    return Introspector(options, client, clock)


def _claim_rules(settings: Settings) -> dict[str, Any]:
    return {
        "issuer": settings.token_issuer,
        "audience": settings.token_audience,
        "tenant_claim": settings.token_tenant_claim,
        "roles_claim": settings.token_roles_claim,
        "operators": settings.token_operators,
    }


def _keystone(settings: Settings, client: httpx.AsyncClient, clock: Clock) -> KeystoneValidator | None:
    if settings.keystone_url is None:
        return None
    options = KeystoneOptions(
        url=settings.keystone_url,
        roles=_words(settings.keystone_roles),
        answers_for=timedelta(seconds=settings.keystone_seconds),
    )
    return KeystoneValidator(options, client, clock)


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",") if word.strip())
