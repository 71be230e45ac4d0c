"""Whatever a life leads to, every contract has an answer for it, and the answer is one that the spec has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from house import TENANT, House
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jobstatus.contract.checks import PROFILES
from jobstatus.handlers.links import polls
from jobstatus.ids import new_id
from jobstatus.job import Event, Job, Link, Status
from jobstatus.testing.strategies import json_values, lived_jobs

ODD_NAMES = ("image_id", "image_name", "process_percent", "current_task", "results", "sub_jobs_result", "sub_jobs_list")
odd_entities = st.dictionaries(st.sampled_from(ODD_NAMES), json_values(), min_size=1)


def wellformed(job: Job) -> Job:
    """Give the parts that the native contract checks on their way in a form that it lets in."""
    result = job.result and replace(
        job.result, links=tuple(Link(entity=f"e{link.entity}", href=f"/{link.href}") for link in job.result.links)
    )
    entry = {"entry_type": "json_data_property", "entry": "$", "rules": []}
    error = job.error and replace(job.error, message=f"m{job.error.message}", invalid=(entry,) * len(job.error.invalid))
    return replace(job, result=result, error=error)


async def keep(house: House, job: Job) -> Job:
    """Write a job as it is, under an id and a number of this store's own."""
    kept = replace(wellformed(job), id=new_id(), tenant=TENANT, expires_at=None, lease_until=None)
    return await house.store.create(kept, Event.of(kept, "test"))


async def answers(house: House, job: Job, token: str) -> dict[str, int]:
    """Poll every contract for a job."""
    headers = house.headers(token)
    kept = await keep(house, job)
    return {
        link["contract"]: (await house.client.get(link["href"], headers=headers)).status_code for link in polls(kept)
    }


@pytest.mark.parametrize("profile", PROFILES)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(job=lived_jobs())
def test_every_life_has_an_answer_in_every_contract(
    profile: str, job: Job, shared_house: House, portal: BlockingPortal
) -> None:
    """No state, field or text that a life can lead to is beyond a contract's words."""
    token = portal.call(token_of, shared_house, profile)

    found = portal.call(answers, shared_house, job, token)

    linked = job.status is Status.SUCCEEDED and (job.result is None or job.result.response_data is None)
    assert found == {
        "native": 200,
        "ehealth": 303 if linked else 200,
        "ehealth-composition": 200,
        "traffic-ops": 200,
        "ims": 200,
    }


@pytest.mark.parametrize("profile", PROFILES)
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(entities={"image_id": 5, "results": "none"})
@given(entities=odd_entities)
def test_entities_of_an_odd_form_break_no_answer(
    profile: str, entities: dict[str, Any], shared_house: House, portal: BlockingPortal
) -> None:
    """What a producer keeps under a name that a contract knows has that contract's form, or is refused at once."""
    portal.call(report_entities, shared_house, profile, entities)


async def report_entities(house: House, profile: str, entities: dict[str, Any]) -> None:
    """Let a job succeed with *entities*, and poll it if that is taken."""
    headers = house.headers(await token_of(house, profile))
    created = (await house.client.post("/jobs", json={"type": "t"}, headers=headers)).json()
    end = {"status": "succeeded", "result": {"entities": entities}}
    reported = await house.client.patch(f"/jobs/{created['id']}", json=end, headers=headers)
    assert reported.status_code in (200, 400)
    for link in created["links"]:
        assert (await house.client.get(link["href"], headers=headers)).status_code in (200, 303)


async def test_numbers_of_any_size_come_back_as_they_were(house: House) -> None:
    """An integer beyond 64 bits is kept and answered to the last digit."""
    headers = house.headers(await house.token())
    created = (await house.client.post("/jobs", json={"type": "t"}, headers=headers)).json()
    end = {"status": "succeeded", "result": {"response_data": {"n": 10**40}}}
    await house.client.patch(f"/jobs/{created['id']}", json=end, headers=headers)

    for link in created["links"]:
        answer = await house.client.get(link["href"], headers=headers)
        assert answer.status_code == 200
        assert str(10**40) in answer.text or link["contract"] not in ("native", "ehealth")


async def token_of(house: House, profile: str) -> str:
    """Make a credential with a profile of its own."""
    return await house.token(profile=profile)
