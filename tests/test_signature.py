"""Signatures of requests: the published vectors, each rule of the two schemes, and that nothing can be changed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jobstatus.security.canonical import UNSIGNED_PAYLOAD, canonical_request
from jobstatus.security.signature import (
    LONGEST_AUTHORIZATION,
    Authorization,
    BadSignature,
    MalformedAuthorization,
    Reason,
    Scope,
    SignedRequest,
    sign,
    verify,
)

KEY, SECRET = "TESTAK", "TESTSK-secret"
PROJECT = "ac234de25c6741d2b1273da49eea1b9e"
NOW = datetime(2024, 11, 6, 6, 19, 43, tzinfo=UTC)
DATE = "20241106T061943Z"
QUARTER = timedelta(minutes=15)
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
BODY = b'{"k":1}'
TODAY = Scope("20241106", "eu-de", "ims")


def written(authorization: Authorization) -> str:
    """Write the header as signers do."""
    key, scope = authorization.access_key, authorization.scope
    who = f"Access={key}" if scope is None else f"Credential={key}/{scope}"
    names = ";".join(authorization.signed_headers)
    return f"SDK-HMAC-SHA256 {who}, SignedHeaders={names}, Signature={authorization.signature}"


def signed(request: SignedRequest, scope: Scope | None = None, secret: str = SECRET) -> Authorization:
    """Sign a request with all its headers."""
    unsigned = Authorization(KEY, scope, tuple(sorted(request.headers)), "")
    return replace(unsigned, signature=sign(request, unsigned, secret))


def refusal(
    request: SignedRequest, authorization: Authorization, now: datetime = NOW, secret: str = SECRET
) -> Reason | None:
    """Tell why a request is refused, if it is."""
    try:
        verify(request, authorization, secret, now)
    except BadSignature as error:
        return error.reason
    return None


def get(path: str = "/", query: str = "", **headers: str) -> SignedRequest:
    """Make a request; an underscore in the name of a header stands for a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SignedRequest("GET", path, query, {"x-sdk-date": DATE, **named})


def lines(request: SignedRequest, *, scoped: bool = False) -> list[bytes]:
    """Give the lines of a request's canonical form: method, path, query, headers, names, hash."""
    return canonical_request(request, tuple(request.headers), scoped=scoped).split(b"\n")


# The vectors.

POLL = SignedRequest(
    "GET",
    f"/v1/{PROJECT}/jobs/ff8080814dbd65d7014dbe0d84db0013",
    "",
    {
        "content-type": "application/json",
        "host": "127.0.0.1:8080",
        "user-agent": "vec/1",
        "x-project-id": PROJECT,
        "x-sdk-date": DATE,
    },
)
POST = SignedRequest(
    "POST",
    "/v2/x",
    "b=2%203&a=z&a=y&c=true",
    {"content-type": "application/json", "host": "127.0.0.1:8080", "x-sdk-date": DATE},
    BODY,
)
SCOPED = SignedRequest(
    "GET",
    f"/v1/{PROJECT}/jobs/g2",
    "",
    {
        "accept": "application/json",
        "host": "127.0.0.1:18991",
        "user-agent": "golangsdk/2.0.0",
        "x-sdk-date": "20261122T102906Z",
    },
)
VECTORS = [
    pytest.param(
        POLL,
        f"SDK-HMAC-SHA256 Access={KEY}, SignedHeaders=content-type;host;user-agent;x-project-id;x-sdk-date, "
        "Signature=5b2b3b1d1e541454407db58287537b09f614b561cb0eb1e32096250ec03c3a58",
        NOW,
        id="poll",
    ),
    pytest.param(
        POST,
        f"SDK-HMAC-SHA256 Access={KEY}, SignedHeaders=content-type;host;x-sdk-date, "
        "Signature=8709400c2401151edb0b94e9a5b3bfd1c1dcbb3a759c33ccf5e032b9dfd4d434",
        NOW,
        id="post",
    ),
    pytest.param(
        SCOPED,
        f"SDK-HMAC-SHA256 Credential={KEY}/20261122///sdk_request, SignedHeaders=accept;host;user-agent;x-sdk-date, "
        "Signature=dca40c87bd04c1076e27788b0f437bfff38ee486367b02e1de67250726c5258e",
        datetime(2026, 11, 22, 10, 29, 6, tzinfo=UTC),
        id="scoped",
    ),
]


