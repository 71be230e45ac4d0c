"""How each contract spells a job's id.

A job has one id, opaque and URL-safe. One that is a UUID is kept in its canonical form, 36 lower-case characters, so
that the same UUID in any spelling is the same job. Contracts with another form derive it and read it back.
"""

from __future__ import annotations

import hashlib
import json
import re
from itertools import count
from uuid import UUID, uuid4

from uuid6 import uuid7

from jobstatus.job import Job

_process = str(uuid4())[:24]
_requests = count(1)
PATTERN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UUID = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")


def new_id() -> str:
    """Make a UUIDv7 (RFC 9562), so that ids sort by the time of their making."""
    return str(uuid7())


def new_request_id() -> str:
    """Make a UUID: a random one that is this process's, whose last 48 bits count the requests."""
    return f"{_process}{next(_requests) & 0xFFFFFFFFFFFF:012x}"


def canonical(id: str) -> str:
    """Give the one form of *id* under which its job is kept."""
    if _CANONICAL.fullmatch(id) or not _UUID.fullmatch(id):
        return id
    return str(UUID(id))


def is_uuid(id: str) -> bool:
    """Tell whether *id* is a UUID, with or without dashes."""
    return _UUID.fullmatch(id) is not None


def hex32(job: Job) -> str:
    """Spell the id as 32 hexadecimal digits where it is a UUID, else as it is."""
    return job.id.replace("-", "") if is_uuid(job.id) else job.id


def object_id(job: Job) -> str:
    """Spell the id as 24 hexadecimal digits where it is a UUID, else as it is.

    The first 8 digits are the second of creation, as in a MongoDB ObjectId; the other 16 are the job's number.
    """
    if not is_uuid(job.id):
        return job.id
    return f"{int(job.created_at.timestamp()) & 0xFFFFFFFF:08x}{job.number:016x}"


def object_number(id: str) -> int | None:
    """Read the job's number back from what `object_id` made, if *id* has that form."""
    if not _OBJECT_ID.fullmatch(id):
        return None
    number = int(id[8:], 16)
    return number if 0 < number < 2**63 else None


def of_work(tenant: str, type: str, work: str) -> str:
    """Name the work of a job: the SHA-256 of whose it is, of which kind, and what."""
    return hashlib.sha256(json.dumps([tenant, type, work]).encode()).hexdigest()
