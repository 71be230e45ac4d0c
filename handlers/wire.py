"""What contracts without an envelope have in common, and how JSON is written."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from jobstatus.answer import Answer, Request
from jobstatus.ids import new_request_id

RETRY_AFTER = "5"
"""Seconds after which a client may ask a store that failed once more."""


def request_id() -> str:
    """Make a UUID."""
    return new_request_id()


def divert(request: Request) -> Answer | None:
    """Answer nothing before its path is looked for."""
    return None


def admit(request: Request) -> None:
    """Refuse nothing beyond what the spec does."""


def complete(answer: Answer, request: Request) -> Answer:
    """Name the request that is answered."""
    return replace(answer, headers={**answer.headers, "X-Request-Id": request.id})


def encode(body: Any) -> bytes:
    """Write plain JSON."""
    return dumps(body)


def variant(request: Request) -> Hashable:
    """Answer every request in one form."""
    return None


def finish(body: bytes, request: Request) -> tuple[bytes, Mapping[str, str]]:
    """Send the body as it is."""
    return body, {}


def dumps(body: Any, *, sort: bool = False) -> bytes:
    """Write *body* compactly, as UTF-8; its names in order if *sort* is set."""
    try:
        return orjson.dumps(body, option=orjson.OPT_SORT_KEYS if sort else None)
    except orjson.JSONEncodeError:
        # The fast writer knows no integers beyond 64 bits; a producer may have reported some.
        return json.dumps(body, sort_keys=sort, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
