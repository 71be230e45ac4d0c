"""The client of Traffic Ops, as published, begins jobs and polls for them while real workers do them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from clients.driver import Driver
from clients.workshop import Workshop, in_one_profile

SCRIPT = "drive_traffic_control.py"
PASSWORD = "of the admin, in tests alone"
VERSIONS = ("4.1", "5.0")
STARTED = "ACME async job has started."
GOING = "ACME renewal in progress. 1 certs renewed, 0 errors."
COMPLETE = "ACME renewal complete. 2 certs renewed, 0 errors."
WHERE = "This may take a few minutes. Status updates can be found here: "


def shown(workshop: Workshop) -> dict[str, str]:
    """Make a user, and give the variables that the client takes."""
    workshop.credential("admin", "--contract", "traffic-ops", "--kind", "user", password=PASSWORD)
    return {"TO_URL": workshop.url, "TO_USER": "admin", "TO_PASSWORD": PASSWORD}


@pytest.fixture(scope="module")
def variables(workshop: Workshop) -> dict[str, str]:
    """Give what the client is told."""
    return shown(workshop)


@pytest.fixture
def ops(variables: dict[str, str], traffic_control_python: Path, tmp_path: Path) -> Driver:
    """Give the client."""
    return Driver(traffic_control_python, SCRIPT, tmp_path, **variables)


@pytest.fixture(scope="module")
def done(workshop: Workshop) -> str:
    """Have a job that succeeded, and give its number."""
    job = workshop.create("acmeAutorenew")
    with workshop.working(job["id"], 0, last=COMPLETE) as finish:
        assert finish() == 0
    return str(job["number"])


def where(workshop: Workshop, version: str, number: int) -> str:
    """Give the location of a job; a shipped server names the oldest version whatever was called."""
    return f"/api/{'4.0' if workshop.profile == 'deployed' else version}/async_status/{number}"


def without(workshop: Workshop, **members: Any) -> dict[str, Any]:
    """Give members of an answer; a shipped server leaves out what is not known."""
    return {name: value for name, value in members.items() if value is not None or workshop.profile == "documented"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_renewal_is_followed_to_its_success(workshop: Workshop, ops: Driver, version: str) -> None:
    """By the location that it was begun with: it is pending until it has succeeded, and says how far it is."""
    with ops.started(version, "renew") as client:
        client.sees(STARTED)
        job = workshop.waiting("acmeAutorenew")
        with workshop.working(job["id"], 0, first=GOING, last=COMPLETE) as finish:
            client.sees(GOING)
            assert finish() == 0
        begun, waiting, running, *_, done = client.found()["answers"]

    number, location = job["number"], where(workshop, version, job["number"])
    text = f"Beginning async call to renew certificates. {WHERE}{location}"
    start, end = waiting["data"]["start_time"], done["data"]["end_time"]
    pending = {"id": number, "status": "PENDING", "start_time": start, "end_time": None}
    assert (begun["status"], begun["location"]) == (202, location)
    assert begun["alerts"] == begun["data"]["alerts"] == [{"text": text, "level": "success"}]
    assert waiting["data"] == without(workshop, **pending, message=STARTED)
    assert running["data"] == without(workshop, **pending, message=GOING)
    assert done["data"] == {**pending, "status": "SUCCEEDED", "end_time": end, "message": COMPLETE}
    assert start < end
    assert end.endswith("Z")


def test_a_refresh_is_followed_to_its_failure(workshop: Workshop, ops: Driver) -> None:
    """A job that failed is no failure of the call; and while one is under way there is no second one."""
    failed = "DNSSEC refresh failed"
    with ops.started("4.1", "refresh") as client:
        client.sees("begun")
        job = workshop.waiting("dnssecRefresh")
        end = {"status": "failed", "error": {"kind": "system", "message": failed}}
        with workshop.working(job["id"], end, first="refreshing") as finish:
            client.sees("refreshing")
            finish()
        begun, second, found, *_, last = client.found()["answers"]

    location = where(workshop, "4.1", job["number"])
    assert begun["location"] == location
    assert begun["alerts"][0]["text"] == f"Starting DNSSEC key refresh in the background. {WHERE}{location}"
    assert second["alerts"][0]["text"] == "the server is already executing a DNSSEC refresh"
    assert (last["status"], last["data"]["status"], last["data"]["message"]) == (200, "FAILED", failed)
    if workshop.profile == "documented":
        assert (second["location"], found["data"]["id"]) == (location, job["number"])
        assert last["alerts"] == [{"text": failed, "level": "error"}]
    else:
        assert (second["location"], found["status"]) == ("/api/4.0/async_status/0", 404)
        assert last["alerts"] is None


def refusals(answers: dict[str, Any]) -> list[tuple[int, str]]:
    """Give the statuses and texts of answers that are all refusals."""
    assert {answer["exception"] for answer in answers["answers"]} == {"OperationError"}
    return [(answer["status"], answer["alerts"][0]["text"]) for answer in answers["answers"]]


@in_one_profile
def test_an_unknown_deleted_or_malformed_id_is_an_exception(workshop: Workshop, ops: Driver) -> None:
    """The client has the alert in its exception."""
    deleted = workshop.create("acmeAutorenew")
    workshop.delete(deleted["id"])

    told = refusals(ops("4.1", "show", "9223372036854775807", str(deleted["number"]), "abc"))

    malformed = "getting integer parameters: parameter 'id' not an integer"
    assert told == [(404, "Not Found"), (404, "Not Found"), (400, malformed)]


def test_an_expired_job_is_an_exception(forgetful: Workshop, traffic_control_python: Path, tmp_path: Path) -> None:
    """As one that never was."""
    job = forgetful.expired("acmeAutorenew")
    ops = Driver(traffic_control_python, SCRIPT, tmp_path, **shown(forgetful))

    assert refusals(ops("5.0", "show", str(job["number"]))) == [(404, "Not Found")]
    forgetful.record.check("createTrafficOpsSession", "getAsyncStatus")


@pytest.mark.parametrize("wrong", [{"TO_PASSWORD": "guess"}, {"TO_USER": "nobody"}])
@in_one_profile
def test_a_bad_login_is_an_exception(
    variables: dict[str, str], traffic_control_python: Path, tmp_path: Path, wrong: dict[str, str]
) -> None:
    """It has the server's text, and the session is closed."""
    ops = Driver(traffic_control_python, SCRIPT, tmp_path, **{**variables, **wrong})

    refused, then = ops("4.1", "show")["answers"]

    assert refused["exception"] == "OperationError"
    assert "Invalid username or password." in refused["message"]
    assert then == {"open": False, "logged in": False}


