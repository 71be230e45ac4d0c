"""The "Asynchronous Job Query" of IMS, and the query by the job's id alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jobstatus.conformance.poll import Poll
from jobstatus.conformance.row import Row, Who
from jobstatus.conformance.target import State
from jobstatus.conformance.told import PRESENT, Told

UNKNOWN = "01890a5dac96774bbcceb302099a8057"
FINE = {"error_code": None, "fail_reason": None}


def nested(status: int, code: str) -> Told:
    """Tell an error of the service."""
    return Told(status, {"error.code": code, "error.message": PRESENT})


def flat(status: int, code: str, schema: str | None = None) -> Told:
    """Tell an error of the gateway."""
    return Told(status, {"error_code": code, "error_msg": PRESENT, "request_id": PRESENT}, schema=schema)


def job(status: str, **says: Any) -> Told:
    """Tell of a job."""
    return Told(200, {"status": status, "begin_time": PRESENT, **says})


NOBODY = flat(401, "APIGW.0301")
FAILED = job("FAIL", end_time=PRESENT, error_code=PRESENT, fail_reason=PRESENT)
RUNNING = job("RUNNING", end_time="", **FINE)


def _poll(operation: str) -> Poll:
    return Poll(
        operation=operation,
        id="job_id",
        nobody=NOBODY,
        stranger=NOBODY,
        weak=flat(403, "APIGW.0302"),
        unknown=nested(400, "IMG.0023"),
        unknown_ids=(UNKNOWN,),
        malformed=nested(400, "IMG.0023"),
        malformed_ids=("a b", "%"),
        states={
            State.PENDING: job("INIT", end_time="", **FINE),
            State.RUNNING: RUNNING,
            State.SUCCEEDED: job("SUCCESS", end_time=PRESENT, **FINE),
            State.FAILED: FAILED,
            State.CANCELLED: FAILED,
        },
        wrong_method=flat(404, "APIGW.0101", schema="ImsGatewayError"),
        wrong_method_extends=False,
    )


def rows(profile: str, jobs: Mapping[State, str]) -> Iterator[Row]:
    """Give every row."""
    yield from _poll("showImsJob").rows(jobs)
    yield from _poll("showImsJobProgress").rows(jobs)
    elsewhere = {"project_id": "0" * 32, "job_id": UNKNOWN}
    yield Row("showImsJob: another project", nested(400, "IMG.0030"), "showImsJob", parameters=elsewhere)
    yield Row("no such path", flat(404, "APIGW.0101", schema="ImsGatewayError"), path="/v1/nothing", who=Who.NOBODY)
