"""A client of eHealth, written as an integrator writes one, submits packages, and polls while real workers do them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from clients.ehealth_client import (
    EhealthClient,
    Failed,
    Link,
    Linked,
    Refused,
    Responded,
    State,
    StillPending,
    UnknownJob,
)
from clients.workshop import End, Workshop, in_one_profile

TYPE = "encounterPackage"
PATIENT = "7c3da506-804d-4550-8993-bf17f9ee0402"
LINKS = (
    Link("encounter", f"/api/patients/{PATIENT}/encounters/90a9e15b-b71b-4caf-8f2e-ff247e8a5600"),
    Link("condition", f"/api/patients/{PATIENT}/conditions/2b1f0a0e-6c6a-4f6e-8f5c-5d1e7d2f3a4b"),
)
MADE = {
    "status": "succeeded",
    "result": {"links": [{"entity": link.entity, "href": link.href} for link in LINKS]},
}
INVALID = [
    {
        "entry_type": "json_data_property",
        "entry": "$.period.start",
        "rules": [{"rule": "required", "params": [], "description": "must be present"}],
    }
]


def package() -> dict[str, Any]:
    """Give a package that no other is alike."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "visit": {"id": str(uuid4()), "period": {"start": now, "end": now}},
        "signed_data": b64encode(b'{"encounter": {}}').decode(),
    }


@contextmanager
def client_of(workshop: Workshop, headers: dict[str, str], attempts: int = 300) -> Iterator[EhealthClient]:
    """Give a client that shows what it is told."""
    with httpx.Client(base_url=workshop.url, headers=headers, trust_env=False) as http:
        yield EhealthClient(http, attempts=attempts, pause=0.1)


