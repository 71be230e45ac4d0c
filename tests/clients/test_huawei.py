"""The SDK of the vendor of IMS, as published, polls for jobs that real workers do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clients.driver import Driver
from clients.workshop import End, Workshop, in_one_profile
from house import OTHER_TENANT, TENANT

Drive = Callable[..., Driver]
WAYS = {
    "access key": ("access-key", {"access_key": "IMS_ACCESS_KEY", "secret_key": "IMS_SECRET_KEY"}),
    "temporary access key": (
        "temporary-access-key",
        {"access_key": "IMS_ACCESS_KEY", "secret_key": "IMS_SECRET_KEY", "security_token": "IMS_SECURITY_TOKEN"},
    ),
    "token": ("token", {"token": "IMS_TOKEN"}),
}
"""The kinds of credentials that the SDK can show, and the variables that its script takes them by."""
DATES = {
    "documented": r"[0-3]\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d:\d{3}",
    "deployed": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
}
IMAGE = {"image_id": "6a1c0b8e-3f4d-4a43-9c0e-1d2f3a4b5c6d", "image_name": "web-2031"}
MADE = {"status": "succeeded", "result": {"entities": IMAGE}}
TYPE = "imsImportImageJob"
UNKNOWN = "ff8080814dbd65d7014dbe0d84db0013"


@pytest.fixture(scope="module")
def shown(workshop: Workshop) -> dict[str, dict[str, str]]:
    """Make a credential of each kind, and give the variables by which it is shown."""
    made = {way: workshop.credential(way, "--contract", "ims", "--kind", kind) for way, (kind, _) in WAYS.items()}
    return {way: {name: made[way][value] for value, name in names.items()} for way, (_, names) in WAYS.items()}


@pytest.fixture
def drive(workshop: Workshop, shown: dict[str, dict[str, str]], huawei_python: Path, tmp_path: Path) -> Drive:
    """Give the client to whoever says what it is to show; an access key, if nothing is said."""

    def make(way: str = "access key", **variables: str) -> Driver:
        place = {"IMS_URL": workshop.url, "IMS_PROJECT": TENANT}
        return Driver(huawei_python, "drive_huawei.py", tmp_path, **{**place, **shown[way], **variables})

    return make


@pytest.mark.parametrize("call", ["show_job", "show_job_progress"])
def test_a_job_is_followed_to_its_success(workshop: Workshop, drive: Drive, call: str) -> None:
    """It waits, runs, and has succeeded, with what its worker left of the image; newer pages tell how far it is."""
    newer = call == "show_job_progress" or workshop.profile == "deployed"
    job = workshop.create(TYPE)["id"]
    with drive().started("follow", call, job) as client:
        client.sees("INIT None")
        with workshop.working(job, MADE) as finish:
            client.sees("RUNNING 0.42" if newer else "RUNNING None")
            finish()
        waiting, *_, running, done = client.found()["answers"]

    date = DATES["deployed" if newer else "documented"]
    assert [answer["status"] for answer in (waiting, running, done)] == ["INIT", "RUNNING", "SUCCESS"]
    assert {answer["job_id"] for answer in (waiting, running, done)} == {job.replace("-", "")}
    assert running["job_type"] == TYPE
    assert re.fullmatch(date, running["begin_time"])
    assert running["end_time"] == ""
    assert re.fullmatch(date, done["end_time"])
    assert done["entities"] == ({**IMAGE, "process_percent": 1.0} if newer else {"image_id": IMAGE["image_id"]})


@pytest.fixture(scope="module")
def done(workshop: Workshop) -> str:
    """Have a job that succeeded."""
    return str(workshop.worked(workshop.create(TYPE), MADE)["id"])


@pytest.mark.parametrize("way", WAYS)
@in_one_profile
def test_each_kind_of_credential_opens_both_calls(drive: Drive, done: str, way: str) -> None:
    """An access key signs, a temporary one together with its security token; a token is shown as it is."""
    answers = drive(way)("ask", done)

    assert [answer.get("status") for (answer,) in answers.values()] == ["SUCCESS", "SUCCESS"]


@pytest.mark.parametrize(
    ("end", "code", "reason"),
    [
        (3, "IMG.0061", "The command ended with exit code 3."),
        (
            {"status": "failed", "error": {"kind": "user", "code": "IMG.0027", "message": "There is no such image."}},
            "IMG.0027",
            "There is no such image.",
        ),
    ],
    ids=["exit code", "own words"],
)
@in_one_profile
def test_a_job_that_failed_tells_why(workshop: Workshop, drive: Drive, end: End, code: str, reason: str) -> None:
    """Its worker's exit code, or what the worker says itself; and it is told as strings, which other clients need."""
    job = workshop.worked(workshop.create(TYPE), end)

    answers = drive()("ask", job["id"])

    for (answer,) in answers.values():
        assert (answer["status"], answer["error_code"]) == ("FAIL", code)
        assert answer["fail_reason"].startswith(reason)
        assert answer["entities"]["error_code"] == code