@pytest.mark.parametrize(("request_", "header", "now"), VECTORS)
def test_what_clients_sign_is_accepted(request_: SignedRequest, header: str, now: datetime) -> None:
    """Byte for byte, as their own signers were seen to write it."""
    authorization = Authorization.parse(header)

    assert written(authorization) == header
    assert sign(request_, authorization, SECRET) == authorization.signature
    verify(request_, authorization, SECRET, now)


def test_the_canonical_form_is_that_of_the_clients() -> None:
    """The hash that a client makes of it on the way is the same too."""
    canonical = canonical_request(POLL, tuple(POLL.headers), scoped=False)

    assert hashlib.sha256(canonical).hexdigest() == "1d13c9de44ede17f0fba771e4c9186f7817ca9d0607cd5c0b1c16033f951e996"


def test_the_canonical_form_has_a_line_for_each_part() -> None:
    """Method, path, query, each signed header, nothing, their names, and the body's hash."""
    assert lines(POST) == [
        b"POST",
        b"/v2/x/",
        b"a=y&a=z&b=2%203&c=true",
        b"content-type:application/json",
        b"host:127.0.0.1:8080",
        b"x-sdk-date:20241106T061943Z",
        b"",
        b"content-type;host;x-sdk-date",
        hashlib.sha256(BODY).hexdigest().encode(),
    ]


# The canonical form.


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/v1/a", "/v1/a/"),
        ("/v1/a/", "/v1/a/"),
        ("", "/"),
        ("/", "/"),
        ("//", "//"),
        ("/a%2Fb", "/a/b/"),
        ("/%7e%41-_.~", "/~A-_.~/"),
        ("/a+b:c@d", "/a%2Bb%3Ac%40d/"),
        ("/%c3%a9", "/%C3%A9/"),
        ("/\xc3\xa9", "/%C3%A9/"),
        ("/%2541", "/%2541/"),
    ],
)
def test_a_path_is_decoded_once_and_encoded_again(path: str, form: str) -> None:
    """Only unreserved characters stay, escapes have upper-case digits, and a slash is at the end."""
    assert lines(get(path))[1].decode() == form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("100%", "100%25"),
        ("%zz", "%25zz"),
        ("%4", "%254"),
        ("%FF", "%FF"),
        ("\xff", "%FF"),
        ("\N{SNOWMAN}", "%5Cu2603"),
    ],
)
def test_what_is_no_escape_and_no_utf_8_stands_for_itself(text: str, form: str) -> None:
    """Nothing is replaced by a substitute, under which one signature would fit many requests."""
    found = lines(get(f"/{text}", f"{text}={text}"))

    assert found[1].decode() == f"/{form}/"
    assert found[2].decode() == f"{form}={form}"


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("", ""),
        ("b=1&a=2", "a=2&b=1"),
        ("a=10&a=9", "a=10&a=9"),
        ("a=z&a=&a=y", "a=&a=y&a=z"),
        ("a", "a="),
        ("&&a=1&", "a=1"),
        ("=1", "=1"),
        ("a=b=c", "a=b%3Dc"),
        ("a=1;b=2", "a=1%3Bb%3D2"),
        ("a/b=c/d", "a%2Fb=c%2Fd"),
        ("a=%e4%b8%ad", "a=%E4%B8%AD"),
        ("b=1&B=2&a=3", "B=2&a=3&b=1"),
    ],
)
def test_a_query_is_sorted_by_name_and_then_by_value(query: str, form: str) -> None:
    """Names and values are encoded as a path's segments are; a name without a value has an empty one."""
    assert lines(get(query=query))[2].decode() == form


@pytest.mark.parametrize("query", ["a=x+y", "a=x%20y"])
def test_a_plus_sign_in_a_query_is_a_space(query: str) -> None:
    """As the form's encoding has it: Go's clients send it so, and no client sends a plus sign but as `%2B`."""
    assert lines(get(query=query))[2] == b"a=x%20y"
    assert lines(get(query="a=x%2By"))[2] == b"a=x%2By"


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("b=1&B=2&a=3", "a=3&B=2&b=1"),
        ("a=2&A=3&a=1&A=1", "A=1&A=3&a=1&a=2"),
        ("a-=1&a%21=2&aB=3", "a%21=2&a-=1&aB=3"),
    ],
)
def test_the_scoped_scheme_sorts_names_without_regard_to_case(query: str, form: str) -> None:
    """After they are encoded; names that differ only in case are in the order of the other scheme."""
    assert lines(get(query=query), scoped=True)[2].decode() == form


