"""How records are written in Redis, exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from jobstatus.credential import Credential, Kind
from jobstatus.job import Event, Failure, FailureKind, Job, Link, Result, Status, Tombstone

from .redis_keys import entries

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def written(record: Job | Tombstone) -> str:
    """Write a record: the line that scripts read, and the record."""
    kind, version, work = ("J", record.version, record.work) if isinstance(record, Job) else ("T", 0, None)
    line = _json([kind, str(version), work, *entries(record)], ensure_ascii=False)  # Lua's reader knows no halves
    return f"{line}\n{_json(record)}"


def read(raw: bytes) -> Job | Tombstone:
    """Read a record."""
    line, _, body = raw.partition(b"\n")
    kept = json.loads(body)
    return _job(kept) if line.startswith(b'["J"') else Tombstone(**_timed(kept, "at"))


def written_event(event: Event) -> str:
    """Write an entry of a timeline."""
    return _json(event)


def read_event(raw: bytes) -> Event:
    """Read an entry of a timeline."""
    kept = json.loads(raw)
    return Event(**_timed(kept, "at") | {"status": Status(kept["status"])})


def written_credential(credential: Credential) -> str:
    """Write a credential."""
    return _json(credential)


def read_credential(raw: bytes) -> Credential:
    """Read a credential."""
    kept = _timed(json.loads(raw), "created_at", "expires_at", "revoked_at")
    words = {name: frozenset(kept[name]) for name in ("permissions", "roles")}
    return Credential(**kept | words | {"digest": bytes.fromhex(kept["digest"]), "kind": Kind(kept["kind"])})


def _job(kept: dict[str, Any]) -> Job:
    kept = _timed(kept, "created_at", "updated_at", "eta", "started_at", "ended_at", "expires_at", "lease_until")
    return Job(
        **kept
        | {
            "status": Status(kept["status"]),
            "result": kept["result"] and _result(kept["result"]),
            "error": kept["error"] and _failure(kept["error"]),
        }
    )


def _result(kept: dict[str, Any]) -> Result:
    return Result(**kept | {"links": tuple(Link(**link) for link in kept["links"])})


def _failure(kept: dict[str, Any]) -> Failure:
    return Failure(**kept | {"kind": FailureKind(kept["kind"]), "invalid": tuple(kept["invalid"])})


def _timed(kept: dict[str, Any], *names: str) -> dict[str, Any]:
    return kept | {name: _EPOCH + kept[name] * _MICROSECOND for name in names if kept[name] is not None}


def _json(value: Any, *, ensure_ascii: bool = True) -> str:
    return json.dumps(value, default=_plain, separators=(",", ":"), ensure_ascii=ensure_ascii)


def _plain(value: Any) -> Any:
    """Make something of a value that JSON has."""
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    return {field.name: getattr(value, field.name) for field in fields(value)}
