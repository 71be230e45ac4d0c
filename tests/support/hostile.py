"""Requests that nobody who reads the spec would send: any bytes that HTTP lets through, near the spec's own paths."""

from __future__ import annotations

import re
from urllib.parse import quote

from asks import HOST
from callers import token
from hypothesis import strategies as st
from odd_headers import HEADERS, METHODS
from odd_targets import SPELLINGS
from raw_asgi import Fields, Sent
from showing import SPEC, project_token, session
from world import LIVES, word

from jobstatus.console import owns
from jobstatus.contract.spec import Operation

_IN_PATH = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "?#")
_FIELD_BYTES = bytes([0x09, *range(0x20, 0x7F), *range(0x80, 0x100)])
_TOKENS = st.from_regex(r"[a-z0-9!#$&'*+.^_`|~-]{1,20}", fullmatch=True).map(str.encode)
_KNOWN: Fields = (
    (b"authorization", f"Bearer {token('everything')}".encode()),
    (b"authorization", f"Bearer {token('deployed')}".encode()),
    (b"x-auth-token", token("everything").encode()),
    (b"x-auth-token", project_token("everything").encode()),
    (b"cookie", f"mojolicious={session('everything')}; authorization={token('everything')}".encode()),
    (b"api-key", token("key").encode()),
    (b"content-type", b"application/json"),
    (b"accept-encoding", b"gzip"),
    (b"x-request-id", b"hostile-1"),
)


def _bytes(alphabet: bytes, longest: int) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(list(alphabet)), max_size=longest).map(bytes)


def _segments() -> st.SearchStrategy[bytes]:
    """Draw what may stand between two slashes, from what the spec has and from anything."""
    written = {part for path in SPEC.raw["paths"] for part in path.split("/") if "{" not in part}
    versions = {"3.0", "3.1", "4.0", "4.1", "5.0", "4", "9.9", "4.0.1", "v3", "v1", "v2.0"}
    ids = [word(name, way) for name in LIVES for way in range(3)]
    known = st.sampled_from([*sorted(written | versions), *ids]).map(str.encode)
    spelt = st.builds(lambda text, spell: spell(text), known, st.sampled_from(list(SPELLINGS.values())))
    anything = st.text(_IN_PATH, max_size=12).map(str.encode)
    encoded = st.text(max_size=6).map(lambda text: quote(text.encode("utf-8", "surrogatepass"), safe="").encode())
    raw = st.binary(max_size=4).map(lambda value: quote(value, safe="").encode())
    return st.one_of(known, known, known, spelt, anything, encoded, raw)


def _paths(operation: Operation) -> st.SearchStrategy[bytes]:
    """Draw a path that begins as the operation's does, for some of its way."""
    parts = [part.encode() for part in operation.path.split("/")[1:]]
    begun = st.integers(0, len(parts)).map(lambda count: [b"" if b"{" in part else part for part in parts[:count]])
    drawn = st.builds(
        lambda first, rest, end: b"/" + b"/".join([*first, *rest]) + end,
        begun,
        st.lists(_segments(), max_size=4),
        st.sampled_from([b"", b"", b"/", b"//", b"%0A", b"%2F", b"/.", b"/.."]),
    )
    return drawn.filter(lambda path: not owns(_decoded(path)))


def _decoded(path: bytes) -> str:
    path_: str = Sent("GET", path).scope()["path"]
    return path_


def _queries(operation: Operation) -> st.SearchStrategy[bytes]:
    names = [node["name"].encode() for node in operation.parameters if node["in"] == "query"] or [b"a"]
    piece = st.sampled_from([*names, b"=", b"&", b"&", b"=", b"[", b"]", b"%5B", b"[]", b";", b"+", b"%", b"%00", b","])
    anything = _bytes(bytes(code for code in range(0x21, 0x100) if code != 0x23), 10)
    return st.lists(piece | anything, max_size=8).map(b"".join)


def _headers() -> st.SearchStrategy[Fields]:
    odd = [(name, value) for name, choices in HEADERS.items() for values in choices for value in values]
    anything = st.tuples(_TOKENS, _bytes(_FIELD_BYTES, 20).map(bytes.strip))
    known = st.sampled_from(_KNOWN)
    fields = st.lists(st.one_of(known, known, st.sampled_from(odd), anything), max_size=8)
    return st.builds(lambda first, rest: (*first, *rest), st.sampled_from([(), (HOST,), (HOST,)]), fields)


def hostile_requests(operation: Operation) -> st.SearchStrategy[Sent]:
    """Draw requests whose paths begin as an operation's does."""
    bodies = st.one_of(st.just(b""), st.just(b"{}"), st.binary(max_size=40), st.text(max_size=20).map(_as_json))
    methods = st.one_of(
        st.just(operation.method), st.sampled_from(METHODS), st.from_regex(r"[A-Z]{1,8}", fullmatch=True)
    )
    return st.builds(
        Sent,
        method=methods,
        path=_paths(operation),
        query=_queries(operation),
        headers=_headers(),
        chunks=st.lists(bodies, min_size=1, max_size=3).map(tuple),
        complete=st.sampled_from([True] * 9 + [False]),
    )


def _as_json(text: str) -> bytes:
    return b'{"type": "%s"}' % re.sub(rb'["\\\x00-\x1f]', b"", text.encode("utf-8", "replace"))
