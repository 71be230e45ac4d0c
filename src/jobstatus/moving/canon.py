"""Records as text that is the same for what is the same, whatever store it was read from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import fields
from datetime import datetime
from typing import Any

from jobstatus.credential import Credential
from jobstatus.job import Event, Failure, Job, Link, Result, Tombstone
from jobstatus.storage import Kept

_FIELDS = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (Kept, Job, Event, Tombstone, Result, Link, Failure, Credential)
}


def canonical(record: Kept | Credential) -> bytes:
    """Write a record as one line of JSON with its keys in order."""
    text = json.dumps(record, default=_plain, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def _plain(value: Any) -> Any:
    if names := _FIELDS.get(type(value)):
        plain = {name: getattr(value, name) for name in names}
        if isinstance(value, Job | Event) and value.progress is not None:
            plain["progress"] = float(value.progress)  # some stores keep 50 as it is, others as 50.0
        return plain
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return _plain_collection(value)


def _plain_collection(value: Any) -> Any:
    if isinstance(value, Set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a record holds {type(value).__name__}, which cannot be written down")