def bearer(workshop: Workshop, name: str, *options: str) -> dict[str, str]:
    """Make a token, and give the header that shows it."""
    token = workshop.credential(name, "--contract", "ehealth", *options)["token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def mine(workshop: Workshop) -> dict[str, str]:
    """Give the header of a token."""
    return bearer(workshop, "clinic")


@pytest.fixture
def client(workshop: Workshop, mine: dict[str, str]) -> Iterator[EhealthClient]:
    """Give a client that may do what it wants."""
    with client_of(workshop, mine) as client:
        yield client


def worked(workshop: Workshop, client: EhealthClient, end: End) -> State:
    """Submit a package, have a worker process it, and tell what came of it."""
    pending = client.submit(PATIENT, package())
    workshop.worked(workshop.waiting(TYPE), end)
    return client.wait(pending.id)


def test_a_package_is_processed(workshop: Workshop, client: EhealthClient) -> None:
    """Its job is pending while it waits and while it is worked on; then it links to what was made of it."""
    pending = client.submit(PATIENT, package())
    job = workshop.waiting(TYPE)
    waiting = client.look(pending.id)
    with workshop.working(job["id"], MADE) as finish:
        workshop.until_running(job["id"])
        running = client.look(pending.id)
        finish()
    done = client.wait(pending.id)

    assert waiting == running == pending
    assert len(bytes.fromhex(pending.id)) == 12
    assert done == Linked(LINKS)


def test_links_are_told_with_303_and_lead_nowhere_by_themselves(
    workshop: Workshop, client: EhealthClient, mine: dict[str, str]
) -> None:
    """A client of HTTP that follows redirects stays where it is, too."""
    pending = client.submit(PATIENT, package())
    workshop.worked(workshop.waiting(TYPE), MADE)

    url = f"{workshop.url}/api/jobs/{pending.id}"
    answer = httpx.get(url, headers=mine, follow_redirects=True, trust_env=False)

    code = answer.json()["data"]["status_code"]
    assert (answer.status_code, answer.history, "Location" in answer.headers) == (303, [], False)
    assert code == (200 if workshop.profile == "deployed" else "200")


@pytest.mark.parametrize("payload", [{"id": "a-1", "status": "new"}, ""])
@in_one_profile
def test_a_payload_is_handed_out(workshop: Workshop, client: EhealthClient, payload: Any) -> None:
    """As the worker left it."""
    end = {"status": "succeeded", "result": {"response_data": payload}}

    assert worked(workshop, client, end) == Responded(payload)


@in_one_profile
def test_a_worker_that_leaves_nothing_has_processed_it(workshop: Workshop, client: EhealthClient) -> None:
    """An exit code of 0 says no more than that: there are no links."""
    assert worked(workshop, client, 0) == Linked(())


@pytest.mark.parametrize(
    ("error", "failed"),
    [
        (
            {"http_status": 422, "message": "Validation failed.", "invalid": INVALID},
            Failed("failed", 422, "validation_failed", "Validation failed.", ("$.period.start",)),
        ),
        (
            {"http_status": 409, "message": "Episode is closed"},
            Failed("failed", 409, "request_conflict", "Episode is closed", ()),
        ),
        ({"http_status": 404, "message": "Patient not found"}, Failed("failed", 404, None, "Patient not found", ())),
    ],
    ids=["invalid", "conflict", "missing"],
)
@in_one_profile
def test_a_package_that_is_refused_by_its_worker(
    workshop: Workshop, client: EhealthClient, error: dict[str, Any], failed: Failed
) -> None:
    """The call is answered with 200, the job with its own code."""
    assert worked(workshop, client, {"status": "failed", "error": {"kind": "user", **error}}) == failed


def test_a_worker_that_crashed(workshop: Workshop, client: EhealthClient) -> None:
    """Its job has a word of its own where it is as deployed; the end of its output is told."""
    failed = worked(workshop, client, 3)

    assert isinstance(failed, Failed)
    assert failed.status == ("failed_with_error" if workshop.profile == "deployed" else "failed")
    assert (failed.code, failed.type) == (500, "internal_error")
    assert failed.message is not None
    assert failed.message.startswith("The command ended with exit code 3.")


@in_one_profile
def test_the_same_package_is_the_same_job_until_that_has_ended(workshop: Workshop, client: EhealthClient) -> None:
    """Who is not sure whether a submission arrived may make it again."""
    content = package()
    first = client.submit(PATIENT, content)
    again = client.submit(PATIENT, content)
    workshop.worked(workshop.waiting(TYPE), 0)
    after = client.submit(PATIENT, content)

    assert first == again
    assert after.id != first.id


@in_one_profile
def test_attempts_have_an_end(workshop: Workshop, mine: dict[str, str]) -> None:
    """A job that nobody works on is still pending, which is neither success nor failure."""
    with client_of(workshop, mine, attempts=3) as client:
        pending = client.submit(PATIENT, package())

        with pytest.raises(StillPending):
            client.wait(pending.id)


@pytest.mark.parametrize("id", ["730f10bf0a1b2c3d4e5f6071", "NBXk9EyErUZv1RhXgyvgg", "x" * 24])
@in_one_profile
def test_an_unknown_job(client: EhealthClient, id: str) -> None:
    """Whatever its id looks like."""
    with pytest.raises(UnknownJob) as unknown:
        client.wait(id)

    assert (unknown.value.status, unknown.value.type, unknown.value.message) == (404, "not_found", None)


@in_one_profile
def test_a_deleted_job_is_unknown(workshop: Workshop, client: EhealthClient) -> None:
    """As one that never was."""
    pending = client.submit(PATIENT, package())
    workshop.delete(workshop.waiting(TYPE)["id"])

    with pytest.raises(UnknownJob):
        client.look(pending.id)


def test_an_expired_job_is_unknown(forgetful: Workshop) -> None:
    """However it ended."""
    job = forgetful.expired(TYPE)
    with client_of(forgetful, bearer(forgetful, "late")) as client, pytest.raises(UnknownJob):
        client.look(job["id"])

    forgetful.record.check("getEhealthJob")


@in_one_profile
def test_a_package_that_cannot_be_read_is_refused_at_once(client: EhealthClient) -> None:
    """There is no job for it."""
    with pytest.raises(Refused) as refused:
        client.submit(PATIENT, {"signed_data": ""})

    assert (refused.value.status, refused.value.type) == (422, "validation_failed")


@in_one_profile
def test_a_wrong_token_or_none_is_refused(workshop: Workshop) -> None:
    """With the gateway's own texts."""
    told = []
    for headers in ({"Authorization": "Bearer guess"}, {}):
        with client_of(workshop, headers) as client, pytest.raises(Refused) as refused:
            client.submit(PATIENT, package())
        told.append((refused.value.status, refused.value.type, refused.value.message))

    missing = "Authorization header is not set or doesn't contain Bearer token"
    assert told == [(401, "access_denied", "Invalid access token"), (401, "access_denied", missing)]


@in_one_profile
def test_a_broker_shows_its_key(workshop: Workshop) -> None:
    """The token of a clinic that works through a system is good together with the key of that system alone."""
    token = bearer(workshop, "brokered clinic", "--broker")
    key = workshop.credential("system", "--contract", "api-key")["token"]
    with client_of(workshop, {**token, "api-key": key, "X-Custom-PSK": "any"}) as client:
        assert worked(workshop, client, MADE) == Linked(LINKS)
    with client_of(workshop, token) as client, pytest.raises(Refused) as refused:
        client.submit(PATIENT, package())

    assert (refused.value.status, refused.value.message) == (401, "Invalid access token")


def test_all_of_it_is_in_the_spec(workshop: Workshop) -> None:
    """What the client sent above, and what it was answered: runs last."""
    workshop.record.check("submitEncounterPackage", "getEhealthJob")
