"""Tokens that a Keystone vouches for: what it is asked, and what is made of each answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from house import TENANT
from issuer import Issuer, refusal, running_issuer
from serving import free_port
from starlette.responses import JSONResponse, RedirectResponse, Response

from jobstatus.errors import Cause, ConfigurationError, Unauthenticated
from jobstatus.security.claims import LONGEST_TOKEN
from jobstatus.security.endpoint import IssuerUnavailable
from jobstatus.security.keystone import LARGEST_ANSWER, PERMISSIONS, KeystoneOptions, KeystoneValidator

TOKEN = "gAAAAABrBcSn69uRSDiyAYjY6XSPWjyHnM9qAWrPt3oj32zk9"
USER = "860fdab4473440b6b988946917d9604c"


@pytest.fixture
async def issuer() -> AsyncGenerator[Issuer]:
    """Run a server that says of every token that it is good for an hour."""
    async with running_issuer() as issuer:
        issuer.instead = said(issuer)
        yield issuer


def said(issuer: Issuer, /, **changed: Any) -> Response:
    """Give the answer for a token as a Keystone tells it; a member that is `...` is left out."""
    token = {
        "methods": ["password"],
        "user": {"domain": {"id": "default", "name": "Default"}, "id": USER, "name": "alice"},
        "audit_ids": ["Sd8EbkxJRBOx2SUT-EPZLQ"],
        "expires_at": stamp(issuer.now + timedelta(hours=1)),
        "issued_at": stamp(issuer.now),
        "project": {"domain": {"id": "default", "name": "Default"}, "id": TENANT, "name": "eu-de"},
        "is_domain": False,
        "roles": [{"id": "1", "name": "reader"}, {"id": "2", "name": "member"}],
        **changed,
    }
    return JSONResponse({"token": {name: value for name, value in token.items() if value is not ...}})


def stamp(at: datetime) -> str:
    """Write a time as Keystone does."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def validator(issuer: Issuer, /, **options: Any) -> KeystoneValidator:
    """Ask the server."""
    return KeystoneValidator(KeystoneOptions(**{"url": issuer.url, **options}), issuer.client, issuer.clock)


def alternatives(name: str, /, *values: Any) -> Iterator[dict[str, Any]]:
    """Give each value as a change."""
    return ({name: value} for value in values)


async def test_a_token_makes_its_user_a_caller_in_its_project(issuer: Issuer) -> None:
    """With what tokens from there may do here."""
    caller = await validator(issuer, permissions=frozenset({"a:b"})).verify(TOKEN)

    assert (caller.id, caller.tenant) == (f"keystone:{USER}", TENANT)
    assert caller.roles == {"reader", "member"}
    assert caller.permissions == {"a:b"}


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("", "/v3/auth/tokens"),
        ("/", "/v3/auth/tokens"),
        ("/v3", "/v3/auth/tokens"),
        ("/v3/", "/v3/auth/tokens"),
        ("/identity", "/identity/v3/auth/tokens"),
        ("/identity/v3/", "/identity/v3/auth/tokens"),
        ("/iam-v3", "/iam-v3/v3/auth/tokens"),
    ],
)
async def test_a_token_asks_about_itself(issuer: Issuer, base: str, path: str) -> None:
    """At the service's address, wherever that is, and without the catalog, which can be long."""
    await validator(issuer, url=issuer.url + base).verify(TOKEN)

    [request] = issuer.asked
    assert (request.method, request.url.path, request.url.query) == ("GET", path, "nocatalog")
    assert request.headers["x-auth-token"] == request.headers["x-subject-token"] == TOKEN


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_token_that_the_service_does_not_know_is_refused(issuer: Issuer, status: int) -> None:
    """Whatever else the service says, and however long it is."""
    issuer.instead = Response(b"x" * (LARGEST_ANSWER + 1), status, {"WWW-Authenticate": 'Keystone uri="/v3"'})

    assert await refusal(validator(issuer), TOKEN) is Cause.UNKNOWN


