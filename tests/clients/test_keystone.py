"""The tokens of a Keystone, OpenStack's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from house import MovingClock
from keystone import Keystone, running_keystone
from serving import serving

from jobstatus.clock import utc_now
from jobstatus.errors import Cause, Unauthenticated
from jobstatus.security.endpoint import IssuerUnavailable
from jobstatus.security.keystone import PERMISSIONS, KeystoneOptions, KeystoneValidator

USER, PASSWORD = "alice", "of alice, in tests alone"


@pytest.fixture(scope="module")
def keystone(keystone_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystone]:
    """Run a Keystone that knows, beside its admin, a user who is none."""
    with running_keystone(keystone_python, tmp_path_factory.mktemp("keystone")) as keystone:
        keystone.add_user(USER, PASSWORD, "member", "ims operator", "api-key")
        yield keystone


class Asker:
    """Asks the Keystone, at a time that tests move, and counts how often."""

    def __init__(self, keystone: Keystone, client: httpx.AsyncClient) -> None:
        self.clock = MovingClock()
        self.clock.now = utc_now()
        self.asked: list[httpx.Request] = []
        self._keystone = keystone
        self._client = client
        client.event_hooks["request"] = [self._count]

    def validator(self, **options: Any) -> KeystoneValidator:
        """Take the Keystone's tokens."""
        chosen = {"url": self._keystone.url, "timeout": timedelta(seconds=60), **options}
        return KeystoneValidator(KeystoneOptions(**chosen), self._client, self.clock)

    async def _count(self, request: httpx.Request) -> None:
        self.asked.append(request)


@pytest.fixture
async def asker(keystone: Keystone) -> AsyncGenerator[Asker]:
    """Be ready to ask."""
    async with httpx.AsyncClient(trust_env=False) as client:
        yield Asker(keystone, client)


async def refusal(validator: KeystoneValidator, token: str) -> Unauthenticated:
    """Tell how a token is refused."""
    with pytest.raises(Unauthenticated) as refused:
        await validator.verify(token)
    return refused.value


async def test_a_token_makes_its_user_a_caller_in_its_project(keystone: Keystone, asker: Asker) -> None:
    """The roles that a role implies are among the roles; one that is called as our own keys' role is not."""
    user = keystone.add_user("bob", PASSWORD, "member", "api-key")

    caller = await asker.validator().verify(keystone.token("bob", PASSWORD))

    assert (caller.id, caller.tenant) == (f"keystone:{user}", keystone.project_id)
    assert caller.roles == {"member", "reader"}
    assert caller.permissions == PERMISSIONS


async def test_an_admins_token_is_one_as_any_other(keystone: Keystone, asker: Asker) -> None:
    """Of the project that it is for, and of no other."""
    caller = await asker.validator().verify(keystone.token())

    assert caller.tenant == keystone.project_id
    assert caller.roles == {"admin", "manager", "member", "reader"}


@pytest.mark.parametrize("form", ["{base}", "{base}/", "{base}/v3", "{base}/v3/"])
async def test_the_service_is_named_with_its_version_or_without(keystone: Keystone, asker: Asker, form: str) -> None:
    """As clients have it in their settings, or as its operator tells it."""
    url = form.format(base=keystone.url.removesuffix("/v3"))

    assert await asker.validator(url=url).verify(keystone.token(USER, PASSWORD))


async def test_an_unscoped_token_is_refused(keystone: Keystone, asker: Asker) -> None:
    """It is good, but for no project."""
    assert (await refusal(asker.validator(), keystone.admin_token("unscoped"))).cause is Cause.UNKNOWN


@pytest.mark.parametrize("scope", [{"domain": {"id": "default"}}, {"system": {"all": True}}], ids=["domain", "system"])
async def test_a_token_for_more_than_a_project_is_refused(
    keystone: Keystone, asker: Asker, scope: dict[str, Any]
) -> None:
    """What is for a domain, or for the whole system, is for no project either."""
    admin = keystone.call("GET", f"/users?name={keystone.user}")["users"][0]["id"]
    keystone.call("PUT", f"/domains/default/users/{admin}/roles/{keystone.role('admin')}")

    assert (await refusal(asker.validator(), keystone.admin_token(scope))).cause is Cause.UNKNOWN


@pytest.mark.parametrize(
    "token",
    ["garbage", "gAAAAAB", "gAAAAAB" * 40, "x" * 16_384, "".join(map(chr, range(0x21, 0x7F)))],
    ids=["word", "beginning", "long", "longest", "every character"],
)
async def test_garbage_is_refused(asker: Asker, token: str) -> None:
    """Whatever it looks like, the server tells that it is none of its tokens."""
    assert (await refusal(asker.validator(), token)).cause is Cause.UNKNOWN
    assert len(asker.asked) == 1


async def test_a_token_that_was_tampered_with_is_refused(keystone: Keystone, asker: Asker) -> None:
    """One character makes it another."""
    token = keystone.token(USER, PASSWORD)
    changed = token[:50] + ("A" if token[50] != "A" else "B") + token[51:]

    assert (await refusal(asker.validator(), changed)).cause is Cause.UNKNOWN


