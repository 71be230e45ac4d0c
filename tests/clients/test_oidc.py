"""The tokens of an authorization server by other hands, node-oidc-provider. Needs Node.js."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
from collections.abc import AsyncGenerator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from house import TENANT

from jobstatus.errors import Cause, Unauthenticated
from jobstatus.security.bearers import OutsideTokens
from jobstatus.security.introspection import IntrospectionOptions, Introspector
from jobstatus.security.jwt import JwtOptions, JwtVerifier

FOLDER = Path(__file__).parent / "oidc"
CLIENT = ("batch", "correct horse")
SERVER = ("jobs & more", "battery:staple 100%+")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the server; without Node.js or what it needs, skip on a laptop and fail in CI."""
    give_up = pytest.fail if os.environ.get("CI") else pytest.skip
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        give_up("no Node.js is installed")
    if not is_installed() and subprocess.run([npm, "ci", "--no-progress"], cwd=FOLDER, check=False).returncode:
        give_up("npm cannot install the server")
    shutil.copy(FOLDER / "package-lock.json", FOLDER / "node_modules" / ".checked-lock")
    secrets = {"TENANT": TENANT, "CLIENT_SECRET": CLIENT[1], "SERVER_SECRET": SERVER[1]}
    log = tmp_path_factory.mktemp("oidc") / "server.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [node, "issuer.mjs"], cwd=FOLDER, env={**os.environ, **secrets}, stdout=subprocess.PIPE, stderr=stderr
        )
    with process:
        assert process.stdout is not None
        said = process.stdout.readline().decode().strip()
        assert said, log.read_text()
        yield said
        process.terminate()


def is_installed() -> bool:
    """Tell whether what is installed is what the lock file names."""
    mark = FOLDER / "node_modules" / ".checked-lock"
    return mark.exists() and filecmp.cmp(FOLDER / "package-lock.json", mark, shallow=False)


class Server:
    """The server, found by what it says of itself (RFC 8414)."""

    def __init__(self, client: httpx.AsyncClient, metadata: dict[str, Any]) -> None:
        self.client = client
        self.metadata = metadata

    async def token(self, kind: str, scope: str = "job:read") -> str:
        """Get a token for a resource, by client credentials (RFC 6749 §4.4, RFC 8707)."""
        form = {"grant_type": "client_credentials", "resource": resource(kind), "scope": scope}
        answer = await self.client.post(self.metadata["token_endpoint"], data=form, auth=CLIENT)
        token: str = answer.raise_for_status().json()["access_token"]
        return token

    async def revoke(self, token: str) -> None:
        """Take a token back (RFC 7009)."""
        answer = await self.client.post(self.metadata["revocation_endpoint"], data={"token": token}, auth=CLIENT)
        answer.raise_for_status()

    def verifier(self, kind: str, answers_for: timedelta = timedelta(seconds=30)) -> OutsideTokens:
        """Take tokens of either form for a resource."""
        terms: dict[str, Any] = {"issuer": self.metadata["issuer"], "audience": resource(kind)}
        jwt = JwtOptions(jwks_url=self.metadata["jwks_uri"], **terms)
        introspection = IntrospectionOptions(
            url=self.metadata["introspection_endpoint"],
            client_id=SERVER[0],
            client_secret=SERVER[1],
            answers_for=answers_for,
            **terms,
        )
        return OutsideTokens(jwt=JwtVerifier(jwt, self.client), introspection=Introspector(introspection, self.client))


def resource(kind: str) -> str:
    """Name a resource whose tokens are of this kind: an algorithm's name, or `opaque`."""
    return f"https://jobs.example/{kind}"


@pytest.fixture
async def server(url: str) -> AsyncGenerator[Server]:
    """Find the server."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{url}/.well-known/openid-configuration")
        yield Server(client, answer.raise_for_status().json())


@pytest.mark.parametrize("kind", ["RS256", "PS256", "ES256", "EdDSA", "opaque"])
async def test_its_tokens_are_taken(server: Server, kind: str) -> None:
    """Signed or opaque, they make the same caller: a client that acts for itself."""
    caller = await server.verifier(kind).verify(await server.token(kind, "job:read job:write"))

    assert (caller.id, caller.tenant) == ("jwt:batch", TENANT)
    assert caller.roles == {"ops"}
    assert caller.permissions == {"job:read", "job:write"}


@pytest.mark.parametrize("kind", ["RS256", "opaque"])
async def test_its_tokens_for_another_are_refused(server: Server, kind: str) -> None:
    """A resource that was shown one could else go on with it here."""
    with pytest.raises(Unauthenticated) as refused:
        await server.verifier("ES256").verify(await server.token(kind))

    assert refused.value.cause is Cause.UNKNOWN


async def test_a_token_that_it_took_back_is_refused(server: Server) -> None:
    """At once, where answers are not kept."""
    verifier = server.verifier("opaque", answers_for=timedelta(0))
    token = await server.token("opaque")
    await verifier.verify(token)

    await server.revoke(token)

    with pytest.raises(Unauthenticated):
        await verifier.verify(token)