@pytest.mark.parametrize(
    "changed",
    [
        {"project": ...},
        {"project": None},
        {"project": ..., "domain": {"id": "default"}},
        {"project": ..., "system": {"all": True}},
        {"project": {"id": "*"}},
        {"application_credential": {"id": "1", "access_rules": [{"path": "/v1/*", "method": "GET"}]}},
        {"application_credential": {"id": "1", "access_rules": []}},
        {"oauth2_credential": {"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_a_projects_requests_is_refused(issuer: Issuer, changed: dict[str, Any]) -> None:
    """It is for no project, or only for some requests, or bound to a certificate; and the refusal is kept."""
    issuer.instead = said(issuer, **changed)
    asked = validator(issuer)

    assert [await refusal(asked, TOKEN) for _ in range(2)] == [Cause.UNKNOWN] * 2
    assert len(issuer.asked) == 1


async def test_an_application_credential_without_rules_is_no_hindrance(issuer: Issuer) -> None:
    """Its tokens are for whatever its roles permit."""
    issuer.instead = said(issuer, application_credential={"id": "1", "name": "ci", "restricted": True})

    assert await validator(issuer).verify(TOKEN)


@pytest.mark.parametrize(
    ("roles", "wanted", "permitted"),
    [
        ({"reader"}, set(), True),
        ({"reader"}, {"reader", "writer"}, True),
        ({"reader"}, {"writer"}, False),
        ({"reader"}, {"Reader"}, False),
        (set(), set(), False),
        ({"api-key"}, set(), False),
        ({"api-key"}, {"api-key"}, False),
    ],
)
async def test_one_role_that_is_listed_suffices(
    issuer: Issuer, roles: set[str], wanted: set[str], permitted: bool
) -> None:
    """Any does, where none is listed; and none is that of a brokering system's own key."""
    issuer.instead = said(issuer, roles=[{"id": "1", "name": role} for role in roles])

    caller = await validator(issuer, roles=frozenset(wanted)).verify(TOKEN)

    assert caller.roles == roles - {"api-key"}
    assert caller.permissions == (PERMISSIONS if permitted else frozenset())


@pytest.mark.parametrize(
    "changed",
    [
        *alternatives("user", ..., None, USER, [], {}, {"id": None}, {"id": ""}, {"id": 5}, {"id": "a\nb"}),
        *alternatives("project", TENANT, [], {}, {"id": ""}, {"id": 5}, {"id": "x" * 129}),
        *alternatives("roles", None, {}, "reader", ["reader"], [{}], [{"name": None}], [{"name": ""}]),
        *alternatives("expires_at", ..., None, "", "soon", 5, "2031-03-04", "2031-03-04T06:06:07"),
        {"expires_at": "9999-12-31T23:59:59-12:00"},
    ],
    ids=str,
)
async def test_a_token_that_is_told_in_another_form_is_an_outage(issuer: Issuer, changed: dict[str, Any]) -> None:
    """What answers is no Keystone, or one that is broken; nobody can tell whose the token is."""
    issuer.instead = said(issuer, **changed)

    with pytest.raises(IssuerUnavailable):
        await validator(issuer).verify(TOKEN)


@pytest.mark.parametrize(
    "answer",
    [
        Response(b'{"token":{"x":"' + b"x" * LARGEST_ANSWER + b'"}}'),
        Response(b'{"token":{}}', headers={"Content-Encoding": "gzip"}),
        Response(b""),
        Response(b"<html>"),
        Response(b"[" * 100_000),
        JSONResponse([]),
        JSONResponse({}),
        JSONResponse({"token": None}),
        JSONResponse({"token": [{}]}),
        *(Response(status_code=status) for status in (201, 204, 300, 400, 405, 429, 500, 502, 503)),
        *(RedirectResponse("/v3/auth/tokens", status) for status in (301, 302, 303, 307, 308)),
    ],
    ids=[
        *("long", "compressed", "empty", "no JSON", "deep", "list", "no token", "null", "tokens"),
        *("201", "204", "300", "400", "405", "429", "500", "502", "503", "301", "302", "303", "307", "308"),
    ],
)
async def test_what_is_no_answer_is_an_outage(issuer: Issuer, answer: Response) -> None:
    """It is not kept; and tokens are sent nowhere else."""
    issuer.instead = answer
    asked = validator(issuer)

    with pytest.raises(IssuerUnavailable):
        await asked.verify(TOKEN)
    assert [request.url.path for request in issuer.asked] == ["/v3/auth/tokens"]
    issuer.instead = said(issuer)
    assert await asked.verify(TOKEN)


async def test_a_service_that_is_not_there_is_an_outage(issuer: Issuer) -> None:
    """Nobody listens."""
    with pytest.raises(IssuerUnavailable):
        await validator(issuer, url=f"http://127.0.0.1:{free_port()}").verify(TOKEN)


async def test_a_service_that_does_not_answer_is_not_waited_for(issuer: Issuer) -> None:
    """Neither by the first who asks nor by those who wait with him."""
    issuer.may_answer.clear()
    asked = validator(issuer, timeout=timedelta(milliseconds=50))

    results = await asyncio.gather(*(asked.verify(TOKEN) for _ in range(5)), return_exceptions=True)

    assert {type(result) for result in results} == {IssuerUnavailable}
    assert len(issuer.asked) == 1


async def test_a_revocation_is_seen_within_the_time_that_answers_are_kept(issuer: Issuer) -> None:
    """30 seconds, if not told otherwise."""
    asked = validator(issuer)
    await asked.verify(TOKEN)
    issuer.instead = Response(status_code=404)

    issuer.clock.move(seconds=29)
    await asked.verify(TOKEN)
    issuer.clock.move(seconds=1)

    assert await refusal(asked, TOKEN) is Cause.UNKNOWN


async def test_a_refusal_is_kept_for_a_shorter_time(issuer: Issuer) -> None:
    """A token that was shown too early, before all of the service's servers knew it, is soon good."""
    asked = validator(issuer)
    issuer.instead = Response(status_code=401)
    await refusal(asked, TOKEN)
    issuer.instead = said(issuer)

    issuer.clock.move(seconds=4.9)
    await refusal(asked, TOKEN)
    issuer.clock.move(seconds=0.1)

    assert await asked.verify(TOKEN)
    assert len(issuer.asked) == 2


async def test_a_token_ends_while_its_answer_is_kept(issuer: Issuer) -> None:
    """To the second, and its bearer is told when; the service is then asked again rather than believed for longer."""
    issuer.instead = said(issuer, expires_at=stamp(issuer.now + timedelta(seconds=10)))
    asked = validator(issuer)
    await asked.verify(TOKEN)

    issuer.clock.move(seconds=9.9)
    await asked.verify(TOKEN)
    issuer.clock.move(seconds=0.1)
    with pytest.raises(Unauthenticated) as refused:
        await asked.verify(TOKEN)

    assert refused.value.cause is Cause.EXPIRED
    assert refused.value.detail == issuer.now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    issuer.instead = said(issuer)
    assert await asked.verify(TOKEN)
    assert len(issuer.asked) == 3


@pytest.mark.parametrize("end", ["2031-03-04T05:06:08Z", "2031-03-04T07:06:08.000000+02:00", "9999-12-31T23:59:59Z"])
async def test_the_end_may_be_written_in_several_ways(issuer: Issuer, end: str) -> None:
    """With a zone, or far away."""
    issuer.instead = said(issuer, expires_at=end)

    assert await validator(issuer).verify(TOKEN)


async def test_many_requests_with_one_token_are_one_question(issuer: Issuer) -> None:
    """And another token is another."""
    asked = validator(issuer)

    await asyncio.gather(*(asked.verify(token) for token in [TOKEN, "other"] * 30))

    assert len(issuer.asked) == 2


async def test_refusals_use_nothing_up(issuer: Issuer) -> None:
    """However many are refused, there is a connection left to ask by."""
    issuer.instead = Response(b"x" * 1000, 401)
    async with httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=2)) as client:
        asked = KeystoneValidator(KeystoneOptions(url=issuer.url), client, issuer.clock)
        for number in range(10):
            await refusal(asked, f"garbage-{number}")
        issuer.instead = said(issuer)

        assert await asked.verify(TOKEN)


@pytest.mark.parametrize("token", ["", " ", "a b", "a\r\nX-Auth-Token: b", "é", "\ud800", "x" * (LONGEST_TOKEN + 1)])
async def test_what_can_be_no_token_is_not_asked_about(issuer: Issuer, token: str) -> None:
    """A token is visible ASCII, and not longer than 16 KiB."""
    assert await refusal(validator(issuer), token) is Cause.UNKNOWN
    assert issuer.asked == []


@pytest.mark.parametrize(
    "url",
    [
        *("", "iam.example", "http://iam.example", "http://10.0.0.1:5000/v3", "ftp://iam.example", "https:///v3"),
        *("https://jobs:secret@iam.example", "https://iam.example/v3?secret", "https://iam.example/#secret"),
        "http://localhost.iam.example",
    ],
)
def test_an_unsafe_url_is_refused(url: str) -> None:
    """Tokens are sent there. The error repeats nothing of it."""
    with pytest.raises(ConfigurationError) as refused:
        KeystoneOptions(url=url)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["https://iam.example", "http://localhost:5000/v3", "http://[::1]:5000"])
def test_a_safe_url_is_taken(url: str) -> None:
    """It is https, or leads no further than this machine."""
    assert KeystoneOptions(url=url).url == url


@pytest.mark.parametrize("name", ["answers_for", "timeout"])
def test_a_negative_span_is_refused(name: str) -> None:
    """At the start, not with the first token."""
    spans: dict[str, Any] = {name: timedelta(seconds=-1)}
    with pytest.raises(ConfigurationError):
        KeystoneOptions(url="https://iam.example", **spans)


async def test_no_token_is_written_anywhere(
    issuer: Issuer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is logged or printed, and whatever is kept."""
    caplog.set_level(logging.INFO)
    asked = validator(issuer)
    await asked.verify(TOKEN)
    issuer.instead = Response(status_code=500)

    with pytest.raises(IssuerUnavailable) as unavailable:
        await asked.verify("another-secret")

    told = [caplog.text, *capsys.readouterr(), repr(unavailable.value), repr(vars(vars(asked)["_answers"]))]
    assert not any(secret in text for secret in (TOKEN, "another-secret") for text in told)
