"""The native contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jobstatus.conformance.poll import Poll
from jobstatus.conformance.row import Row, Who
from jobstatus.conformance.target import State
from jobstatus.conformance.told import PRESENT, Told

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"
MEDIA = "application/problem+json"


def problem(status: int, name: str, **says: object) -> Told:
    """Tell a problem by its name."""
    return Told(status, {"status": status, "type": f"/problems/{name}", "detail": PRESENT, **says})


NOBODY = problem(401, "unauthenticated")
WEAK = problem(403, "forbidden")
BAD = problem(400, "bad-request", violations=PRESENT)
POLL = Poll(
    operation="getJob",
    id="id",
    nobody=NOBODY,
    stranger=NOBODY,
    weak=WEAK,
    unknown=problem(404, "job-not-found"),
    unknown_ids=(UNKNOWN, "nightly-backup-of-nobody"),
    malformed=BAD,
    malformed_ids=("a b", "é", "a" * 300),
    states={
        State.PENDING: Told(200, {"status": "pending", "ended_at": None}, has=("Retry-After",)),
        State.RUNNING: Told(200, {"status": "running", "ended_at": None, "started_at": PRESENT}, has=("Retry-After",)),
        State.SUCCEEDED: Told(200, {"status": "succeeded", "ended_at": PRESENT, "error": None}, lacks=("Retry-After",)),
        State.FAILED: Told(200, {"status": "failed", "ended_at": PRESENT, "error.kind": PRESENT, "result": None}),
        State.CANCELLED: Told(200, {"status": "cancelled", "ended_at": PRESENT}, lacks=("Retry-After",)),
    },
    expired=problem(410, "job-gone"),
    wrong_method=Told(405, {"status": 405}, has=("Allow",), schema="Problem", media=MEDIA),
    extends=False,
)


def rows(profile: str, jobs: Mapping[State, str]) -> Iterator[Row]:
    """Give every row."""
    yield from POLL.rows(jobs)
    yield Row("no such path", Told(404, {"status": 404}, schema="Problem", media=MEDIA), path="/nothing")
    yield from _lists()
    yield from _writes()


def _lists() -> Iterator[Row]:
    yield Row("listJobs: all", Told(200, {"jobs": (PRESENT, [])}), "listJobs")
    yield Row("listJobs: no credential", NOBODY, "listJobs", who=Who.NOBODY)
    for query in ("limit=0", "limit=many", "status=lost", "cursor=?"):
        yield Row(f"listJobs: {query}", BAD, "listJobs", path=f"/jobs?{query}")
    parameters = {"id": UNKNOWN}
    yield Row("listJobEvents: unknown job", POLL.unknown, "listJobEvents", parameters=parameters)
    for state in (State.SUCCEEDED, State.FAILED):
        yield Row(f"listJobEvents: {state} job", Told(200, {"events": PRESENT}), "listJobEvents", job=state)


def _writes() -> Iterator[Row]:
    """Ask for changes that must be refused."""
    id, body = {"id": UNKNOWN}, {"status": "running"}
    yield Row("reportJob: unknown job", POLL.unknown, "reportJob", parameters=id, body=body, writes=True)
    yield Row("cancelJob: unknown job", POLL.unknown, "cancelJob", parameters=id, writes=True)
    yield Row("deleteJob: unknown job", POLL.unknown, "deleteJob", parameters=id, writes=True)
    yield Row("createJob: no type", BAD, "createJob", body={}, writes=True)
    yield Row("createJob: no credential", NOBODY, "createJob", body={"type": "conform"}, who=Who.NOBODY, writes=True)
    for state in (State.SUCCEEDED, State.FAILED):
        told = problem(409, "transition-refused")
        yield Row(f"reportJob: {state} job", told, "reportJob", job=state, body=body, writes=True)
