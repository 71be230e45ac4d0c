"""Signed tokens of an outside authorization server: which are taken, and what is made of them."""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal
from house import TENANT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from issuer import (
    AUDIENCE,
    EC,
    ED,
    ISSUER,
    RSA,
    STRANGE,
    Issuer,
    public,
    refusal,
    refused,
    running_issuer,
    signed,
    unsigned,
    verifier,
)
from joserfc.jwk import ECKey, OctKey
from joserfc.jws import JWSRegistry
from starlette.responses import Response

from jobstatus.errors import Cause, ConfigurationError, Unauthenticated
from jobstatus.security.claims import LONGEST_TOKEN
from jobstatus.security.endpoint import IssuerUnavailable
from jobstatus.security.jwt import JwtOptions, JwtVerifier


@pytest.fixture
async def issuer() -> AsyncGenerator[Issuer]:
    """Run an issuer."""
    async with running_issuer() as issuer:
        yield issuer


async def test_a_token_makes_the_caller_that_it_names(issuer: Issuer) -> None:
    """The id is marked as one from outside; the scopes are the permissions."""
    caller = await verifier(issuer).verify(issuer.token(roles=["admin", "ops"]))

    assert caller.id == "jwt:alice"
    assert caller.tenant == TENANT
    assert caller.permissions == {"job:read", "job:write"}
    assert caller.roles == {"admin", "ops"}


@pytest.mark.parametrize(
    ("key", "alg"), [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256"), (ED, "EdDSA")], ids=["RS", "PS", "ES", "Ed"]
)
async def test_each_algorithm_of_the_list_is_taken(issuer: Issuer, key: Any, alg: str) -> None:
    """Without a complaint, and with the key in the set that the token names."""
    assert (await verifier(issuer).verify(signed(issuer.claims(), key, alg=alg))).id == "jwt:alice"


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS384", "HS512", "rs256", "XX256", ""])
def test_an_algorithm_by_which_anybody_could_sign_cannot_be_allowed(algorithm: str) -> None:
    """Nor one that is not known; nor is an empty list taken for the default."""
    for algorithms in ({algorithm, "RS256"}, set[str]()):
        with pytest.raises(ConfigurationError, match="algorithm"):
            JwtOptions(jwks_url="https://issuer.example/keys", algorithms=frozenset(algorithms))


async def test_an_algorithm_that_is_not_on_the_list_is_refused(issuer: Issuer) -> None:
    """Even where the issuer has such a key."""
    key = ECKey.generate_key("P-384", {"kid": "big"})
    issuer.keys.append(public(key))
    token = signed(issuer.claims(), key, alg="ES384")

    assert await refused(issuer, token)
    assert await verifier(issuer, algorithms=frozenset({"ES384"})).verify(token)


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example/keys",
        "http://127.0.0.1.issuer.example/keys",
        "ftp://127.0.0.1/keys",
        "file:///etc/passwd",
        "https:///keys",
        "https://",
        "/keys",
        "",
        "https://\x00",
        "https://user:secret@issuer.example/keys",
    ],
)
def test_an_unsafe_url_of_the_keys_is_refused(url: str) -> None:
    """Whoever stands between could put a key of his own into the set. A password in it is not repeated."""
    with pytest.raises(ConfigurationError) as refused:
        JwtOptions(jwks_url=url)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "[::1]", "localhost"])
def test_this_machine_may_be_asked_without_tls(host: str) -> None:
    """Nobody stands between."""
    JwtOptions(jwks_url=f"http://{host}:8080/keys")


@pytest.mark.parametrize("name", ["leeway", "keys_for", "timeout"])
def test_a_negative_span_is_refused(name: str) -> None:
    """At the start, not with the first token."""
    spans: dict[str, Any] = {name: timedelta(seconds=-1)}
    with pytest.raises(ConfigurationError):
        JwtOptions(jwks_url="https://issuer.example/keys", **spans)


