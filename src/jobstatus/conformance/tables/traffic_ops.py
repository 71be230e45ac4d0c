"""Traffic Ops' `async_status`, and the calls about sessions that clients need before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jobstatus.conformance.poll import Poll
from jobstatus.conformance.row import Row, Who
from jobstatus.conformance.target import State
from jobstatus.conformance.told import ABSENT, PRESENT, Told

SCHEMA = "TrafficOpsAlerts"


def alert(status: int, text: Any = PRESENT, schema: str | None = None) -> Told:
    """Tell an alert."""
    says = {"alerts.0.level": "error", "alerts.0.text": text, "response": ABSENT}
    return Told(status, says, schema=schema)


def job(status: str, profile: str, *, ended: bool) -> Told:
    """Tell of a job; how what is not there is told depends on the profile."""
    nothing = ABSENT if profile == "deployed" else None
    says = {"response.status": status, "response.start_time": PRESENT, "response.id": PRESENT}
    return Told(200, {**says, "response.end_time": PRESENT if ended else nothing})


def _poll(profile: str) -> Poll:
    pending, failed = job("PENDING", profile, ended=False), job("FAILED", profile, ended=True)
    nobody = alert(401, "unauthorized, please log in.")
    return Poll(
        operation="getAsyncStatus",
        id="id",
        nobody=nobody,
        stranger=alert(401),
        weak=alert(403),
        unknown=alert(404, "Not Found"),
        unknown_ids=("0", "-1", "9223372036854775807"),
        malformed=alert(400),
        malformed_ids=("abc", "1.0", "1e0", "0x1", "9223372036854775808", " 1"),
        states={
            State.PENDING: pending,
            State.RUNNING: pending,
            State.SUCCEEDED: job("SUCCEEDED", profile, ended=True),
            State.FAILED: failed,
            State.CANCELLED: failed,
        },
        wrong_method=alert(404, schema=SCHEMA),
        wrong_method_extends=False,
    )


def rows(profile: str, jobs: Mapping[State, str]) -> Iterator[Row]:
    """Give every row."""
    yield from _poll(profile).rows(jobs)
    yield Row("no such path", alert(404, schema=SCHEMA), path="/api/4.0/nothing", who=Who.NOBODY)
    yield Row("no such version", alert(501, schema=SCHEMA), path="/api/9.9/async_status/1", who=Who.NOBODY)
    yield Row("pingTrafficOps: anybody", Told(200, {"ping": "pong"}), "pingTrafficOps")
    yield from _logins()
    yield Row("renewCertificates: no credential", alert(401), "renewCertificates", who=Who.NOBODY, writes=True)


def _logins() -> Iterator[Row]:
    """Log in with what is wrong: it begins nothing."""
    login, by_token = "createTrafficOpsSession", "createTrafficOpsSessionByToken"
    body = {"u": "nobody-of-that-name", "p": "wrong"}
    yield Row(f"{login}: wrong password", alert(401), login, body=body)
    yield Row(f"{login}: no password", alert(400), login, body={"u": body["u"]})
    yield Row(f"{by_token}: wrong token", alert(401), by_token, body={"t": "wrong"})