def test_headers_are_in_the_order_of_the_list() -> None:
    """The signer's order counts, not the alphabet."""
    request = get(host="h", accept="a")

    assert canonical_request(request, ["host", "accept"], scoped=False).split(b"\n")[3:7] == [
        b"host:h",
        b"accept:a",
        b"",
        b"host;accept",
    ]


def test_white_space_around_a_value_is_not_signed() -> None:
    """Servers drop it, or not."""
    assert lines(get(a=" \t x  y\t"))[4] == b"a:x  y"


def test_the_scoped_scheme_makes_one_space_of_many() -> None:
    """Of blanks and tabs within a value."""
    assert lines(get(a=" x \t  y z "), scoped=True)[4] == b"a:x y z"


@pytest.mark.parametrize("scope", [None, TODAY])
def test_each_scheme_signs_its_own_form(scope: Scope | None) -> None:
    """What the scoped one takes for the same is not the same in the other."""
    authorization = signed(get(query="b=1&B=2", a="x  y"), scope)
    verdict = Reason.MISMATCH if scope is None else None

    assert refusal(get(query="b=1&B=2", a="x y"), authorization) is verdict


def test_a_value_beyond_ascii_is_signed_as_its_bytes() -> None:
    """A no-break space is a byte of a letter as often as not: `à` is C3 A0 in UTF-8."""
    assert lines(get(a="Voil\xc3\xa0"))[4] == "a:Voilà".encode()
    assert lines(get(a="Voil\xc3\xa0"), scoped=True)[4] == "a:Voilà".encode()


def test_a_header_sent_twice_is_signed_as_one_value() -> None:
    """Joined with a comma, the request is the signed one; with one of the two only, it is not."""
    authorization = signed(get(a="1,2"))

    assert refusal(get(a="1,2"), authorization) is None
    assert refusal(get(a="1"), authorization) is Reason.MISMATCH


@pytest.mark.parametrize("claim", [None, UNSIGNED_PAYLOAD, "0" * 64, EMPTY.upper()])
def test_no_body_has_the_hash_of_nothing(claim: str | None) -> None:
    """Whatever the header says."""
    request = get() if claim is None else get(x_sdk_content_sha256=claim)

    assert lines(request)[-1].decode() == EMPTY


@pytest.mark.parametrize("claim", [UNSIGNED_PAYLOAD, hashlib.sha256(BODY).hexdigest().upper(), None])
def test_the_hash_is_what_its_header_says(claim: str | None) -> None:
    """Else the body's own."""
    headers = {} if claim is None else {"x-sdk-content-sha256": claim}
    request = SignedRequest("POST", "/", "", {"x-sdk-date": DATE, **headers}, BODY)

    assert lines(request)[-1].decode() == (claim or hashlib.sha256(BODY).hexdigest())


def test_a_body_that_is_not_signed_may_change() -> None:
    """The signer said so, and signed that; to take the body away is another matter."""
    headers = {"x-sdk-date": DATE, "x-sdk-content-sha256": UNSIGNED_PAYLOAD}
    request = SignedRequest("POST", "/", "", headers, BODY)
    authorization = signed(request)

    assert refusal(replace(request, body=b"other"), authorization) is None
    assert refusal(replace(request, body=b""), authorization) is Reason.MISMATCH


@pytest.mark.parametrize("body", [BODY, b""])
def test_no_body_can_be_put_under_the_hash_of_another(body: bytes) -> None:
    """A claim that is not signed does not stand in for the body that was."""
    request = SignedRequest("POST", "/", "", {"x-sdk-date": DATE}, body)
    authorization = signed(request)

    for claim in (hashlib.sha256(body).hexdigest(), UNSIGNED_PAYLOAD):
        headers = {**request.headers, "x-sdk-content-sha256": claim}
        forged = replace(request, headers=headers, body=b'{"k":2}')

        assert refusal(forged, authorization) is Reason.MISMATCH


# The header.

SIGNATURE = "a" * 64
UNSCOPED_HEADER = f"SDK-HMAC-SHA256 Access=ak, SignedHeaders=host;x-sdk-date, Signature={SIGNATURE}"
SCOPED_HEADER = UNSCOPED_HEADER.replace("Access=ak", "Credential=ak/20241106/eu-de/ims/sdk_request")


def test_both_forms_are_read() -> None:
    """What comes after the algorithm tells them apart."""
    names = ("host", "x-sdk-date")

    assert Authorization.parse(UNSCOPED_HEADER) == Authorization("ak", None, names, SIGNATURE)
    assert Authorization.parse(SCOPED_HEADER) == Authorization("ak", TODAY, names, SIGNATURE)


