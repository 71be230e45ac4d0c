"""Another tenant's job is never readable or changeable, through any contract or verb."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal
from house import OTHER_TENANT, TENANT, House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobstatus import ids
from jobstatus.contract.spec import Document, Operation
from jobstatus.errors import TransitionRefused
from jobstatus.job import Event, Job, Report
from jobstatus.life import Retention, cancel, report
from jobstatus.testing.strategies import reports

OPERATIONS = Document.load().operations
BODIES: dict[str, Any] = {
    "createJob": {"type": "a"},
    "reportJob": {"progress": 50},
    "submitEncounterPackage": {"signed_data": "YQ=="},
}
PATIENT = "7c3da506-804d-4550-8993-bf17f9ee0402"
NAMING = ("{id}", "{asyncJobId}", "{job_id}")
"""The parts of a path that name a job."""
VOLATILE = ("request_id", "url", "instance", "detail")


def paths(operation: Operation, job: Job) -> Iterator[str]:
    """Spell every way to name *job* to an operation, the project of either tenant included."""
    spelt = {"native": job.id, "ehealth": ids.object_id(job), "traffic-ops": str(job.number)}
    versions = [p["schema"]["enum"] for p in operation.parameters if p["name"] == "version"]
    for version in versions[0] if versions else [""]:
        for project in (TENANT, OTHER_TENANT):
            yield operation.path.format(
                id=spelt.get(operation.contract, ""),
                asyncJobId=job.id,
                job_id=ids.hex32(job),
                project_id=project,
                version=version,
                patient_id=PATIENT,
            )


def stripped(response: httpx.Response) -> Any:
    """Leave out of an answer what names the request or the id asked for."""

    def strip(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: strip(value) for key, value in node.items() if key not in VOLATILE}
        return node

    return response.status_code, strip(response.json())


async def foreign_job(house: House, path: list[Any]) -> Job:
    """Write a job of the one tenant, led through some of its life."""
    now = house.clock.now
    job = Job(
        id=ids.new_id(), tenant=TENANT, owner="o", type="secret", message="secret", created_at=now, updated_at=now
    )
    job = await house.store.create(job, Event.of(job, "o"))
    for step in path:
        changed = lived(job, step, now)
        if changed is not job:
            await house.store.replace(changed, Event.of(changed, "o"))
            job = changed
    return job


def lived(job: Job, step: Report | None, now: datetime) -> Job:
    """Take one step of a life, a cancellation or a report; one that is not allowed changes nothing."""
    keep = Retention()
    try:
        return cancel(job, now=now, retention=keep) if step is None else report(job, step, now=now, retention=keep)
    except TransitionRefused:
        return job


lives = st.lists(st.one_of(st.none(), reports()), max_size=3)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives)
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_a_foreign_job_is_as_if_it_were_not_there(
    operation: Operation, life: list[Report | None], shared_house: House, portal: BlockingPortal
) -> None:
    """Whatever state a job is in, another tenant's caller is told the same as of an id that nobody has."""
    portal.call(ask_for_a_foreign_job, shared_house, operation, life)


async def ask_for_a_foreign_job(house: House, operation: Operation, life: list[Report | None]) -> None:
    """Compare what a stranger is told of a job with what is told of none."""
    job = await foreign_job(house, life)
    unknown = replace(job, id=ids.new_id(), number=job.number + 1000)
    headers = house.headers(await house.token(tenant=OTHER_TENANT))
    for foreign, nobodys in zip(paths(operation, job), paths(operation, unknown), strict=True):
        told, told_of_none = [
            await house.client.request(operation.method, path, headers=headers, json=BODIES.get(operation.id))
            for path in (foreign, nobodys)
        ]
        assert b"secret" not in told.content
        if any(name in operation.path for name in NAMING):
            assert told.status_code >= 400
            assert stripped(told) == stripped(told_of_none)
    assert await house.store.get(job.id) == job


async def test_a_list_holds_the_callers_tenants_jobs_alone(house: House) -> None:
    """Neither without a filter nor by naming the other tenant does a list show a foreign job."""
    await foreign_job(house, [])
    headers = house.headers(await house.token(tenant=OTHER_TENANT))

    everything = await house.client.get("/jobs", headers=headers)
    theirs = await house.client.get("/jobs", params={"tenant": TENANT}, headers=headers)

    assert everything.json()["jobs"] == []
    assert theirs.status_code == 403


async def test_a_job_cannot_be_made_for_another_tenant(house: House) -> None:
    """A producer writes into its own tenant only."""
    headers = house.headers(await house.token(tenant=OTHER_TENANT))

    refused = await house.client.post("/jobs", json={"type": "a", "tenant": TENANT}, headers=headers)

    assert refused.status_code == 403


async def test_an_operator_sees_every_tenant(house: House) -> None:
    """The tenant `*` is every tenant, and whoever creates with it must say whose the job is."""
    job = await foreign_job(house, [])
    headers = house.headers(await house.token(tenant="*"))

    shown = await house.client.get(f"/jobs/{job.id}", headers=headers)
    vague = await house.client.post("/jobs", json={"type": "a"}, headers=headers)
    clear = await house.client.post("/jobs", json={"type": "a", "tenant": TENANT}, headers=headers)

    assert (shown.status_code, vague.status_code, clear.status_code) == (200, 400, 201)
    assert clear.json()["tenant"] == TENANT


async def test_a_tombstone_is_not_shown_to_others(house: House) -> None:
    """That a job was there is as secret as the job."""
    job = await foreign_job(house, [])
    own = house.headers(await house.token())
    await house.client.post(f"/jobs/{job.id}/cancel", headers=own)
    await house.client.delete(f"/jobs/{job.id}", headers=own)

    mine = await house.client.get(f"/jobs/{job.id}", headers=own)
    theirs = await house.client.get(f"/jobs/{job.id}", headers=house.headers(await house.token(tenant=OTHER_TENANT)))

    assert (mine.status_code, theirs.status_code) == (410, 404)
