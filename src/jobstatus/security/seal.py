"""Statements that this server signs and later believes: sessions and tokens that nothing is kept of.

The form is that of the Traffic Ops session cookie, base64url of JSON, `--`, and a signature in hexadecimal digits; the
signature is an HMAC-SHA256. Clients take it as opaque.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from jobstatus.errors import Cause, Unauthenticated


class Seal:
    """Signs for one purpose: what is sealed for another is not believed."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key = hmac.digest(key, purpose.encode(), "sha256")

    @property
    def key(self) -> bytes:
        """Give the purpose's own key, for statements in another form."""
        return self._key

    def seal(self, statement: Mapping[str, Any]) -> str:
        """Sign a statement."""
        text = json.dumps(statement, separators=(",", ":"))
        body = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        return f"{body}--{self._sign(body).hex()}"

    def open(self, sealed: str) -> dict[str, Any]:
        """Give back a statement that was sealed here.

        Raises:
            Unauthenticated: it is no sealed statement, or another's.
        """
        if "-" not in sealed:
            raise Unauthenticated(Cause.MALFORMED, sealed)
        body, _, signature = sealed.rpartition("--")
        text, signed = _decoded(body), _unhex(signature)
        if not hmac.compare_digest(self._sign(body), signed):
            raise Unauthenticated(Cause.BAD_SIGNATURE)
        return _statement(text)

    def _sign(self, body: str) -> bytes:
        return hmac.digest(self._key, body.encode("utf-8", "surrogateescape"), hashlib.sha256)


def _unhex(signature: str) -> bytes:
    """Read a signature; only one spelling of it is taken."""
    try:
        read = bytes.fromhex(signature)
    except ValueError:
        raise Unauthenticated(Cause.UNREADABLE) from None
    if read.hex() != signature:
        raise Unauthenticated(Cause.UNREADABLE)
    return read


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), b"-_", validate=True)
    except ValueError:
        raise Unauthenticated(Cause.UNREADABLE) from None


def _statement(text: bytes) -> dict[str, Any]:
    statement = json.loads(text)
    if not isinstance(statement, dict):
        raise Unauthenticated(Cause.UNREADABLE)
    return statement