def test_region_and_service_may_be_empty() -> None:
    """One Go client leaves them so."""
    header = SCOPED_HEADER.replace("/eu-de/ims/", "///")

    assert Authorization.parse(header).scope == Scope("20241106", "", "")


@pytest.mark.parametrize("space", ["", " ", "  ", "\t", " \t "])
def test_space_after_commas_is_optional(space: str) -> None:
    """Any number of blanks and tabs."""
    for header in (UNSCOPED_HEADER, SCOPED_HEADER):
        assert Authorization.parse(header.replace(", ", f",{space}")) == Authorization.parse(header)


def test_the_longest_header_is_8_kib() -> None:
    """One character more is too much."""
    longest = UNSCOPED_HEADER.replace("Access=ak", "Access=" + "k" * (LONGEST_AUTHORIZATION - len(UNSCOPED_HEADER) + 2))

    assert len(longest) == 8192
    assert Authorization.parse(longest).access_key.startswith("kkk")
    with pytest.raises(MalformedAuthorization):
        Authorization.parse(longest.replace("=k", "=kk", 1))


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("SDK-HMAC-SHA256", "V11-HMAC-SHA256"),
        ("SDK-HMAC-SHA256", "SDK-HMAC-SM3"),
        ("SDK-HMAC-SHA256", "sdk-hmac-sha256"),
        ("SDK-HMAC-SHA256", "AWS4-HMAC-SHA256"),
        ("SDK-HMAC-SHA256 ", "SDK-HMAC-SHA256"),
        ("SDK-HMAC-SHA256 ", "SDK-HMAC-SHA256  "),
        ("SDK-HMAC-SHA256 ", " SDK-HMAC-SHA256 "),
        ("Access=", "access="),
        ("Access=", "Key="),
        ("Access=ak", "Access="),
        ("Access=ak", "Access=a k"),
        ("Access=ak", "Access=a,k"),
        ("Access=ak", "Access=a/k"),
        ("Access=ak", "Access=\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("Access=ak", "Access=a\0k"),
        ("Access=ak", "Access = ak"),
        ("Access=ak", "Access=ak/20241106/eu-de/ims/sdk_request"),
        ("Access=ak", "Access=ak, Access=ak"),
        ("Access=ak", "Access=ak, Credential=ak/20241106/eu-de/ims/sdk_request"),
        ("Access=ak, ", ""),
        ("Access=ak, ", "Access=ak "),
        ("Access=ak, ", "Access=ak,, "),
        ("Access=ak, ", "Access=ak , "),
        ("Access=ak, ", "Access=ak,\N{NO-BREAK SPACE}"),
        ("Access=ak, ", "Access=ak,\n"),
        ("Access=ak", "Credential=ak"),
        ("Access=ak", "Credential=/20241106/eu-de/ims/sdk_request"),
        ("Access=ak", "Credential=ak/20241106/eu-de/ims/aws4_request"),
        ("Access=ak", "Credential=ak/20241106/eu-de/ims"),
        ("Access=ak", "Credential=ak/20241106/eu-de/sdk_request"),
        ("Access=ak", "Credential=ak/20241106/eu-de/ims/x/sdk_request"),
        ("Access=ak", "Credential=ak/20241106/eu de/ims/sdk_request"),
        ("Access=ak", "Credential=ak/2024-11-06/eu-de/ims/sdk_request"),
        ("Access=ak", "Credential=ak/2024110/eu-de/ims/sdk_request"),
        ("Access=ak", "Credential=ak/" + "\N{ARABIC-INDIC DIGIT ONE}" * 8 + "/eu-de/ims/sdk_request"),
        ("SignedHeaders=host;x-sdk-date, ", ""),
        ("SignedHeaders=host;x-sdk-date", "SignedHeaders="),
        ("SignedHeaders=host;x-sdk-date", "SignedHeaders=;"),
        ("host;x-sdk-date", "host;;x-sdk-date"),
        ("host;x-sdk-date", "host;x-sdk-date;"),
        ("host;x-sdk-date", "Host;x-sdk-date"),
        ("host;x-sdk-date", "host;x-sdk-date;host"),
        ("host;x-sdk-date", "host x-sdk-date"),
        ("host;x-sdk-date", "host;x-sdk-date:"),
        ("host;x-sdk-date", "host;x-sdk-date, SignedHeaders=host"),
        (f", Signature={SIGNATURE}", ""),
        (SIGNATURE, ""),
        (SIGNATURE, "A" * 64),
        (SIGNATURE, "a" * 63),
        (SIGNATURE, "a" * 65),
        (SIGNATURE, "g" * 64),
        (SIGNATURE, SIGNATURE + "\n"),
        (SIGNATURE, SIGNATURE + " "),
        (SIGNATURE, SIGNATURE + ","),
        (SIGNATURE, f"{SIGNATURE}, Signature={SIGNATURE}"),
        (UNSCOPED_HEADER, f"{UNSCOPED_HEADER},{UNSCOPED_HEADER}"),
        (UNSCOPED_HEADER, f"SDK-HMAC-SHA256 SignedHeaders=host, Access=ak, Signature={SIGNATURE}"),
        (UNSCOPED_HEADER, "SDK-HMAC-SHA256"),
        (UNSCOPED_HEADER, "Bearer token"),
        (UNSCOPED_HEADER, ""),
    ],
)
def test_any_other_form_is_refused(part: str, other: str) -> None:
    """Other algorithms, and parts that are missing, doubled, in another order, or not in their form."""
    assert part in UNSCOPED_HEADER
    with pytest.raises(MalformedAuthorization):
        Authorization.parse(UNSCOPED_HEADER.replace(part, other))


