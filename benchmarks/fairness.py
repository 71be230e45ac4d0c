"""What every peer must do before it is measured: the same answer for the same job, and the same refusals."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.seed import LIVES, Seeded
from benchmarks.serving import Asker, Server, asking
from jobstatus.ids import new_id
from jobstatus.job import Job

Refusal = tuple[str, str, str | None, tuple[int, ...]]
"""What is asked for, in words; its path; the token that is shown; the statuses that refuse it."""
COMPARED = ("id", "status", "version", "progress")


class Unfair(Exception):
    """A peer that does something else, or less."""


def check(server: Server, seeded: Seeded) -> None:
    """Ask a server for a job of every kind, and for what it must refuse. Raises `Unfair`."""
    with asking(server.port) as asker:
        for job in seeded.jobs[: len(LIVES)]:
            _expect(server, f"of the job {job.id}", _shown(asker, job, seeded), _told(job))
        for what, path, token, allowed in _refusals(server, seeded):
            status = asker.get(path, token).status
            if status not in allowed:
                raise Unfair(f"{server.name} answers {status} to {what}, not {' or '.join(map(str, allowed))}")


def _shown(asker: Asker, job: Job, seeded: Seeded) -> dict[str, Any]:
    reply = asker.get(f"/jobs/{job.id}", seeded.token)
    body = json.loads(reply.body)
    return {"http_status": reply.status, **{name: body.get(name) for name in COMPARED}}


def _told(job: Job) -> dict[str, Any]:
    return {"http_status": 200, **{name: getattr(job, name) for name in COMPARED}}


def _expect(server: Server, what: str, found: dict[str, Any], expected: dict[str, Any]) -> None:
    if found != expected:
        raise Unfair(f"{server.name} tells {found} {what}, not {expected}")


def _refusals(server: Server, seeded: Seeded) -> list[Refusal]:
    known, unknown = seeded.paths[0], f"/jobs/{new_id()}"
    missing: list[Refusal] = [("a job that is not there", unknown, seeded.token, (404,))]
    if server.name == "bare":
        return missing
    return [
        *missing,
        ("no credential", known, None, (401, 403)),
        ("an unknown credential", known, "x" * 43, (401,)),
        ("a credential without the scope", known, seeded.writer, (403,)),
        ("another tenant's credential", known, seeded.stranger, (404,)),
        ("an id of the wrong form", "/jobs/a%20b", seeded.token, (400, 404, 422)),
    ]
