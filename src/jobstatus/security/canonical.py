"""The one form into which `SDK-HMAC-SHA256` brings a request before it is hashed and signed.

Spellings of the same request have the same form: a path with and without a slash at its end, `%2F` and a slash, `+` and
`%20` in a query, `a` and `a=`, parameters in any order. Two things differ in the scoped scheme: how parameters are
sorted, and that white space within the value of a header does not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

CONTENT_HEADER = "x-sdk-content-sha256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
"""What a signer says of a body that it does not sign: one that is neither JSON nor BSON."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What of a request can be signed, each text with one Latin-1 character for each byte, as ASGI servers give it.

    *path* is as it came, percent-encoded; *query* has no question mark; the names of *headers* are in lower case. A
    header that was sent more than once is one value, joined with commas: that is how it has to be signed.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


def canonical_request(request: SignedRequest, signed_headers: Iterable[str], *, scoped: bool) -> bytes:
    """Write the form of a request. Raises `KeyError` if one of the signed headers is not in it."""
    names = tuple(signed_headers)
    lines = [request.method, _path(request.path), _query(request.query, scoped)]
    headers = _headers(request.headers, names, scoped)
    return b"\n".join([*map(octets, lines), *headers, b"", octets(";".join(names)), octets(_content_hash(request))])


def octets(text: str) -> bytes:
    """Give the bytes that were sent. Characters that Latin-1 has not cannot have been, but must do no harm."""
    return text.encode("latin-1", "backslashreplace")


def _path(path: str) -> str:
    """Decode and encode again: a byte stands for itself, in UTF-8 or not, and so does a `%` that begins no escape."""
    encoded = quote(unquote_to_bytes(octets(path)), safe="/")
    return encoded if encoded.endswith("/") else f"{encoded}/"


def _query(query: str, scoped: bool) -> str:
    """Sort by name, then value. A `+` is a space: no signer sends one as anything else, and a plus sign is `%2B`.

    The scoped scheme sorts names without regard to case, after they are encoded. Its signers leave open how names that
    differ in nothing else follow each other; here, as in the unscoped one.
    """
    parts = (part.partition(b"=") for part in octets(query).replace(b"+", b" ").split(b"&") if part)
    decoded = sorted((unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in parts)
    pairs = [(quote(name, safe=""), quote(value, safe="")) for name, value in decoded]
    if scoped:
        pairs.sort(key=lambda pair: pair[0].lower())
    return "&".join(f"{name}={value}" for name, value in pairs)


def _headers(headers: Mapping[str, str], names: Iterable[str], scoped: bool) -> Iterator[bytes]:
    for name in names:
        value = octets(headers[name])
        yield octets(name) + b":" + (b" ".join(value.split()) if scoped else value.strip())


def _content_hash(request: SignedRequest) -> str:
    """Give the hash of the body, or the signer's word that the body is not signed.

    A hash that comes along counts only if it is the body's own: its header need not be a signed one, so that with the
    hash of the body that was signed in it, any other could take that body's place.
    """
    digest = hashlib.sha256(request.body).hexdigest()
    claim = request.headers.get(CONTENT_HEADER, "").strip()
    return claim if request.body and (claim == UNSIGNED_PAYLOAD or claim.lower() == digest) else digest
