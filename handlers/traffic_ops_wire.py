"""What every answer of Traffic Ops has: its headers, its way of writing JSON, its compression.

Source: what shipped servers were seen to send.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from jobstatus.answer import Answer, Request

from .wire import dumps

_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_COMMON_HEADERS = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Headers": "Origin, X-Requested-With, Content-Type, Accept, Set-Cookie, Cookie",
    "Access-Control-Allow-Methods": "POST,GET,OPTIONS,PUT,DELETE",
    "Access-Control-Allow-Origin": "*",
    "Permissions-Policy": "interest-cohort=()",
    "Vary": "Accept-Encoding",
    "X-Server-Name": f"traffic_ops_golang/{version('jobstatus')}",
}


def complete(answer: Answer, request: Request) -> Answer:
    """Add the headers of every answer on a path that there is; others go out bare."""
    if request.operation is None:
        return answer
    return replace(answer, headers={**answer.headers, **_COMMON_HEADERS})


def encode(body: Any) -> bytes:
    """Write JSON as Go does: what HTML gives a meaning is escaped, and a line ends it."""
    text = dumps(body).decode("utf-8")
    return re.sub("[<>&\u2028\u2029]", lambda match: _HTML[match[0]], text).encode("utf-8") + b"\n"


def finish(body: bytes, request: Request) -> tuple[bytes, Mapping[str, str]]:
    """Tell the SHA-512 of the body, and compress it for who asks for exactly that. Bare answers have neither."""
    if request.operation is None:
        return body, {}
    digest = base64.b64encode(hashlib.sha512(body).digest()).decode("ascii")
    headers = {"Whole-Content-Sha512": digest}
    if not _wants_gzip(request):
        return body, headers
    return gzip.compress(body, mtime=0), {**headers, "Content-Encoding": "gzip"}


def variant(request: Request) -> bool:
    """Tell whether the body is to be compressed."""
    return _wants_gzip(request)


def _wants_gzip(request: Request) -> bool:
    """Look for the bare word: one with a weight, or `*`, does not count to the real server."""
    asked = request.headers.get("accept-encoding", "").split(",")
    return any(item.strip().lower() == "gzip" for item in asked)