FRAGMENTS = st.sampled_from([*re.split(r"(?<=[ =,;/])", UNSCOPED_HEADER), *re.split(r"(?<=[ =,;/])", SCOPED_HEADER)])


@settings(deadline=None)
@given(st.text() | st.lists(FRAGMENTS | st.text(max_size=3), max_size=20).map("".join))
def test_any_text_is_read_or_found_malformed(text: str) -> None:
    """There is no third way."""
    try:
        authorization = Authorization.parse(text)
    except MalformedAuthorization:
        return

    assert re.sub(r",[ \t]*", ", ", text) == written(authorization)


# The date.


@pytest.mark.parametrize("scope", [None, TODAY])
@pytest.mark.parametrize("away", [timedelta(0), QUARTER, -QUARTER, timedelta(minutes=7)])
def test_a_request_is_good_for_15_minutes(away: timedelta, scope: Scope | None) -> None:
    """Before and after its date, to the end of the last second; as often as it comes."""
    request = get()
    authorization = signed(request, scope)

    assert [refusal(request, authorization, NOW + away) for _ in range(2)] == [None, None]


@pytest.mark.parametrize("away", [QUARTER + timedelta(microseconds=1), timedelta(days=1), timedelta(days=365_000)])
def test_a_request_of_another_time_is_refused(away: timedelta) -> None:
    """However little it is off, either way."""
    request = get()

    assert refusal(request, signed(request), NOW + away) is Reason.DATE
    assert refusal(request, signed(request), NOW - min(away, timedelta(days=700_000))) is Reason.DATE


def test_a_request_without_a_date_is_refused() -> None:
    """Nor can it be signed."""
    request = SignedRequest("GET", "/", "", {"host": "h"})

    assert refusal(request, Authorization(KEY, None, ("host", "x-sdk-date"), SIGNATURE)) is Reason.DATE
    with pytest.raises(BadSignature) as caught:
        sign(request, Authorization(KEY, None, ("host",), ""), SECRET)
    assert caught.value.reason is Reason.DATE


def test_a_date_that_is_not_signed_is_refused() -> None:
    """It stands in what is signed all the same, but the contract asks for it in the list."""
    request = get(host="h")
    unsigned = Authorization(KEY, None, ("host",), "")

    assert refusal(request, replace(unsigned, signature=sign(request, unsigned, SECRET))) is Reason.DATE


@pytest.mark.parametrize(
    "date",
    [
        "",
        "20241106T061943",
        "20241106T0619Z",
        "20241106T061943z",
        "20241106T061943+0000",
        "2024-11-06T06:19:43Z",
        "2024W454T061943Z",
        "20241306T061943Z",
        "20240230T061943Z",
        "20241106T061960Z",
        "20241106T061943Z,20241106T061943Z",
        "20241106T061943Z\n",
        "Wed, 06 Nov 2024 06:19:43 GMT",
        "20241106T061943Z 1",
        "\N{FULLWIDTH DIGIT TWO}0241106T061943Z",
        "\N{NO-BREAK SPACE}20241106T061943Z",
    ],
)
def test_a_malformed_date_is_refused(date: str) -> None:
    """One form is a date, and it must be on the calendar."""
    request = get(x_sdk_date=date)

    assert refusal(request, signed(request)) is Reason.DATE


