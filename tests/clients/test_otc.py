"""OpenStack's SDK with the extensions of Open Telekom Cloud, as published, logs in, and polls as real workers work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from clients.driver import Driver
from clients.workshop import Workshop, in_one_profile
from house import OTHER_TENANT, TENANT

PASSWORD = "of ops, in tests alone"
WAYS = ("v3password", "password", "v3token", "token")
IMAGE = {"image_id": "6a1c0b8e-3f4d-4a43-9c0e-1d2f3a4b5c6d", "image_name": "web-2031"}
MADE = {"status": "succeeded", "result": {"entities": IMAGE}}
TYPE = "imsImportImageJob"
UNKNOWN = "ff8080814dbd65d7014dbe0d84db0013"


def shown(workshop: Workshop) -> dict[str, str]:
    """Make a user and a token, and give the variables by which they are shown."""
    workshop.credential("ops", "--contract", "ims", "--kind", "user", password=PASSWORD)
    token = workshop.credential("batch", "--contract", "ims")["token"]
    who = {"OTC_USER": "ops", "OTC_PASSWORD": PASSWORD, "OTC_TOKEN": token}
    return {"OTC_URL": workshop.url, "OTC_PROJECT": TENANT, **who}


@pytest.fixture(scope="module")
def variables(workshop: Workshop) -> dict[str, str]:
    """Give what the client is told."""
    return shown(workshop)


@pytest.fixture
def otc(variables: dict[str, str], otc_python: Path, tmp_path: Path) -> Driver:
    """Give the client."""
    return Driver(otc_python, "drive_otc.py", tmp_path, **variables)


def exception(answers: dict[str, Any], name: str) -> dict[str, Any]:
    """Give the only answer, which is an exception."""
    (answer,) = answers["answers"]
    assert answer["exception"] == name
    return dict(answer)


@pytest.fixture(scope="module")
def done(workshop: Workshop) -> str:
    """Have a job that succeeded."""
    return str(workshop.worked(workshop.create(TYPE), MADE)["id"])


@pytest.mark.parametrize("way", WAYS)
@in_one_profile
def test_each_login_finds_its_way_to_the_jobs(otc: Driver, done: str, way: str) -> None:
    """By password or token, in the version that is named or in one that is looked for; the catalog leads on."""
    (answer,) = otc(way, "show", done)["answers"]

    assert (answer["status"], answer["image_id"]) == ("SUCCESS", IMAGE["image_id"])


def test_a_job_is_followed_to_its_success(workshop: Workshop, otc: Driver) -> None:
    """It waits, runs, and has succeeded, with what its worker left of the image; newer pages tell more of it."""
    job = workshop.create(TYPE)["id"]
    with otc.started("password", "follow", job) as client:
        client.sees("INIT")
        with workshop.working(job, MADE) as finish:
            client.sees("RUNNING")
            finish()
        waiting, running, done = client.found()["answers"]

    assert [answer["status"] for answer in (waiting, running, done)] == ["INIT", "RUNNING", "SUCCESS"]
    assert {answer["job_id"] for answer in (waiting, running, done)} == {job.replace("-", "")}
    assert (running["end_time"], done["error_code"], done["fail_reason"]) == ("", None, None)
    assert done["image_id"] == IMAGE["image_id"]
    assert (done["image_name"], done["process_percent"]) == (
        (IMAGE["image_name"], 1.0) if workshop.profile == "deployed" else (None, None)
    )


@in_one_profile
def test_the_sdk_waits_until_a_job_has_succeeded(workshop: Workshop, otc: Driver) -> None:
    """By its own loop, which takes any word that it does not know for success."""
    job = workshop.create(TYPE)["id"]
    with otc.started("v3password", "wait", job) as client:
        client.sees("waiting")
        with workshop.working(job, MADE) as finish:
            finish()
        (answer,) = client.found()["answers"]

    assert (answer["status"], answer["image_id"]) == ("SUCCESS", IMAGE["image_id"])


@in_one_profile
def test_the_sdk_waits_until_a_job_has_failed(workshop: Workshop, otc: Driver) -> None:
    """Then its loop raises."""
    job = workshop.create(TYPE)["id"]
    with otc.started("v3token", "wait", job) as client:
        client.sees("waiting")
        with workshop.working(job, 3) as finish:
            assert finish() == 3
        failed = exception(client.found(), "RuntimeError")

    assert failed["message"] == f"Asynchronous job {job} failed."


@pytest.mark.parametrize("what", ["show", "wait"])
@in_one_profile
def test_an_unknown_or_deleted_job_is_an_exception(workshop: Workshop, otc: Driver, what: str) -> None:
    """With the service's own text in its details, which the SDK finds in the nested form alone."""
    deleted = workshop.create(TYPE)["id"]
    workshop.delete(deleted)

    answers = otc("v3password", what, UNKNOWN, deleted)["answers"]

    told = ("BadRequestException", 400, "An exception occurred during task query.")
    assert [(answer["exception"], answer["status"], answer["details"]) for answer in answers] == [told, told]


def test_an_expired_job_is_an_exception(forgetful: Workshop, otc_python: Path, tmp_path: Path) -> None:
    """As one that never was."""
    job = forgetful.expired(TYPE)

    answers = Driver(otc_python, "drive_otc.py", tmp_path, **shown(forgetful))("v3password", "wait", job["id"])

    assert exception(answers, "BadRequestException")["details"] == "An exception occurred during task query."
    forgetful.record.check("createIdentityToken", "showImsJob")


@pytest.mark.parametrize(
    ("way", "wrong"),
    [
        ("v3password", {"OTC_PASSWORD": "guess"}),
        ("password", {"OTC_USER": "nobody"}),
        ("v3token", {"OTC_TOKEN": "guess"}),
        ("token", {"OTC_PROJECT": OTHER_TENANT}),
    ],
)
@in_one_profile
def test_a_login_that_is_refused_is_an_exception(
    variables: dict[str, str], otc_python: Path, tmp_path: Path, way: str, wrong: dict[str, str]
) -> None:
    """With the identity service's own text, which is found in its own form."""
    driver = Driver(otc_python, "drive_otc.py", tmp_path, **{**variables, **wrong})

    refused = exception(driver(way, "show", UNKNOWN), "SDKException")

    assert refused["message"] == "The request you have made requires authentication. (HTTP 401)"


def test_all_of_it_is_in_the_spec(workshop: Workshop) -> None:
    """What the SDK sent above, and what it was answered: runs last."""
    workshop.record.check("createIdentityToken", "showIdentityVersion", "showImsJob")
