"""What may be odd about the body of a request and how it comes, each in one way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from asks import JSON, Ask
from odd_headers import with_header
from raw_asgi import Sent
from schema_values import spoilt

LIMIT = 20_000
"""How long a body the servers take."""
_VALUE = re.compile(rb':\s*(?:"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null)')
WORDS = (
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1E400", b"01", b"1.", b".5", b"+1", b"0x10", b"1_0"),
    *(b"-0", b"1.0", b"1e0", b"1E+2", b"0.1e1", b"9" * 400, b"9" * 5000, b"1e-400", b"True", b"None", b"tru", b"'a'"),
    *(rb'"\ud800"', rb'"\udc00\ud800"', rb'"\ud83d\ude00"', rb'"\u0000"', rb'"\x41"', b'"\x00"', b'"\t"', b'"\x7f"'),
    *(b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\xf4\x90\x80\x80"', b'"\xe2\x80\xa8"', b'"a', b"", b"undefined"),
    *(b"[" * 99 + b"]" * 99, b"[" * 101 + b"]" * 101, b"[" * 9000, b'{"a":' * 99 + b"1" + b"}" * 99, b"[1,]", b"{,}"),
)
"""What may stand in a body in place of a value, JSON or not."""


def odd_bodies(ask: Ask) -> Iterator[tuple[str, Ask]]:
    """Give a request with each oddity of how its body is written, and what that is called."""
    if ask.body is None:
        for name, (media_type, body) in _WHERE_THERE_IS_NONE.items():
            headers = with_header(ask.headers, b"content-type", [media_type])
            yield f"body, {name}", replace(ask, headers=headers, body=body)
        return
    for name, body in _rewritten(ask.body).items():
        yield f"body, {name}", replace(ask, body=body)
    for place, word in enumerate(WORDS):
        found = [*_VALUE.finditer(ask.body)]
        for which in (0, -1) if found else ():
            yield f"word {place} at {which}", replace(ask, body=_put(ask.body, found[which], word))
        yield f"nothing but word {place}", replace(ask, body=word)


_WHERE_THERE_IS_NONE: Mapping[str, tuple[bytes, bytes]] = {
    "an object": (JSON, b"{}"),
    "half an object": (JSON, b"{"),
    "empty": (JSON, b""),
    "a broken form": (b"multipart/form-data; boundary=x", b"--y"),
    "a form": (b"application/x-www-form-urlencoded", b"a=1&b=%ff"),
    "bytes": (b"application/octet-stream", b"\xff\x00"),
    "too long": (JSON, b"1" * (LIMIT + 1)),
}


def _put(body: bytes, found: re.Match[bytes], word: bytes) -> bytes:
    return body[: found.start()] + b":" + word + body[found.end() :]


def _rewritten(body: bytes) -> Mapping[str, bytes]:
    return {
        "empty": b"",
        "spaces": b"  ",
        "null": b"null",
        "array": b"[" + body + b"]",
        "empty object": b"{}",
        "text": json.dumps(body.decode("utf-8", "replace")).encode(),
        "without its end": body[:-1],
        "without its beginning": body[1:],
        "half": body[: len(body) // 2],
        "more after it": body + b"x",
        "a brace after it": body + b"}",
        "twice": body + body,
        "on two lines": body + b"\n" + body,
        "space around it": b" \t\r\n" + body + b"\n\n ",
        "a form feed before it": b"\x0c" + body,
        "no-break space after it": body + b"\xc2\xa0",
        "zero after it": body + b"\x00",
        "byte order mark": b"\xef\xbb\xbf" + body,
        "UTF-16": body.decode("utf-8", "replace").encode("utf-16"),
        "UTF-16 without a mark": body.decode("utf-8", "replace").encode("utf-16-le"),
        "UTF-32": body.decode("utf-8", "replace").encode("utf-32"),
        "not UTF-8": body.replace(b'"', b'"\xff', 1),
        "not UTF-8 at its end": body + b"\xff",
        "half a character": body + b"\xc3",
        "name twice": re.sub(rb'^\{\s*("[^"]*":)', rb"{\1 1, \1", body),
        "name twice, escaped": re.sub(rb'^\{\s*"(.)([^"]*":)', _escaped_twice, body),
        "name escaped": re.sub(rb'^\{\s*"(.)([^"]*":)', _escaped, body),
        "names quoted singly": body.replace(b'"', b"'"),
        "slashes escaped": body.replace(b"/", rb"\/"),
        "comments": b"/* a */" + body,
        "comma at the end": body[:-1] + b",}",
        "__proto__": body[:-1] + b',"__proto__":{}}',
        "as long as can be": body + b" " * (LIMIT - len(body)),
        "too long": body + b" " * (LIMIT - len(body) + 1),
        "much too long": body + b" " * (3 * LIMIT),
        "a form": b"u=a&p=b",
        "a multipart form": b'--x\r\nContent-Disposition: form-data; name="u"\r\n\r\na\r\n--x--\r\n',
    }


def _escaped(found: re.Match[bytes]) -> bytes:
    return b'{"\\u%04x%s' % (found[1][0], found[2])


def _escaped_twice(found: re.Match[bytes]) -> bytes:
    return b'%s1,"%s%s' % (_escaped(found), found[1], found[2])


def spoilt_bodies(ask: Ask) -> Iterator[tuple[str, Ask]]:
    """Give a request in whose body one thing is wrong, or nearly, and which of the many that is."""
    try:
        body = json.loads(ask.body or b"")
    except (ValueError, RecursionError):  # it is odd already
        return
    for number, value in enumerate(spoilt(body)):
        yield f"value {number}", replace(ask, body=json.dumps(value).encode())


def odd_framing(sent: Sent) -> Iterator[tuple[str, Sent]]:
    """Give a request whose body comes in each other way, and what that is called."""
    whole = b"".join(sent.chunks)
    bare = with_header(sent.headers, b"content-length", [])
    chunked = with_header(bare, b"transfer-encoding", [b"chunked"])
    cuts = {
        "halves": (whole[: len(whole) // 2], whole[len(whole) // 2 :]),
        "bytes": (*(bytes([byte]) for byte in whole[:300]), whole[300:]),
        "empty chunks": (b"", whole[:1], b"", whole[1:], b""),
        "one chunk": (whole,),
    }
    for name, chunks in cuts.items():
        yield f"chunked, {name}", replace(sent, headers=chunked, chunks=chunks)
    yield "no length", replace(sent, headers=bare)
    yield "length of none", replace(sent, headers=with_header(bare, b"content-length", [b"0"]), chunks=(b"",))
    yield "gone before it", replace(sent, chunks=(), complete=False)
    yield "gone within it", replace(sent, chunks=(whole[:3],), complete=False)
    yield "gone at its end", replace(sent, chunks=(whole,), complete=False)
