"""Where a list goes on: a number, opaque to whoever carries it back."""

from __future__ import annotations

import base64
import binascii

from jobstatus.errors import BadRequest


def written(number: int) -> str:
    """Write a number below 2^63 as 11 letters, digits, dashes and underscores."""
    return base64.urlsafe_b64encode(number.to_bytes(8, "big")).rstrip(b"=").decode("ascii")


def read(text: str, location: str, field: str) -> int:
    """Read what `written` has written. Raises `BadRequest`, which names the field."""
    try:
        raw = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    number = int.from_bytes(raw, "big")
    if len(raw) != 8 or not 0 < number < 2**63:
        raise BadRequest.of(location, field, "pattern", "is nothing that this server gave")
    return number