async def test_a_revocation_is_seen_within_the_time_that_answers_are_kept(keystone: Keystone, asker: Asker) -> None:
    """30 seconds, if not told otherwise."""
    validator = asker.validator()
    token = keystone.token(USER, PASSWORD)
    await validator.verify(token)
    keystone.revoke(token)

    asker.clock.move(seconds=29)
    await validator.verify(token)
    asker.clock.move(seconds=1)

    assert (await refusal(validator, token)).cause is Cause.UNKNOWN
    assert len(asker.asked) == 2


async def test_a_revocation_is_seen_at_once_where_answers_are_not_kept(keystone: Keystone, asker: Asker) -> None:
    """Each use of a token is then a question."""
    validator = asker.validator(answers_for=timedelta(0))
    token = keystone.token(USER, PASSWORD)
    await validator.verify(token)
    keystone.revoke(token)

    assert (await refusal(validator, token)).cause is Cause.UNKNOWN


async def test_a_token_ends_while_its_answer_would_be_kept(keystone: Keystone, asker: Asker) -> None:
    """After an hour, which is what this server gives; the caller is told when it was."""
    validator = asker.validator(answers_for=timedelta(days=1))
    token = keystone.token(USER, PASSWORD)
    await validator.verify(token)

    asker.clock.move(minutes=59)
    await validator.verify(token)
    asker.clock.move(minutes=2)
    refused = await refusal(validator, token)

    assert refused.cause is Cause.EXPIRED
    assert refused.detail is not None
    assert refused.detail < f"{asker.clock.now:%Y-%m-%dT%H:%M:%S.000Z}"


async def test_a_role_that_is_not_listed_permits_nothing(keystone: Keystone, asker: Asker) -> None:
    """Its bearer is known all the same; the contract can tell them that it is a permission that they lack."""
    token = keystone.token(USER, PASSWORD)

    listed = await asker.validator(roles=frozenset({"nobody's", "ims operator"})).verify(token)
    other = await asker.validator(roles=frozenset({"admin", "api-key"})).verify(token)

    assert listed.permissions == PERMISSIONS
    assert (other.tenant, other.permissions) == (keystone.project_id, frozenset())


async def test_a_token_for_some_requests_only_is_refused(keystone: Keystone, asker: Asker) -> None:
    """An application credential may list the requests that it is for, which is not looked at here."""
    rules = [{"service": "identity", "method": "GET", "path": "/v3/auth/tokens"}]
    free = keystone.application_token(USER, PASSWORD)
    bound = keystone.application_token(USER, PASSWORD, access_rules=rules)

    assert await asker.validator().verify(free)
    assert (await refusal(asker.validator(), bound)).cause is Cause.UNKNOWN


async def test_many_requests_with_one_token_are_one_question(keystone: Keystone, asker: Asker) -> None:
    """And another token is another."""
    validator = asker.validator()
    tokens = [keystone.token(USER, PASSWORD), keystone.token()]

    callers = await asyncio.gather(*(validator.verify(token) for token in tokens * 30))

    assert len({caller.id for caller in callers}) == 2
    assert len(asker.asked) == 2


async def test_an_outage_is_not_the_callers_fault(keystone: Keystone, asker: Asker) -> None:
    """Answers outlive it for as long as they are kept; and it is over as soon as the server is back."""
    validator = asker.validator()
    known, other = keystone.token(USER, PASSWORD), keystone.token()
    await validator.verify(known)

    with keystone.stopped():
        await validator.verify(known)
        with pytest.raises(IssuerUnavailable):
            await validator.verify(other)
        asker.clock.move(seconds=30)
        with pytest.raises(IssuerUnavailable):
            await validator.verify(known)

    assert await validator.verify(known)
    assert await validator.verify(other)


def test_a_server_takes_its_tokens_beside_its_own(keystone: Keystone, tmp_path: Path) -> None:
    """A job is polled with a token of the Keystone, in its project alone; a token that nobody knows opens nothing."""
    with serving(tmp_path, keystone_url=keystone.url) as server:
        made = httpx.post(
            f"{server.url}/jobs",
            json={"type": "imsImportImageJob", "tenant": keystone.project_id},
            headers={"Authorization": f"Bearer {server.token(tenant='*')}"},
        ).json()
        polls = {"own": keystone.project_id, "another": "0f3c1b2a4d5e46f78190a1b2c3d4e5f6"}
        token = {"X-Auth-Token": keystone.token(USER, PASSWORD)}
        paths = {name: f"{server.url}/v1/{project}/jobs/{made['id']}" for name, project in polls.items()}

        own, another = (httpx.get(path, headers=token) for path in paths.values())
        unknown = httpx.get(paths["own"], headers={"X-Auth-Token": "guess"})

    assert (own.status_code, own.json()["status"]) == (200, "INIT")
    assert (another.status_code, another.json()["error"]["code"]) == (400, "IMG.0030")
    assert (unknown.status_code, unknown.json()["error_code"]) == (401, "APIGW.0301")
