"""Writing JSON."""

from __future__ import annotations

import json
from typing import Any

import orjson


def dumps(body: Any, *, sort: bool = False) -> bytes:
    """Write *body* compactly, as UTF-8; its names in order if *sort* is set."""
    try:
        return orjson.dumps(body, option=orjson.OPT_SORT_KEYS if sort else None)
    except orjson.JSONEncodeError:
        # The fast writer knows no integers beyond 64 bits; a producer may have reported some.
        return json.dumps(body, sort_keys=sort, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
