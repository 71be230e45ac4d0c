"""The eHealth job, "Get async Job processing details", and the gateway that stands before both contracts of eHealth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jobstatus.conformance.poll import Poll
from jobstatus.conformance.row import Row, Who
from jobstatus.conformance.target import State
from jobstatus.conformance.told import ABSENT, PRESENT, Told

VARYING = ("meta.request_id",)
PATIENT = "7c3da506-804d-4550-8993-bf17f9ee0402"
CODES = (403, 404, 409, 422, 500)


def answer(status: int, says: Mapping[str, Any], **rest: Any) -> Told:
    """Tell what is in the envelope of a job."""
    told = {"meta.code": status, "meta.type": "object", **{f"data.{name}": value for name, value in says.items()}}
    return Told(status, {**told, "error": ABSENT}, **rest)


def refusal(status: int, kind: str, **rest: Any) -> Told:
    """Tell what is in the envelope of an error; what is not found is told without a message."""
    return Told(status, {"meta.code": status, "error.type": kind, "data": ABSENT}, **rest)


NOBODY = refusal(401, "access_denied")
NOT_FOUND = refusal(404, "not_found")
NO_PATH = refusal(404, "not_found", schema="EhealthError")
WRONG_METHOD = refusal(405, "not_found", schema="EhealthError", has=("Allow",))


def _poll(profile: str) -> Poll:
    codes: tuple[Any, ...] = CODES if profile == "deployed" else tuple(map(str, CODES))
    processed = {"status": "processed", "status_code": 200 if profile == "deployed" else "200"}
    failed = ("failed", "failed_with_error") if profile == "deployed" else "failed"
    pending = answer(200, {"status": "pending", "eta": PRESENT, "links.0.entity": "job", "status_code": ABSENT})
    return Poll(
        operation="getEhealthJob",
        id="id",
        nobody=NOBODY,
        stranger=NOBODY,
        weak=refusal(403, "forbidden"),
        unknown=NOT_FOUND,
        unknown_ids=("000000000000000000000000", "ffffffffffffffffffffffff"),
        malformed=NOT_FOUND,
        malformed_ids=("a b", "é", "null"),
        states={
            State.PENDING: pending,
            State.RUNNING: pending,
            State.SUCCEEDED: answer(200, {**processed, "response_data": PRESENT}),
            State.LINKED: answer(303, {**processed, "links": PRESENT}, lacks=("Location",)),
            State.FAILED: answer(200, {"status": failed, "status_code": codes, "error": PRESENT}),
            State.CANCELLED: answer(200, {"status": "failed", "status_code": codes, "error": PRESENT}),
        },
        varying=VARYING,
        wrong_method=WRONG_METHOD,
    )


def rows(profile: str, jobs: Mapping[State, str]) -> Iterator[Row]:
    """Give every row."""
    yield from _poll(profile).rows(jobs)
    yield Row("no such path", NO_PATH, path="/api/jobs/a/b")
    yield from _packages()


def _packages() -> Iterator[Row]:
    """Submit what must be refused."""
    operation, patient = "submitEncounterPackage", {"patient_id": PATIENT}
    for check, told, body in (
        ("nothing signed", refusal(422, "validation_failed"), {}),
        ("signed data that is no text", refusal(422, "validation_failed"), {"signed_data": 1}),
    ):
        yield Row(f"{operation}: {check}", told, operation, parameters=patient, body=body, writes=True)
    check = f"{operation}: no credential"
    yield Row(check, NOBODY, operation, who=Who.NOBODY, parameters=patient, writes=True)
