"""Opaque tokens of an outside authorization server: it is asked whose they are."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

import pytest
from house import TENANT
from issuer import AUDIENCE, ISSUER, Issuer, refusal, running_issuer
from serving import free_port
from starlette.responses import JSONResponse, RedirectResponse, Response

from jobstatus.errors import Cause, ConfigurationError
from jobstatus.security.claims import LONGEST_TOKEN
from jobstatus.security.endpoint import IssuerUnavailable
from jobstatus.security.introspection import LARGEST_ANSWER, IntrospectionOptions, Introspector

TOKEN = "2YotnFZFEjr1zCsicMWpAA"
ID, SECRET = "jobs & more", "pass:word ü+%"


@pytest.fixture
async def issuer() -> AsyncGenerator[Issuer]:
    """Run an issuer that knows one token."""
    async with running_issuer() as issuer:
        issuer.tokens[TOKEN] = active(issuer)
        yield issuer


def active(issuer: Issuer, **changed: Any) -> dict[str, Any]:
    """Give the answer for a token that is good for an hour."""
    return {"active": True, "token_type": "Bearer", **issuer.claims(**changed)}


def introspector(issuer: Issuer, /, **options: Any) -> Introspector:
    """Ask the issuer about tokens for this audience."""
    chosen = {
        "url": f"{issuer.url}/introspect",
        "client_id": ID,
        "client_secret": SECRET,
        "issuer": ISSUER,
        "audience": AUDIENCE,
        **options,
    }
    return Introspector(IntrospectionOptions(**chosen), issuer.client, issuer.clock)


async def test_a_token_makes_the_caller_that_the_issuer_names(issuer: Issuer) -> None:
    """The same caller as a signed token of the same claims makes."""
    issuer.tokens[TOKEN] = active(issuer, roles=["ops"])

    caller = await introspector(issuer).verify(TOKEN)

    assert (caller.id, caller.tenant, caller.roles) == ("jwt:alice", TENANT, frozenset({"ops"}))
    assert caller.permissions == {"job:read", "job:write"}


async def test_the_issuer_is_asked_as_the_standard_has_it(issuer: Issuer) -> None:
    """By a form (RFC 7662 §2.1), as a client whose id and secret are form-encoded first (RFC 6749 §2.3.1)."""
    await introspector(issuer).verify(TOKEN)

    [request] = issuer.asked
    kind, _, code = request.headers["authorization"].partition(" ")
    assert request.method == "POST"
    assert issuer.forms == [{"token": TOKEN, "token_type_hint": "access_token"}]
    assert kind == "Basic"
    assert [unquote_plus(part) for part in base64.b64decode(code).decode("ascii").split(":")] == [ID, SECRET]


async def test_a_token_that_is_not_active_is_refused(issuer: Issuer) -> None:
    """Unknown, expired and revoked tokens are alike to the issuer, so they are here."""
    assert await refusal(introspector(issuer), "unknown") is Cause.UNKNOWN


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"tenant": None},
        {"tenant": ""},
        {"tenant": "*"},
        {"tenant": 5},
        {"sub": None},
        {"roles": ["api-key"]},
        {"scope": 5},
        {"exp": "soon"},
        {"cnf": {"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}},
        {"token_type": "DPoP"},
        {"token_type": "refresh_token"},
        {"token_type": 5},
    ],
    ids=str,
)
async def test_an_active_token_is_held_to_the_same_rules_as_a_signed_one(
    issuer: Issuer, changed: dict[str, Any]
) -> None:
    """That the issuer knows it is not enough; and the refusal is kept as any other is."""
    issuer.tokens[TOKEN] = active(issuer, **changed)
    asked = introspector(issuer)

    assert [await refusal(asked, TOKEN) for _ in range(2)] == [Cause.UNKNOWN] * 2
    assert len(issuer.asked) == 1


@pytest.mark.parametrize("kind", [None, "bearer", "access_token"])
async def test_the_type_may_be_spelt_in_several_ways(issuer: Issuer, kind: str | None) -> None:
    """Or not told at all."""
    issuer.tokens[TOKEN] = active(issuer, token_type=kind)

    assert await introspector(issuer).verify(TOKEN)


async def test_an_operators_token_is_taken_where_the_issuer_may_make_such(issuer: Issuer) -> None:
    """As with signed tokens."""
    issuer.tokens[TOKEN] = active(issuer, tenant="*")

    assert (await introspector(issuer, operators=True).verify(TOKEN)).sees("anybody's")


async def test_what_is_not_demanded_need_not_be_told(issuer: Issuer) -> None:
    """The standard lets an issuer leave out all but whether the token is active."""
    issuer.tokens[TOKEN] = {"active": True, "client_id": "batch", "tenant": TENANT}

    caller = await introspector(issuer, issuer=None, audience=None).verify(TOKEN)

    assert (caller.id, caller.permissions) == ("jwt:batch", frozenset())


async def test_a_revocation_is_seen_within_the_time_that_answers_are_kept(issuer: Issuer) -> None:
    """30 seconds, if not told otherwise."""
    asked = introspector(issuer)
    await asked.verify(TOKEN)
    del issuer.tokens[TOKEN]

    issuer.clock.move(seconds=29)
    await asked.verify(TOKEN)
    issuer.clock.move(seconds=1)

    assert await refusal(asked, TOKEN) is Cause.UNKNOWN


async def test_a_token_ends_while_its_answer_is_kept(issuer: Issuer) -> None:
    """To the second, and the issuer is then asked again rather than believed for longer."""
    issuer.tokens[TOKEN] = active(issuer, exp=issuer.now.timestamp() + 10)
    asked = introspector(issuer)
    await asked.verify(TOKEN)

    issuer.clock.move(seconds=9.9)
    await asked.verify(TOKEN)
    issuer.clock.move(seconds=0.1)

    assert await refusal(asked, TOKEN) is Cause.EXPIRED
    issuer.tokens[TOKEN] = active(issuer)
    assert await asked.verify(TOKEN)
    assert len(issuer.asked) == 3


@pytest.mark.parametrize("exp", [0, -1, -1e300, 1])
async def test_a_token_that_is_over_is_told_as_expired_whatever_the_issuer_says(issuer: Issuer, exp: float) -> None:
    """It says that it is active, by a clock that is wrong or a mistake."""
    issuer.tokens[TOKEN] = active(issuer, exp=exp)

    assert await refusal(introspector(issuer), TOKEN) is Cause.EXPIRED


async def test_an_end_that_is_far_away_is_no_trouble(issuer: Issuer) -> None:
    """Even where no calendar reaches it."""
    issuer.tokens[TOKEN] = active(issuer, exp=1e300)

    assert await introspector(issuer).verify(TOKEN)


async def test_a_refusal_is_kept_for_a_shorter_time(issuer: Issuer) -> None:
    """A token that was shown too early, before all of the issuer's servers knew it, is soon good."""
    asked = introspector(issuer)
    await refusal(asked, "new")
    issuer.tokens["new"] = active(issuer)

    issuer.clock.move(seconds=4.9)
    await refusal(asked, "new")
    issuer.clock.move(seconds=0.1)

    assert await asked.verify("new")
    assert len(issuer.asked) == 2