async def test_a_token_that_is_signed_with_the_public_key_as_a_secret_is_refused(issuer: Issuer) -> None:
    """Algorithm confusion (RFC 8725 §2.1): whoever knows the public key could sign."""
    texts = [RSA.as_pem(), RSA.as_der(), RSA.as_pem().strip(), str(public(RSA)["n"]).encode()]
    keys = [OctKey(text, text) for text in texts]

    assert [await refused(issuer, signed(issuer.claims(), key, alg="HS256", kid="rsa")) for key in keys] == [True] * 4


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, 5, ["RS256"], {"RS256": 1}], ids=repr)
@pytest.mark.parametrize("signature", [b"", b"x"])
async def test_a_token_without_an_algorithm_is_refused(issuer: Issuer, alg: Any, signature: bytes) -> None:
    """However it spells that."""
    assert await refused(issuer, unsigned({"alg": alg, "kid": "rsa"}, issuer.claims(), signature))
    assert await refused(issuer, unsigned({"kid": "rsa"}, issuer.claims(), signature))


async def test_a_key_that_the_token_brings_along_is_not_looked_at(issuer: Issuer) -> None:
    """Nor is one that it tells where to find."""
    own = {"jwk": public(STRANGE), "x5c": ["MIIB"], "x5u": f"{issuer.url}/stolen", "jku": f"{issuer.url}/stolen"}

    for headers in ({name: value} for name, value in own.items()):
        for kid in ("rsa", None):
            assert await refused(issuer, signed(issuer.claims(), STRANGE, kid=kid, **headers))
    assert {request.url.path for request in issuer.asked} == {"/keys"}


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"exp": 29}, None),
        ({"exp": 0.5}, None),
        ({"exp": -29}, None),
        ({"exp": -31}, Cause.EXPIRED),
        ({"nbf": 29}, None),
        ({"nbf": 31}, Cause.UNKNOWN),
        ({"iat": 29}, None),
        ({"iat": 31}, Cause.UNKNOWN),
    ],
    ids=str,
)
async def test_the_issuers_clock_may_be_off_by_the_leeway(
    issuer: Issuer, changed: dict[str, float], cause: Cause | None
) -> None:
    """Either way, by 30 seconds and not more."""
    claims = issuer.claims(**{name: issuer.now.timestamp() + seconds for name, seconds in changed.items()})
    asked = verifier(issuer)

    if cause is None:
        assert await asked.verify(signed(claims))
    else:
        assert await refusal(asked, signed(claims)) is cause


@pytest.mark.parametrize("value", ["soon", True, [], {}, "1e400", "NaN", "-1e400", "null"], ids=repr)
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
async def test_a_time_that_is_none_is_refused(issuer: Issuer, name: str, value: Any) -> None:
    """As is a token without an end. Absent and null are alike; the others may be absent."""
    text = signed_text(issuer, name, value)
    good = name != "exp" and value == "null"

    assert good or await refused(issuer, text)
    assert not good or await verifier(issuer).verify(text)


def signed_text(issuer: Issuer, name: str, value: Any) -> str:
    """Sign claims with a value that may be no JSON, or none that Python would write."""
    mark = 918273645
    raw = value if isinstance(value, str) and value != "soon" else None
    claims = httpx.Request("POST", "http://x", json=issuer.claims(**{name: mark if raw else value})).content
    return signed(claims.replace(str(mark).encode(), (raw or "").encode()) if raw else claims)


async def test_a_token_without_an_end_is_refused(issuer: Issuer) -> None:
    """It could never be got rid of."""
    assert await refused(issuer, issuer.token(exp=None))


async def test_an_expired_token_of_another_is_only_unknown(issuer: Issuer) -> None:
    """Nobody learns anything from what a stranger signed."""
    assert await refused(issuer, signed(issuer.claims(exp=1), STRANGE))


