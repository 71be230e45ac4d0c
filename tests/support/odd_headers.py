"""What may be odd about the method and the headers of a request, each in one way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from asks import JSON, Ask
from raw_asgi import Fields, Sent

METHODS = (
    *("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"),
    *("get", "Get", "post", "UNKNOWN", "M-SEARCH"),
)
CREDENTIALS = (b"authorization", b"cookie", b"x-auth-token", b"api-key")
"""The headers in which some contract takes a credential."""
_LONG = b"a" * 9000
MEDIA_TYPES: Sequence[Sequence[bytes]] = (
    [],
    [b""],
    [b"Application/JSON"],
    [b"APPLICATION/JSON;CHARSET=UTF-8"],
    [b"application/json; charset=utf-8"],
    [b"application/json; charset=latin-1"],
    [b'application/json; charset="utf-8"; x=y'],
    [b"application/json;"],
    [b"application/json ; a"],
    [b"application/json, text/plain"],
    [b"application/json,application/json"],
    [b"application/problem+json"],
    [b"application/vnd.api+json"],
    [b"application/jsonp"],
    [b"application/x-json"],
    [b"text/json"],
    [b"text/plain"],
    [b"application/*"],
    [b"*/*"],
    [b"json"],
    [b"/"],
    [b"multipart/form-data"],
    [b"multipart/form-data; boundary=x"],
    [b"application/x-www-form-urlencoded"],
    [b"application/octet-stream"],
    [b"application/\xefson"],
    [b"application/json; a=\xff"],
    [_LONG],
    [JSON, JSON],
    [JSON, b"text/plain"],
    [b"text/plain", JSON],
)
HEADERS: Mapping[bytes, Sequence[Sequence[bytes]]] = {
    b"content-type": MEDIA_TYPES,
    b"x-request-id": [
        *([], [b""], [b"a" * 128], [b"a" * 129], [b"a b"], [b"\xe9"], [b"a\t"], [b"#.~-_"], [b"a,b"]),
        *([b"a", b"b"], [b"", b"b"], [b"\xff", b"b"]),
    ],
    b"if-match": [
        *([], [b""], [b"*"], [b'"1"'], [b'"2"'], [b'"3"'], [b'"0"'], [b"1"], [b'W/"2"'], [b'"1", "2"'], [b'""']),
        *([b"'2'"], [b'"02"'], [b'"2'], [b'"' + b"9" * 18 + b'"'], [b'"' + b"9" * 19 + b'"'], [b"\xff"], [b"**"]),
        *([b"*", b"*"], [b'"2"', b'"9"'], [b'"9"', b'"2"'], [b'"\xb2"'], [_LONG]),
    ],
    b"accept": [
        *(
            [b""],
            [b"*/*"],
            [b"*"],
            [b"application/*"],
            [b"APPLICATION/JSON"],
            [b"text/html"],
            [b"text/html, */*;q=0.1"],
        ),
        *(
            [b"application/json;q=0"],
            [b"*/*;q=0, application/json"],
            [b"application/json;q=0.0, */*"],
            [b","],
            [b"\xff"],
        ),
        *([b"text/html", JSON], [JSON, b"text/html"], [b"text/html, text/plain;q=0.5"], [_LONG]),
    ],
    b"accept-encoding": [
        *(
            [b"gzip"],
            [b"GZIP"],
            [b"gzip;q=0"],
            [b"gzip;q=1"],
            [b"*"],
            [b"br, gzip "],
            [b"deflate"],
            [b""],
            [b"identity"],
        ),
        *([b"deflate", b"gzip"], [b"gzip", b"deflate"]),
    ],
    b"host": [
        *(
            [],
            [b""],
            [b"jobs.example:80"],
            [b"jobs.example:8080"],
            [b"jobs.example:443"],
            [b"[::1]:80"],
            [b"JOBS.example"],
        ),
        *([b"a b"], [b"\xe9.example"], [b"a/b?c#d"], [b"<a>"], [b"a", b"b"], [b"x" * 300]),
        *(
            [b"x" * 3000],
            [b'a"b'],
            [b"a\\b"],
            [b"a%zz"],
            [b"%(id)b"],
            [b"a'b&c"],
            [b"a:b"],
            [b"a@b"],
            [b"jobs.example:80:80"],
        ),
    ],
    b"x-project-id": [[], [b""], [b"*"], [b"0f3c1b2a4d5e46f78190a1b2c3d4e5f6"], [b"\xff"], [b"a", b"b"]],
    b"x-security-token": [[b""], [b"security-token"], [b"\xff"]],
    b"x-custom-psk": [[b""], [b"\xff"]],
    b"sec-fetch-site": [[b"cross-site"], [b"same-origin"], [b"CROSS-SITE"], [b"same-site", b"cross-site"]],
    b"origin": [[b"https://elsewhere.example"], [b"null"]],
    b"cookie": [
        [b""],
        [b";;"],
        [b"a"],
        [b"=a"],
        [b"a=b"],
        [b"\xff=\xfe"],
        [b'mojolicious="'],
        [b"mojolicious", b"a=b"],
    ],
    b"transfer-encoding": [[b"chunked"]],
    b"content-length": [[b"0"], [b"999999999"], [b"-1"], [b"a"], [b"1", b"2"]],
    b"content-encoding": [[b"gzip"]],
    b"x-http-method-override": [[b"DELETE"]],
    b"x-forwarded-host": [[b"elsewhere.example"]],
    b"x-forwarded-proto": [[b"https"]],
    b"expect": [[b"100-continue"]],
    b"if-none-match": [[b'"2"'], [b"*"]],
    b"range": [[b"bytes=0-1"]],
    b"if_match": [[b'"9"']],
    b"x_auth_token": [[b"token-of-everything"]],
}
"""By header, what may be sent in it, once or more; nothing means that it is not sent."""


def odd_headers(ask: Ask) -> Iterator[tuple[str, Ask]]:
    """Give a request with each oddity of its method or its headers, and what that is called."""
    for method in METHODS:
        yield f"method {method}", replace(ask, method=method)
    for name, choices in HEADERS.items():
        for place, values in enumerate(choices):
            yield f"header {name.decode()} {place}", replace(ask, headers=with_header(ask.headers, name, values))


def odd_credentials(sent: Sent) -> Iterator[tuple[str, Sent]]:
    """Give a request with each oddity in how its credentials are written, and what that is called."""
    for name in CREDENTIALS:
        for value in [value for key, value in sent.headers if key == name][:1]:
            for what, values in _rewritten(value).items():
                headers = with_header(sent.headers, name, values)
                yield f"{name.decode()}, {what}", replace(sent, headers=headers)
    reversed_ = tuple(reversed(sent.headers))
    yield "headers in another order", replace(sent, headers=reversed_)


def with_header(headers: Fields, name: bytes, values: Sequence[bytes]) -> Fields:
    """Give headers with these values of one, and no others of it."""
    others = tuple(pair for pair in headers if pair[0] != name)
    return (*others, *((name, value) for value in values))


def _rewritten(value: bytes) -> Mapping[str, Sequence[bytes]]:
    head, _, tail = value.partition(b" ")
    parts = value.split(b"; ")
    return {
        "missing": [],
        "empty": [b""],
        "twice": [value, value],
        "a wrong one after it": [value, b"Bearer wrong"],
        "a wrong one before it": [b"Bearer wrong", value],
        "an empty one before it": [b"", value],
        "joined": [value + b", " + value],
        "joined as cookies": [value + b"; " + value],
        "apart": [*parts, b"other=1"],
        "without spaces": [value.replace(b" ", b"")],
        "more spaces": [value.replace(b" ", b"   ")],
        "kind in capitals": [head.upper() + b" " + tail],
        "kind in small letters": [head.lower() + b" " + tail],
        "only the kind": [head],
        "all in capitals": [value.upper()],
        "quoted": [b'"' + value + b'"'],
        "name quoted": [value.replace(b"=", b' = "', 1) + b'"'],
        "one letter less": [value[:-1]],
        "one letter more": [value + b"A"],
        "not ASCII": [value + b"\xff"],
        "not ASCII before it": [b"\xe9" + value],
        "long": [value + _LONG],
    }