def test_space_around_a_date_does_not_count() -> None:
    """Nor does it around any value; the date is signed without."""
    authorization = signed(get())

    assert refusal(get(x_sdk_date=f" {DATE}\t"), authorization) is None


def test_the_scope_must_be_of_the_same_day() -> None:
    """As the date is written, even where the other day is but minutes away."""
    midnight = datetime(2024, 11, 7, tzinfo=UTC)
    request = get(x_sdk_date="20241107T000000Z")

    assert refusal(request, signed(request, TODAY), midnight) is Reason.DATE
    assert refusal(request, signed(request, replace(TODAY, date="20241107")), midnight - timedelta(minutes=1)) is None


def test_a_signed_header_must_be_there() -> None:
    """One that is missing is told as such, when verifying as when signing."""
    authorization = signed(get(host="h"))

    assert refusal(get(), authorization) is Reason.HEADER
    with pytest.raises(BadSignature) as caught:
        sign(get(), authorization, SECRET)
    assert caught.value.reason is Reason.HEADER


@pytest.mark.parametrize("signature", ["", "0" * 64, "\xff" * 64, "\N{SNOWMAN}", "\ud800"])
def test_any_other_signature_is_refused(signature: str) -> None:
    """Even what no header can say."""
    assert refusal(get(), replace(signed(get()), signature=signature)) is Reason.MISMATCH


# Properties.

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "get"]
SEEN = "".join(map(chr, range(0x21, 0x7F)))
scope_parts = st.text(SEEN.replace(",", "").replace("/", ""), max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=12).map(
    lambda value: re.sub(" +", " ", value.strip(" "))
)


@dataclass(frozen=True)
class Parts:
    """What makes up a signed request, each part in a form in which unequal means different."""

    method: str
    segments: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    header: str
    body: bytes
    seconds: int
    scope: Scope | None
    secret: str

    def request(self) -> SignedRequest:
        """Make the request."""
        path = "".join("/" + quote(segment, safe="") for segment in self.segments)
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in self.parameters)
        date = f"{NOW + timedelta(seconds=self.seconds):%Y%m%dT%H%M%SZ}"
        return SignedRequest(self.method, path, query, {"host": self.header, "x-sdk-date": date}, self.body)


STRATEGIES: dict[str, st.SearchStrategy[Any]] = {
    "method": st.sampled_from(METHODS),
    "segments": st.lists(texts.filter(lambda text: text != "" and "/" not in text), min_size=1, max_size=4).map(tuple),
    "parameters": st.lists(st.tuples(texts, texts), max_size=4).map(sorted).map(tuple),
    "header": values,
    "body": st.binary(max_size=12),
    "seconds": st.integers(-900, 900),
    "scope": st.none() | st.builds(Scope, st.just("20241106"), scope_parts, scope_parts),
    "secret": texts.map(lambda text: "s" + text.replace("\0", "")),  # to HMAC, NULs at the end of a key are nothing
}
parts_of_requests = st.builds(Parts, **STRATEGIES)


@settings(deadline=None)
@given(parts_of_requests)
def test_what_is_signed_is_accepted(parts: Parts) -> None:
    """With the same secret, and after the header was written and read."""
    authorization = signed(parts.request(), parts.scope, parts.secret)

    assert Authorization.parse(written(authorization)) == authorization
    assert refusal(parts.request(), authorization, secret=parts.secret) is None


@pytest.mark.parametrize("name", STRATEGIES)
@settings(deadline=None)
@given(parts=parts_of_requests, data=st.data())
def test_what_is_changed_is_refused(name: str, parts: Parts, data: st.DataObject) -> None:
    """Any part by itself, whatever it is changed to."""
    changed = replace(parts, **{name: data.draw(STRATEGIES[name])})
    assume(changed != parts)
    authorization = replace(signed(parts.request(), parts.scope, parts.secret), scope=changed.scope)

    assert refusal(changed.request(), authorization, secret=changed.secret) is Reason.MISMATCH


@settings(deadline=None)
@given(parts_of_requests, st.dictionaries(st.sampled_from(["accept", "via", "x-project-id", "cookie"]), values))
def test_headers_that_are_not_signed_are_free(parts: Parts, others: Mapping[str, str]) -> None:
    """Proxies add and change some."""
    request = parts.request()
    authorization = signed(request, parts.scope, parts.secret)
    received = replace(request, headers={**others, **request.headers})

    assert refusal(received, authorization, secret=parts.secret) is None