def refused(answers: dict[str, Any], status: int) -> set[tuple[str, str]]:
    """Give the codes and messages of answers that are refusals, each with the id of its request."""
    flat = [answer for each in answers.values() for answer in each]
    assert {(answer["exception"], answer["status_code"]) for answer in flat} == {("ClientRequestException", status)}
    assert all(len(bytes.fromhex(answer["request_id"])) == 16 for answer in flat)
    return {(answer["error_code"], answer["error_msg"]) for answer in flat}


@in_one_profile
def test_an_unknown_or_deleted_job_is_an_exception(workshop: Workshop, drive: Drive) -> None:
    """The service's own code for a query that went wrong, in the form that the SDK reads."""
    deleted = workshop.create(TYPE)["id"]
    workshop.delete(deleted)

    answers = drive()("ask", deleted, UNKNOWN)

    assert refused(answers, 400) == {("IMG.0023", "An exception occurred during task query.")}


def test_an_expired_job_is_an_exception(forgetful: Workshop, huawei_python: Path, tmp_path: Path) -> None:
    """As one that never was."""
    token = forgetful.credential("late", "--contract", "ims")["token"]
    shown = {"IMS_URL": forgetful.url, "IMS_PROJECT": TENANT, "IMS_TOKEN": token}
    job = forgetful.expired(TYPE)

    answers = Driver(huawei_python, "drive_huawei.py", tmp_path, **shown)("ask", job["id"])

    assert refused(answers, 400) == {("IMG.0023", "An exception occurred during task query.")}
    forgetful.record.check("showImsJob", "showImsJobProgress")


@pytest.mark.parametrize(
    ("way", "variables", "reason"),
    [
        ("access key", {"IMS_SECRET_KEY": "guess"}, "verify aksk signature fail"),
        ("access key", {"IMS_ACCESS_KEY": "GUESS"}, "ak GUESS not exist"),
        ("temporary access key", {"IMS_SECURITY_TOKEN": "guess"}, "verify aksk signature fail"),
        ("token", {"IMS_TOKEN": "guess"}, "decrypt token fail"),
    ],
)
@in_one_profile
def test_a_wrong_credential_is_an_exception(
    drive: Drive, done: str, way: str, variables: dict[str, str], reason: str
) -> None:
    """The gateway's flat form, which the SDK reads too."""
    answers = drive(way, **variables)("ask", done)

    assert refused(answers, 401) == {("APIGW.0301", f"Incorrect IAM authentication information: {reason}")}


@in_one_profile
def test_another_project_is_an_exception(drive: Drive, done: str) -> None:
    """A key is of one project, and the SDK names the project twice."""
    answers = drive(IMS_PROJECT=OTHER_TENANT)("ask", done)

    assert refused(answers, 400) == {("IMG.0030", "The project ID and token in the request are invalid.")}


def test_all_of_it_is_in_the_spec(workshop: Workshop) -> None:
    """What the SDK sent above, and what it was answered: runs last."""
    workshop.record.check("showImsJob", "showImsJobProgress")
