"""The keys of an outside authorization server: which are used, for how long, and what happens while it is down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from issuer import EC, ED, RSA, STRANGE, Issuer, public, refusal, refused, running_issuer, signed, verifier
from joserfc.jwk import ECKey, OctKey, RSAKey
from serving import free_port
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from jobstatus.errors import Cause, StoreUnavailable
from jobstatus.security.endpoint import IssuerUnavailable
from jobstatus.security.key_set import AGAIN, LARGEST_SET, MOST_KEYS

ROTATED = ECKey.generate_key("P-256", {"kid": "next"})


@pytest.fixture
async def issuer() -> AsyncGenerator[Issuer]:
    """Run an issuer."""
    async with running_issuer() as issuer:
        yield issuer


async def test_a_key_of_another_type_than_the_algorithms_is_refused(issuer: Issuer) -> None:
    """The token names a key of the set, but not one that could have made this signature."""
    assert await refused(issuer, signed(issuer.claims(), RSA, kid="ec"))
    assert await refused(issuer, signed(issuer.claims(), EC, alg="ES256", kid="rsa"))
    assert await refused(issuer, signed(issuer.claims(), ED, alg="EdDSA", kid="ec"))


@pytest.mark.parametrize(
    "terms",
    [{"alg": "PS256"}, {"use": "enc"}, {"key_ops": ["sign"]}, {"key_ops": []}, {"use": "sig", "key_ops": ["encrypt"]}],
    ids=str,
)
async def test_a_key_is_used_only_for_what_it_is_for(issuer: Issuer, terms: dict[str, Any]) -> None:
    """By its own `alg`, `use` and `key_ops` (RFC 7517 §4), with a `kid` in the token or without."""
    key = RSAKey.generate_key(2048, {"kid": "bound"})
    issuer.keys = [public(key, **terms), public(RSA)]

    assert await refused(issuer, signed(issuer.claims(), key))
    assert await refused(issuer, signed(issuer.claims(), key, kid=None))


async def test_a_key_that_says_what_it_is_for_is_used_for_it(issuer: Issuer) -> None:
    """As the sets of most issuers do."""
    issuer.keys = [public(RSA, alg="RS256", use="sig", key_ops=["verify"])]

    assert await verifier(issuer).verify(issuer.token())


@pytest.mark.parametrize("left_out", ["kid", None])
async def test_a_token_that_names_no_key_is_tried_with_each(issuer: Issuer, left_out: str | None) -> None:
    """The issuer need not number its keys, nor refer to their numbers (RFC 7515 §4.1.4)."""
    issuer.keys = [{name: value for name, value in key.items() if name != left_out} for key in issuer.keys]

    assert await verifier(issuer).verify(signed(issuer.claims(), EC, alg="ES256", kid=None))
    assert await refusal(verifier(issuer), signed(issuer.claims(), STRANGE, kid=None)) is Cause.UNKNOWN


async def test_only_the_first_hundred_keys_count(issuer: Issuer) -> None:
    """Nobody can make the server try thousands with each token."""
    issuer.keys = [public(EC, kid=str(number)) for number in range(MOST_KEYS - 1)] + [public(ED), public(RSA)]

    assert await verifier(issuer).verify(signed(issuer.claims(), ED, alg="EdDSA", kid=None))
    assert await refusal(verifier(issuer), signed(issuer.claims(), RSA, kid=None)) is Cause.UNKNOWN


async def test_two_keys_may_have_one_id(issuer: Issuer) -> None:
    """Where they are of different types (RFC 7517 §4.5)."""
    issuer.keys = [public(EC, kid="same"), public(RSA, kid="same")]

    assert await verifier(issuer).verify(signed(issuer.claims(), RSA, kid="same"))
    assert await verifier(issuer).verify(signed(issuer.claims(), EC, alg="ES256", kid="same"))


@pytest.mark.filterwarnings("ignore:Key size should be >= 2048:joserfc.errors.SecurityWarning")
async def test_keys_that_cannot_be_used_do_not_spoil_the_others(issuer: Issuer) -> None:
    """Of a type that is not known, broken, weak, symmetric, or no longer secret."""
    weak = RSAKey.generate_key(1024, {"kid": "weak"})
    bare = RSAKey.generate_key(2048, {"kid": "bare"})
    secret = OctKey.generate_key(256, {"kid": "secret"})
    issuer.keys = [
        *(
            "text",
            None,
            [],
            {},
            {"kty": "AKP"},
            {"kty": ["RSA"]},
            {"kty": "RSA", "n": "AQAB"},
            {"kty": "oct", "k": "AA"},
        ),
        *({**public(RSA), "n": 5}, {**public(RSA), "n": "="}, {**public(EC), "crv": "P-1"}, {**public(EC), "x": "AA"}),
        *({**public(ED), "x": "AA"}, {**public(ED), "crv": "Ed1"}, {**public(RSA), "kid": 5}),
        *(public(weak), bare.as_dict(private=True), secret.as_dict(private=True)),
        *issuer.keys,
    ]

    assert await refused(issuer, signed(issuer.claims(), weak))
    assert await refused(issuer, signed(issuer.claims(), bare))
    assert await refused(issuer, signed(issuer.claims(), secret, alg="HS256"))


async def test_a_new_key_is_found_when_the_first_token_names_it(issuer: Issuer) -> None:
    """Rotation needs no restart; and the old key is good while it is in the set."""
    asked = verifier(issuer)
    await asked.verify(issuer.token())
    issuer.keys.append(public(ROTATED))
    issuer.clock.move(seconds=11)

    await asked.verify(signed(issuer.claims(), ROTATED, alg="ES256"))
    await asked.verify(issuer.token())

    assert len(issuer.asked) == 2


async def test_a_key_that_is_taken_out_of_the_set_is_soon_not_good_any_more(issuer: Issuer) -> None:
    """After five minutes at the latest."""
    asked = verifier(issuer)
    token = issuer.token()
    await asked.verify(token)
    issuer.keys = [public(ROTATED)]

    issuer.clock.move(seconds=299)
    await asked.verify(token)
    issuer.clock.move(seconds=1)

    assert await refusal(asked, token) is Cause.UNKNOWN


async def test_a_set_may_be_empty(issuer: Issuer) -> None:
    """Then no token is good; that is an answer, not an outage."""
    issuer.keys = []

    assert await refusal(verifier(issuer), issuer.token()) is Cause.UNKNOWN


async def test_a_flood_of_unknown_keys_reaches_the_issuer_once_in_ten_seconds(issuer: Issuer) -> None:
    """Whoever makes up ids cannot make this server attack the issuer."""
    asked = verifier(issuer)
    flood = [signed(issuer.claims(), STRANGE, kid=f"made-up-{number}") for number in range(20)]
    counts = []

    for _ in range(3):
        for token in flood:
            await refusal(asked, token)
        counts.append(len(issuer.asked))
        issuer.clock.move(seconds=AGAIN.total_seconds())

    assert counts == [1, 2, 3]


async def test_all_tokens_of_a_moment_wait_for_one_answer(issuer: Issuer) -> None:
    """Fifty requests at the start, or after a rotation, are one question each time."""
    asked = verifier(issuer)
    await asyncio.gather(*(asked.verify(issuer.token(jti=str(number))) for number in range(50)))
    issuer.keys.append(public(ROTATED))
    issuer.clock.move(seconds=11)

    await asyncio.gather(*(asked.verify(signed(issuer.claims(), ROTATED, alg="ES256")) for _ in range(50)))

    assert len(issuer.asked) == 2


async def test_an_issuer_that_is_down_is_not_the_callers_fault(issuer: Issuer) -> None:
    """The contracts say 503 then, and each in its words; the issuer is asked again after ten seconds."""
    url = f"http://127.0.0.1:{free_port()}/keys"
    with pytest.raises(StoreUnavailable):
        await verifier(issuer, jwks_url=url).verify(issuer.token())

    asked = verifier(issuer)
    issuer.instead = Response(status_code=500)
    for _ in range(2):
        with pytest.raises(IssuerUnavailable):
            await asked.verify(issuer.token())
    issuer.instead = None
    issuer.clock.move(seconds=10)

    assert await asked.verify(issuer.token())
    assert len(issuer.asked) == 2


async def test_keys_that_are_known_outlive_an_outage(issuer: Issuer) -> None:
    """Tokens go on being taken by them, and the issuer is not asked all the time."""
    asked = verifier(issuer)
    await asked.verify(issuer.token())
    issuer.instead = Response(status_code=500)
    issuer.clock.move(minutes=30)

    for _ in range(5):
        assert await asked.verify(issuer.token())
        assert await refusal(asked, signed(issuer.claims(), ROTATED, alg="ES256")) is Cause.UNKNOWN

    assert len(issuer.asked) == 2


def broken_answers() -> Iterator[Any]:
    """Give what is no key set."""
    big = b'{"keys":[],"x":"' + b"x" * LARGEST_SET + b'"}'
    yield pytest.param(lambda: Response(big), id="longer than 1 MiB")
    yield pytest.param(lambda: Response(b'{"keys":[]}', headers={"Content-Encoding": "gzip"}), id="compressed")
    yield pytest.param(lambda: Response(b'{"keys":[]}', 203), id="another status")
    yield pytest.param(lambda: Response(b"<html>"), id="no JSON")
    yield pytest.param(lambda: JSONResponse([]), id="no object")
    yield pytest.param(lambda: JSONResponse({}), id="no keys")
    yield pytest.param(lambda: JSONResponse({"keys": {}}), id="keys that are no list")
    for code in (301, 302, 303, 307, 308):
        yield pytest.param(lambda code=code: RedirectResponse("/elsewhere", code), id=f"a redirect by {code}")


@pytest.mark.parametrize("answer", list(broken_answers()))
async def test_an_answer_that_is_no_key_set_is_an_outage(issuer: Issuer, answer: Callable[[], Response]) -> None:
    """Too long, compressed, misformed, or elsewhere: a redirect is not followed."""
    issuer.instead = answer()

    with pytest.raises(IssuerUnavailable):
        await verifier(issuer).verify(issuer.token())
    assert [request.url.path for request in issuer.asked] == ["/keys"]


async def test_an_endless_answer_is_not_read_to_its_end(issuer: Issuer) -> None:
    """No more than 1 MiB of it, whether or not it says how long it is."""
    issuer.instead = endless = Endless()

    with pytest.raises(IssuerUnavailable, match="longer"):
        await verifier(issuer).verify(issuer.token())
    await endless.ended.wait()


async def left(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Endless(Response):
    """An answer that goes on until nobody listens."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.create_task(left(receive))
        while not gone.done():
            await send({"type": "http.response.body", "body": b" " * 65_536, "more_body": True})
            await asyncio.sleep(0)
        self.ended.set()


async def test_an_issuer_that_does_not_answer_is_not_waited_for(issuer: Issuer) -> None:
    """Nor one whose answer trickles: the time is for all of it."""
    span = timedelta(milliseconds=50)
    issuer.may_answer.clear()
    with pytest.raises(IssuerUnavailable, match="Timeout"):
        await verifier(issuer, timeout=span).verify(issuer.token())

    issuer.may_answer.set()
    issuer.instead = Trickle()
    with pytest.raises(IssuerUnavailable, match="Timeout"):
        await verifier(issuer, timeout=span).verify(issuer.token())


class Trickle(Response):
    """An answer that comes one byte after the other, each in time."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.create_task(left(receive))
        while not gone.done():
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.wait({gone}, timeout=0.01)