@pytest.mark.parametrize("iss", [None, "", "https://issuer.example/", "https://ISSUER.example", [ISSUER], 5], ids=repr)
async def test_another_issuers_token_is_refused(issuer: Issuer, iss: Any) -> None:
    """Where one was named; its name is compared letter by letter."""
    assert await refused(issuer, issuer.token(iss=iss))
    assert await verifier(issuer, issuer=None).verify(issuer.token(iss=iss))


@pytest.mark.parametrize(
    "aud", [None, "", "other", f"{AUDIENCE}/", ["other"], [], [[AUDIENCE]], {AUDIENCE: 1}, 5], ids=repr
)
async def test_a_token_for_somebody_else_is_refused(issuer: Issuer, aud: Any) -> None:
    """Where an audience was named; a client must not be able to pass on what it was shown."""
    assert await refused(issuer, issuer.token(aud=aud))
    assert await verifier(issuer, audience=None).verify(issuer.token(aud=aud))


async def test_a_token_may_be_for_several(issuer: Issuer) -> None:
    """If this server is one of them."""
    assert await verifier(issuer).verify(issuer.token(aud=["other", AUDIENCE]))


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", None], ids=repr)
async def test_a_token_may_say_that_it_is_one(issuer: Issuer, typ: str | None) -> None:
    """An access token (RFC 9068) or a JWT of no particular kind, in any case of letters."""
    assert await verifier(issuer).verify(signed(issuer.claims(), typ=typ))


@pytest.mark.parametrize(
    "typ", ["", "JWE", "dpop+jwt", "logout+jwt", "secevent+jwt", "JOSE", "at+jwt ", "text/at+jwt"], ids=repr
)
async def test_a_signed_thing_of_another_kind_is_refused(issuer: Issuer, typ: str) -> None:
    """What the issuer signed for another purpose is no access token (RFC 8725 §3.11)."""
    assert await refused(issuer, signed(issuer.claims(), typ=typ))


@pytest.mark.parametrize("crit", [["exp"], ["alg"], ["b64"], [], "exp", 5], ids=repr)
async def test_a_token_that_demands_to_be_understood_is_refused(issuer: Issuer, crit: Any) -> None:
    """No extension is known here (RFC 7515 §4.1.11)."""
    for extra in ({}, {"b64": True}, {"exp": 5}):
        header = {"alg": "RS256", "kid": "rsa", "crit": crit, **extra}
        assert await refused(issuer, resigned(issuer, header))


async def test_a_token_with_its_claims_in_clear_is_refused(issuer: Issuer) -> None:
    """Unencoded payloads (RFC 7797) are no form of JWT (RFC 7797 §7)."""
    assert await refused(issuer, signed(b"{}", b64=False, crit=["b64"]))


async def test_parameters_that_are_not_known_are_ignored(issuer: Issuer) -> None:
    """As RFC 7515 §4 demands; some issuers send a certificate with each token."""
    assert await verifier(issuer).verify(signed(issuer.claims(), nonce="x", x5t="abc", x5c=["M" * 2000]))


def resigned(issuer: Issuer, header: dict[str, Any]) -> str:
    """Sign rightly under any header, of which joserfc would make none."""
    content, _, _ = unsigned(header, issuer.claims()).rpartition(".")
    signature = JWSRegistry.algorithms["RS256"].sign(content.encode(), RSA)
    return f"{content}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@pytest.mark.parametrize("tenant", [None, "", "*", 5, True, [], [TENANT], {}, "a" * 129, "a\nb", "a\x00"], ids=repr)
async def test_a_token_without_a_tenant_that_can_be_one_is_refused(issuer: Issuer, tenant: Any) -> None:
    """Above all not one that claims to be an operator's."""
    assert await refused(issuer, issuer.token(tenant=tenant))


async def test_an_operators_token_is_taken_only_where_the_issuer_may_make_such(issuer: Issuer) -> None:
    """It reaches every tenant's jobs."""
    caller = await verifier(issuer, operators=True).verify(issuer.token(tenant="*"))

    assert caller.sees("anybody's")
    assert not (await verifier(issuer, operators=True).verify(issuer.token())).sees("anybody's")