@settings(deadline=None)
@given(parts_of_requests, st.randoms(use_true_random=False))
def test_the_order_of_parameters_is_free(parts: Parts, random: Random) -> None:
    """The signer sorts them, and may send them as they were."""
    shuffled = replace(parts, parameters=tuple(random.sample(parts.parameters, len(parts.parameters))))
    authorization = signed(parts.request(), parts.scope, parts.secret)

    assert refusal(shuffled.request(), authorization, secret=parts.secret) is None


@settings(deadline=None)
@given(st.text(), st.text(), st.text(), st.text(), st.booleans())
def test_no_request_is_beyond_verifying(method: str, path: str, query: str, value: str, scoped: bool) -> None:
    """What no server would let through is signed and verified like any other."""
    request = SignedRequest(method, path, query, {"x-sdk-date": DATE, "a": value, "x-sdk-content-sha256": value}, BODY)

    assert refusal(request, signed(request, TODAY if scoped else None)) is None


# Fuzzing.


@dataclass(frozen=True, slots=True)
class Sent:
    """A request with its header, as an attacker holds it."""

    request: SignedRequest
    header: str


SECRETS = {"AKIAEXAMPLE01": "first-secret", "AKIAEXAMPLE02": "second-secret"}
ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
PRINTABLE = "".join(map(chr, range(0x20, 0x7F))) + "\t\n\0\xe9"
HEX = "0123456789abcdef"


def originals() -> list[Sent]:
    """Sign some requests that differ in everything that makes a difference."""
    headers = {"content-type": "application/json", "host": "127.0.0.1:8080", "user-agent": "a 1", "x-sdk-date": DATE}
    path, query = f"/v1/{PROJECT}/jobs/job%20one", "limit=5&marker=a+b&marker=c%21d"
    made = []
    for scope in (None, Scope("20241106", "", ""), TODAY):
        for key, secret in SECRETS.items():
            for request in (
                SignedRequest("GET", path, "", headers),
                SignedRequest("GET", path, query, headers),
                SignedRequest("POST", path, query, headers, BODY),
            ):
                authorization = replace(signed(request, scope, secret), access_key=key)
                made.append(Sent(request, written(authorization)))
    return made


def is_let_in(sent: Sent) -> bool | None:
    """Do as a server does: read the header, look up the secret, verify. Gives `None` for what is not read."""
    try:
        authorization = Authorization.parse(sent.header)
    except MalformedAuthorization:
        return None
    secret = SECRETS.get(authorization.access_key)
    return secret is not None and refusal(sent.request, authorization, secret=secret) is None


def put(text: str, at: int, new: str, length: int = 1) -> str:
    """Put something else in a place of a text."""
    return text[:at] + new + text[at + length :]


def some_place(random: Random, text: str) -> int:
    """Choose a place in a header, every other time in its signature."""
    return random.randrange(len(text) - 64 if random.random() < 0.5 else 0, len(text))


def flipped(random: Random, text: str) -> str:
    """Flip a bit."""
    at = some_place(random, text)
    return put(text, at, chr(ord(text[at]) ^ 1 << random.randrange(7)))


def swapped(random: Random, text: str) -> str:
    """Exchange two characters."""
    one, two = some_place(random, text), some_place(random, text)
    return put(put(text, one, text[two]), two, text[one])


def other_character(random: Random, text: str) -> str:
    """Put another character in place of one, of a hexadecimal digit mostly another."""
    return put(text, some_place(random, text), random.choice(HEX if random.random() < 0.7 else PRINTABLE))


def other_case(random: Random, text: str) -> str:
    """Change upper case to lower, and lower to upper, in a stretch."""
    at, length = some_place(random, text), random.choice((1, 1, 8, 500))
    return put(text, at, text[at : at + length].swapcase(), length)


def inserted(random: Random, text: str) -> str:
    """Put a character in between."""
    return put(text, some_place(random, text), random.choice(PRINTABLE), 0)


def cut(random: Random, text: str) -> str:
    """Take a stretch away, at the end as often as not."""
    at = some_place(random, text)
    return text[:at] if random.random() < 0.5 else put(text, at, "", random.choice((1, 2, 20)))


def without_a_signed_header(random: Random, text: str) -> str:
    """Take a name off the list, or put the list in another order."""
    names = text.partition("SignedHeaders=")[2].partition(",")[0]
    listed = names.split(";")
    return text.replace(names, ";".join(random.sample(listed, random.randint(1, len(listed)))))


