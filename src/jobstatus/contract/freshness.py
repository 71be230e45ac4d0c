"""Entity tags and what may be kept (RFC 9110, section 8.8.3; RFC 9111): so that who has an answer gets it no more.

A tag is weak: it follows from the contract, the profile and the version of the record, not from the bytes, in which
each request is named.
"""

from __future__ import annotations

import re

from jobstatus.answer import Gathered, Lasting
from jobstatus.contract.exchange import Exchange
from jobstatus.job import Job

CHANGING = "private, no-cache"
"""Kept by the client alone, and asked about before it is used again."""
ENDED = "private, max-age=60"
"""An ended job does not change, but it can be deleted, and a credential revoked: a minute is what that may lag."""
_TAGS = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def tag(exchange: Exchange, told: Job | Lasting | Gathered) -> str:
    """Give the entity tag of an answer."""
    kind = f"{exchange.known_operation.contract}-{exchange.profile}"
    match told:
        case Gathered():
            return f'W/"{kind}-{told.tag}"'
        case Lasting(job=job, edition=edition) if edition:
            return f'W/"{kind}-{job.version}-{edition}"'
        case Lasting(job=job):
            return f'W/"{kind}-{job.version}"'
        case _:
            return f'W/"{kind}-{told.version}"'


def headers(exchange: Exchange, told: Lasting | Gathered) -> dict[str, str]:
    """Give what tells a client how long an answer is good, and for whom."""
    ended = isinstance(told, Lasting) and told.job.terminal
    return {
        "ETag": tag(exchange, told),
        "Cache-Control": ENDED if ended else CHANGING,
        "Vary": exchange.known_operation.vary,
    }


def held(exchange: Exchange, told: Lasting | Gathered) -> bool:
    """Tell whether the client has this answer already, by `If-None-Match`.

    That counts only where the answer would be a success: a redirection is told anew (RFC 9110, section 13.2.1).
    """
    asked = exchange.sent.get(b"if-none-match")
    if asked is None or (isinstance(told, Lasting) and told.status >= 300):
        return False
    return asked.strip() == b"*" or _opaque(tag(exchange, told)) in map(_opaque, _named(exchange))


def _named(exchange: Exchange) -> list[str]:
    """Read all entity tags that are sent, on however many lines."""
    lines = [value.decode("latin-1") for name, value in exchange.scope["headers"] if name == b"if-none-match"]
    return _TAGS.findall(", ".join(lines))


def _opaque(tag: str) -> str:
    """Leave out whether a tag is weak, which makes no difference here (RFC 9110, section 13.1.2)."""
    return tag.removeprefix("W/")