@in_one_profile
def test_who_lost_the_session_logs_in_again(ops: Driver, done: str) -> None:
    """Without it the answer is a refusal; with another it is as before."""
    before, without_session, after = ops("4.1", "again", done)["answers"]

    assert (without_session["exception"], without_session["status"]) == ("OperationError", 401)
    assert without_session["alerts"] == [{"text": "unauthorized, please log in.", "level": "error"}]
    assert before == after
    assert before["data"]["message"] == COMPLETE


def toget(python: Path, variables: dict[str, str], path: str) -> subprocess.CompletedProcess[str]:
    """Run the client's own command."""
    command = [str(python), "-I", str(python.with_name("toget")), path]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


@in_one_profile
def test_the_commands_exit_code_tells_what_came_of_it(
    variables: dict[str, str], traffic_control_python: Path, done: str
) -> None:
    """It prints the answer as it came: of a job that is known, of one that is not, and nothing without a login."""
    known = toget(traffic_control_python, variables, f"async_status/{done}")
    unknown = toget(traffic_control_python, variables, "async_status/9223372036854775807")
    nobody = toget(traffic_control_python, {**variables, "TO_PASSWORD": "guess"}, f"async_status/{done}")

    assert [each.returncode for each in (known, unknown, nobody)] == [0, 4, 1]
    assert f'"message":"{COMPLETE}"' in known.stdout
    assert unknown.stdout == '{"alerts":[{"text":"Not Found","level":"error"}]}\n\n'
    assert (nobody.stdout, "Invalid username or password." in nobody.stderr) == ("", True)


def test_all_of_it_is_in_the_spec(workshop: Workshop) -> None:
    """What the client sent above, and what it was answered: runs last."""
    workshop.record.check("createTrafficOpsSession", "renewCertificates", "refreshDnssecKeys", "getAsyncStatus")