def other_signature(random: Random, text: str) -> str:
    """Put a signature in its place that fits another request, half of it, or none."""
    other = random.choice(ORIGINALS).header[-64:]
    spliced = text[-64:-32] + other[32:]
    return text[:-64] + random.choice((other, spliced, text[-64:][::-1], f"{random.getrandbits(256):064x}"))


def other_key(random: Random, text: str) -> str:
    """Name the other signer."""
    one, two = SECRETS
    return text.replace(one, "\0").replace(two, one).replace("\0", two)


def retouched(random: Random, text: str) -> str:
    """Put a letter or digit in place of another, which makes another request of it whatever the text is."""
    at = random.choice([at for at, character in enumerate(text) if character in ALNUM])
    return put(text, at, random.choice(ALNUM.replace(text[at], "")))


def other_method(random: Random, request: SignedRequest) -> SignedRequest:
    """Use another method."""
    return replace(request, method=random.choice([method for method in METHODS if method != request.method]))


def other_path(random: Random, request: SignedRequest) -> SignedRequest:
    """Ask for something else, above, below or beside."""
    path = request.path
    return replace(
        request, path=random.choice((retouched(random, path), f"{path}/x", path[:-1], path.rpartition("/")[0]))
    )


def other_query(random: Random, request: SignedRequest) -> SignedRequest:
    """Change, drop, double or add a parameter."""
    parts = request.query.split("&")
    queries = [f"{request.query}&force=1", "&".join([*parts, parts[0] or "x"])]
    if request.query:
        queries += [retouched(random, request.query), "&".join(parts[1:]), "&".join(parts[:-1])]
    return replace(request, query=random.choice(queries))


def other_header(random: Random, request: SignedRequest) -> SignedRequest:
    """Change or drop a header."""
    name = random.choice(list(request.headers))
    headers = {other: value for other, value in request.headers.items() if other != name}
    kept = {name: retouched(random, request.headers[name])} if random.random() < 0.9 else {}
    return replace(request, headers={**headers, **kept})


def other_date(random: Random, request: SignedRequest) -> SignedRequest:
    """Make it of another time, mostly one that is near enough."""
    date = NOW + timedelta(seconds=random.choice((-1, 1)) * random.randint(1, 1000))
    return replace(request, headers={**request.headers, "x-sdk-date": f"{date:%Y%m%dT%H%M%SZ}"})


def other_body(random: Random, request: SignedRequest) -> SignedRequest:
    """Change the body, and sometimes claim that it has the hash that was signed, or none."""
    body = bytearray(request.body or b"x")
    body[random.randrange(len(body))] ^= 1 << random.randrange(8)
    claims = (hashlib.sha256(request.body).hexdigest(), UNSIGNED_PAYLOAD)
    claim = {"x-sdk-content-sha256": random.choice(claims)} if random.random() < 0.5 else {}
    return replace(request, body=bytes(body), headers={**request.headers, **claim})


ORIGINALS = originals()
OF_HEADERS: list[Callable[[Random, str], str]] = [
    flipped,
    swapped,
    other_character,
    other_case,
    inserted,
    cut,
    without_a_signed_header,
    other_signature,
    other_key,
]
OF_REQUESTS: list[Callable[[Random, SignedRequest], SignedRequest]] = [
    other_method,
    other_path,
    other_query,
    other_header,
    other_date,
    other_body,
]


def mutated(random: Random, sent: Sent) -> Sent:
    """Change one thing."""
    if random.random() < 0.4:
        return replace(sent, request=random.choice(OF_REQUESTS)(random, sent.request))
    return replace(sent, header=random.choice(OF_HEADERS)(random, sent.header))


def is_the_same(one: Sent, two: Sent) -> bool:
    """Tell whether nothing was changed after all, or only the space after a comma."""
    return one.request == two.request and without_space(one.header) == without_space(two.header)


def without_space(header: str) -> str:
    """Take the space after commas away."""
    return re.sub(r",[ \t]+", ",", header)


def test_no_mutated_signature_is_accepted() -> None:
    """Not one of `FUZZ_CASES` ways, and at least every third is refused for its signature, not for its form."""
    random, cases = Random("signatures"), int(os.environ.get("FUZZ_CASES", "20000"))
    accepted, verified, done = [], 0, 0
    while done < cases:
        original = random.choice(ORIGINALS)
        sent = mutated(random, original)
        if is_the_same(original, sent):
            continue
        verdict = is_let_in(sent)
        verified += verdict is not None
        done += 1
        if verdict:
            accepted.append((original, sent))

    assert accepted == []
    assert verified * 3 > cases
    assert all(map(is_let_in, ORIGINALS))