async def test_answers_need_not_be_kept(issuer: Issuer) -> None:
    """Then a revocation is seen at once."""
    asked = introspector(issuer, answers_for=timedelta(0))
    await asked.verify(TOKEN)
    del issuer.tokens[TOKEN]

    assert await refusal(asked, TOKEN) is Cause.UNKNOWN


async def test_many_requests_with_one_token_are_one_question(issuer: Issuer) -> None:
    """And another token is another."""
    issuer.tokens["other"] = active(issuer, sub="bob")
    asked = introspector(issuer)

    callers = await asyncio.gather(*(asked.verify(token) for token in [TOKEN, "other"] * 30))

    assert {caller.id for caller in callers} == {"jwt:alice", "jwt:bob"}
    assert len(issuer.asked) == 2


async def test_an_outage_is_not_the_callers_fault_and_is_not_kept(issuer: Issuer) -> None:
    """As soon as the issuer is back, its tokens are good."""
    asked = introspector(issuer)
    issuer.instead = Response(status_code=503)
    with pytest.raises(IssuerUnavailable):
        await asked.verify(TOKEN)
    issuer.instead = None

    assert await asked.verify(TOKEN)
    with pytest.raises(IssuerUnavailable):
        await introspector(issuer, url=f"http://127.0.0.1:{free_port()}").verify(TOKEN)