async def test_the_claims_may_have_other_names(issuer: Issuer) -> None:
    """Those that others would use are then nothing."""
    asked = verifier(issuer, tenant_claim="https://jobs.example/org", roles_claim="groups")
    token = issuer.token(**{"https://jobs.example/org": "a" * 128}, tenant="*", groups=["ops"], roles=["api-key"])

    caller = await asked.verify(token)

    assert (caller.tenant, caller.roles) == ("a" * 128, frozenset({"ops"}))


@pytest.mark.parametrize("roles", [["api-key"], ["admin", "api-key"], "admin", [5], {}, 5], ids=repr)
async def test_a_token_cannot_be_a_brokers_key(issuer: Issuer, roles: Any) -> None:
    """Nor have roles that are no list of names."""
    assert await refused(issuer, issuer.token(roles=roles))


@pytest.mark.parametrize(
    ("claims", "permissions"),
    [
        ({"scope": "a b:c"}, ["a", "b:c"]),
        ({"scope": "  a   a "}, ["a"]),
        ({"scope": ""}, []),
        ({"scope": None}, []),
        ({"scope": ["a", "b"]}, ["a", "b"]),
        ({"scope": None, "scp": ["a", "b"]}, ["a", "b"]),
        ({"scope": None, "scp": "a b"}, ["a", "b"]),
        ({"scope": "a", "scp": ["b"]}, ["a"]),
    ],
    ids=repr,
)
async def test_scopes_are_read_in_each_form(issuer: Issuer, claims: dict[str, Any], permissions: list[str]) -> None:
    """As `scope` or, where that is not there, as `scp`."""
    assert (await verifier(issuer).verify(issuer.token(**claims))).permissions == set(permissions)


@pytest.mark.parametrize("scope", [5, True, {"a": 1}, ["a", 5], [["a"]]], ids=repr)
async def test_scopes_in_no_form_are_refused(issuer: Issuer, scope: Any) -> None:
    """What is meant cannot be known."""
    assert await refused(issuer, issuer.token(scope=scope))
    assert await refused(issuer, issuer.token(scope=None, scp=scope))


async def test_a_client_that_acts_for_itself_is_the_subject(issuer: Issuer) -> None:
    """Where there is no other."""
    assert (await verifier(issuer).verify(issuer.token(sub=None, client_id="batch"))).id == "jwt:batch"
    assert (await verifier(issuer).verify(issuer.token(client_id="batch"))).id == "jwt:alice"


@pytest.mark.parametrize("sub", [None, "", 5, [], "a" * 256, "a\r\nb"], ids=repr)
async def test_a_token_of_nobody_is_refused(issuer: Issuer, sub: Any) -> None:
    """A client's name does not stand in for one that is wrong."""
    assert await refused(issuer, issuer.token(sub=sub, client_id=None if sub is None else "batch"))


async def test_a_token_that_is_bound_to_a_key_is_refused(issuer: Issuer) -> None:
    """Whoever merely bears it has not shown that he has the key (RFC 7800)."""
    assert await refused(issuer, issuer.token(cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}))


@pytest.mark.parametrize("claims", [b"", b"5", b"[]", b'"a"', b"null", b"{", b"\xff{}", b"[" * 5000, b'{"exp":NaN}'])
async def test_a_signed_thing_that_is_no_object_is_refused(issuer: Issuer, claims: bytes) -> None:
    """Whatever the issuer meant by it."""
    assert await refused(issuer, signed(claims))


@pytest.mark.parametrize(
    "header", [b"", b"5", b"[]", b'["alg"]', b'"alg"', b"null", b"{", b"\xff", b"[" * 3000, b"[" * 9000]
)
async def test_a_header_that_is_no_object_is_refused(issuer: Issuer, header: bytes) -> None:
    """Anybody can send it: nothing of it may be a fault of the server."""
    text = base64.urlsafe_b64encode(header).decode().rstrip("=")

    assert await refused(issuer, f"{text}.e30.AAAA")


