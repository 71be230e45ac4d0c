"""The eHealth composition job, "getAsyncJobStatus"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from jobstatus.conformance.poll import Poll
from jobstatus.conformance.row import Row
from jobstatus.conformance.target import State
from jobstatus.conformance.told import PRESENT, Told

from .ehealth import NO_PATH, NOBODY, NOT_FOUND, VARYING, WRONG_METHOD, answer, refusal

OPERATION = "getCompositionJob"
UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


def _weak(profile: str) -> Told:
    if profile == "deployed":
        return refusal(403, "forbidden")
    return refusal(401, "access_denied")


def _poll(profile: str) -> Poll:
    pending = answer(200, {"status": "PENDING", "eta": PRESENT, "id": PRESENT, "links": PRESENT})
    failed = answer(200, {"status": "FAILED", "id": PRESENT, "error.message": PRESENT})
    return Poll(
        operation=OPERATION,
        id="asyncJobId",
        nobody=NOBODY,
        stranger=NOBODY,
        weak=_weak(profile),
        unknown=NOT_FOUND,
        unknown_ids=(UNKNOWN,),
        malformed=refusal(400, "request_malformed"),
        malformed_ids=("1", UNKNOWN[:-1], f"g{UNKNOWN[1:]}", UNKNOWN.replace("-", "")),
        states={
            State.PENDING: pending,
            State.RUNNING: pending,
            State.SUCCEEDED: answer(200, {"status": "DONE", "id": PRESENT}),
            State.LINKED: answer(200, {"status": "DONE", "id": PRESENT, "links.0.entity": PRESENT}),
            State.FAILED: failed,
            State.CANCELLED: failed,
        },
        varying=VARYING,
        wrong_method=WRONG_METHOD,
    )


def rows(profile: str, jobs: Mapping[State, str]) -> Iterator[Row]:
    """Give every row, then those of the same call at the path that the documentation has."""
    poll = _poll(profile)
    yield from poll.rows(jobs)
    yield _keyless(poll)
    yield from replace(poll, operation="getCompositionJobAtRoot").states_of(jobs)
    yield Row("no such path", NO_PATH, path="/patients/composition/job")


def _keyless(poll: Poll) -> Row:
    parameters = {poll.id: UNKNOWN}
    return Row(f"{OPERATION}: no api-key", NOBODY, OPERATION, parameters=parameters, without=("ehealthApiKey",))