async def test_an_answer_outlives_an_outage_no_longer_than_it_is_kept(issuer: Issuer) -> None:
    """Nobody knows what was revoked meanwhile."""
    asked = introspector(issuer)
    await asked.verify(TOKEN)
    issuer.instead = Response(status_code=503)

    issuer.clock.move(seconds=29)
    await asked.verify(TOKEN)
    issuer.clock.move(seconds=1)

    with pytest.raises(IssuerUnavailable):
        await asked.verify(TOKEN)


@pytest.mark.parametrize(
    "answer",
    [
        Response(b'{"active":true,"x":"' + b"x" * LARGEST_ANSWER + b'"}'),
        Response(b"active"),
        JSONResponse([True]),
        JSONResponse({}),
        JSONResponse({"active": "true"}),
        JSONResponse({"active": 1}),
        JSONResponse({"active": None}),
        JSONResponse({"error": "invalid_client"}, 401),
        JSONResponse({"active": True}, 201),
        RedirectResponse("/elsewhere", 302),
        RedirectResponse("/elsewhere", 307),
    ],
    ids=["long", "no JSON", "list", "empty", "text", "number", "null", "not known there", "201", "302", "307"],
)
async def test_what_is_no_answer_is_an_outage(issuer: Issuer, answer: Response) -> None:
    """Also where this server is not known to the issuer; and tokens are sent nowhere else."""
    issuer.instead = answer

    with pytest.raises(IssuerUnavailable):
        await introspector(issuer).verify(TOKEN)
    assert [request.url.path for request in issuer.asked] == ["/introspect"]


async def test_an_issuer_that_does_not_answer_is_not_waited_for(issuer: Issuer) -> None:
    """Neither by the first who asks nor by those who wait with him."""
    issuer.may_answer.clear()
    asked = introspector(issuer, timeout=timedelta(milliseconds=50))

    results = await asyncio.gather(*(asked.verify(TOKEN) for _ in range(5)), return_exceptions=True)

    assert {type(result) for result in results} == {IssuerUnavailable}
    assert len(issuer.asked) == 1


@pytest.mark.parametrize("token", ["", " ", "a b", "a\nb", "é", "\ud800", "x" * (LONGEST_TOKEN + 1)])
async def test_what_can_be_no_token_is_not_asked_about(issuer: Issuer, token: str) -> None:
    """A token is visible ASCII (RFC 6749, appendix A.12), and not longer than 16 KiB."""
    assert await refusal(introspector(issuer), token) is Cause.UNKNOWN
    assert issuer.asked == []


async def test_a_token_may_have_any_visible_character(issuer: Issuer) -> None:
    """It reaches the issuer as it is."""
    token = "".join(map(chr, range(0x21, 0x7F)))
    issuer.tokens[token] = active(issuer)

    assert await introspector(issuer).verify(token)


def test_an_unsafe_url_is_refused() -> None:
    """Tokens and the secret are sent there. The error repeats neither."""
    for url in ("http://issuer.example/introspect", "https://jobs:secret@issuer.example/introspect"):
        with pytest.raises(ConfigurationError) as refused:
            IntrospectionOptions(url=url, client_id=ID, client_secret=SECRET)
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["answers_for", "timeout"])
def test_a_negative_span_is_refused(name: str) -> None:
    """At the start, not with the first token."""
    spans: dict[str, Any] = {name: timedelta(seconds=-1)}
    with pytest.raises(ConfigurationError):
        IntrospectionOptions(url="https://issuer.example", client_id=ID, client_secret=SECRET, **spans)


async def test_no_secret_is_written_anywhere(
    issuer: Issuer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the token nor the server's own secret, whatever is logged or printed."""
    caplog.set_level(logging.INFO)
    options = IntrospectionOptions(url=f"{issuer.url}/introspect", client_id=ID, client_secret=SECRET)
    asked = Introspector(options, issuer.client, issuer.clock)
    await asked.verify(TOKEN)
    issuer.instead = Response(status_code=500)

    with pytest.raises(IssuerUnavailable) as unavailable:
        await asked.verify("another-secret")

    told = [caplog.text, *capsys.readouterr(), repr(unavailable.value), repr(options), repr(vars(asked)["_answers"])]
    assert not any(part in text for part in (SECRET, TOKEN, "another-secret") for text in told)