@pytest.mark.parametrize("kid", [5, [], {}, "", "a" * 5000], ids=repr)
async def test_an_id_that_no_key_can_have_is_refused(issuer: Issuer, kid: Any) -> None:
    """It is the sender's, not the issuer's."""
    assert await refused(issuer, resigned(issuer, {"alg": "RS256", "kid": kid}))


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é", "\ud800", "a.b.c\n", " "])
async def test_what_is_no_token_is_refused(issuer: Issuer, token: str) -> None:
    """Before the issuer is asked anything."""
    assert await refusal(verifier(issuer), token) is Cause.UNKNOWN
    assert issuer.asked == []


async def test_a_token_has_a_greatest_length(issuer: Issuer) -> None:
    """Nobody can make the server work on more than 16 KiB."""
    short, long = (issuer.token(fill="x" * count) for count in (11_000, 12_500))

    assert len(short) < LONGEST_TOKEN < len(long)
    assert await verifier(issuer).verify(short)
    assert await refused(issuer, long)


async def test_nothing_of_a_token_is_written_anywhere(
    issuer: Issuer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not by the client either, at its most talkative; nor is it in an error."""
    caplog.set_level(logging.DEBUG)
    asked = verifier(issuer)
    token = issuer.token()
    issuer.instead = Response(status_code=500)

    with pytest.raises(IssuerUnavailable) as unavailable:
        await asked.verify(token)
    issuer.instead = None
    issuer.clock.move(seconds=10)
    with pytest.raises(Unauthenticated) as refused:
        await asked.verify(token[:-9])

    told = [caplog.text, *capsys.readouterr(), repr(unavailable.value), repr(refused.value), str(refused.value.detail)]
    assert not any(part in text for part in token.split(".") for text in told)


TOKEN_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n"


@asynccontextmanager
async def running_verifier() -> AsyncGenerator[tuple[JwtVerifier, list[str]]]:
    """Give a verifier, and tokens that it takes, one for each type of key."""
    async with running_issuer() as issuer:
        asked = verifier(issuer)
        made = [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256"), (ED, "EdDSA")]
        tokens = [signed(issuer.claims(), key, alg=alg) for key, alg in made]
        for token in tokens:
            await asked.verify(token)
        yield asked, tokens


@pytest.fixture
def shared_verifier(portal: BlockingPortal) -> Iterator[tuple[JwtVerifier, list[str]]]:
    """Give what all examples share."""
    with portal.wrap_async_context_manager(running_verifier()) as shared:
        yield shared


@settings(deadline=None, max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), character=st.sampled_from(TOKEN_CHARACTERS) | st.characters(exclude_categories=["Cs"]))
def test_a_token_with_any_one_character_changed_is_refused(
    data: st.DataObject, character: str, shared_verifier: tuple[JwtVerifier, list[str]], portal: BlockingPortal
) -> None:
    """No spelling of a token but the issuer's own is one: not even the idle bits of its last character are free."""
    asked, tokens = shared_verifier
    token = data.draw(st.sampled_from(tokens))
    place = data.draw(st.integers(0, len(token) - 1) | st.integers(len(token) - 3, len(token) - 1))
    changed = token[:place] + character + token[place + 1 :]

    if changed != token:
        assert portal.call(refusal, asked, changed) is Cause.UNKNOWN


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=50) | st.lists(st.text(max_size=9), max_size=5).map(".".join))
def test_any_text_is_refused(text: str, shared_verifier: tuple[JwtVerifier, list[str]], portal: BlockingPortal) -> None:
    """Whatever is sent as a token, the answer is that it is none."""
    assert portal.call(refusal, shared_verifier[0], text) is Cause.UNKNOWN
