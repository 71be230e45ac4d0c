"""A server with a job in each state, and what `jobstatus conform` is given to hold it to a contract."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from house import EVERYTHING, OTHER_TENANT, TENANT, House, running_house

from jobstatus import ids
from jobstatus.conformance import State, Target
from jobstatus.contract.bundle import Bundle, bundles
from jobstatus.contract.spec import Document
from jobstatus.job import Job
from jobstatus.settings import Settings

BUNDLES = list(bundles(Document.load()))
URL = "http://jobs.example"
RESULT = {"links": [{"entity": "encounter", "href": "/e/1"}]}
LIVES: Mapping[State, list[dict[str, Any] | None]] = {
    State.EXPIRED: [{"status": "succeeded"}],
    State.PENDING: [],
    State.RUNNING: [{"status": "running", "progress": 42.5}],
    State.SUCCEEDED: [
        {"status": "succeeded", "result": {"response_data": {"id": "a"}, "entities": {"image_id": "e9e91bff"}}}
    ],
    State.LINKED: [{"status": "succeeded", "result": RESULT}],
    State.FAILED: [{"status": "failed", "error": {"kind": "user", "message": "no", "http_status": 404}}],
    State.CANCELLED: [None],
    State.FOREIGN: [],
}
"""What happens to each job; nothing stands for a cancellation. The first is over when the others begin."""


@asynccontextmanager
async def conforming(bundle: Bundle) -> AsyncGenerator[tuple[House, Target]]:
    """Run a server in the bundle's profile, and say what its jobs and credentials are."""
    field = f"profile_{bundle.contract.replace('-', '_')}"
    profile: Any = {field: bundle.profile} if field in Settings.model_fields else {}
    async with running_house(Settings(**profile)) as house:
        jobs = {state: spelt(job, bundle.contract) for state, job in (await _jobs(house)).items()}
        yield house, await target(house, bundle, jobs, writes=True)


async def target(house: House, bundle: Bundle, jobs: Mapping[State, str], url: str = URL, **rest: Any) -> Target:
    """Say how a server is asked for these jobs."""
    strong = _shown(house, bundle, await house.token())
    weak = _shown(house, bundle, await house.token(permissions={"other"}, roles={"other"}))
    parameters = {"project_id": TENANT}
    return Target(url, bundle, strong, weak, jobs, parameters, **rest)


def spelt(job: Job, contract: str) -> str:
    """Spell a job's id as a contract does."""
    match contract:
        case "traffic-ops":
            return str(job.number)
        case "ehealth":
            return ids.object_id(job)
        case "ims":
            return ids.hex32(job)
        case _:
            return job.id


def _shown(house: House, bundle: Bundle, token: str) -> dict[str, str]:
    """Give a token by each scheme of the contract that it can be shown by."""
    known: dict[str, str] = {
        "jobToken": token,
        "ehealthToken": token,
        "imsToken": token,
        "ehealthApiKey": house.api_key,
        "trafficOpsSession": house.session(token),
    }
    declared = bundle.document["components"].get("securitySchemes", {})
    if bundle.contract == "ehealth":
        del known["ehealthApiKey"]
    return {name: value for name, value in known.items() if name in declared}


async def _jobs(house: House) -> dict[State, Job]:
    tokens = {state: await house.token(OTHER_TENANT if state is State.FOREIGN else TENANT) for state in LIVES}
    found = {}
    for state, steps in LIVES.items():
        found[state] = await _live(house, {"Authorization": f"Bearer {tokens[state]}"}, steps)
        if state is State.EXPIRED:
            house.clock.move(days=8)
    return found


async def _live(house: House, headers: Mapping[str, str], steps: list[dict[str, Any] | None]) -> Job:
    made = await house.client.post("/jobs", json={"type": "imsImportImageJob"}, headers=headers)
    path = made.headers["Location"]
    for step in steps:
        if step is None:
            answer = await house.client.post(f"{path}/cancel", headers=headers)
        else:
            answer = await house.client.patch(path, json=step, headers=headers)
        assert answer.is_success, answer.text
    found = await house.store.get(made.json()["id"])
    assert isinstance(found, Job)
    return found


__all__ = ["BUNDLES", "EVERYTHING", "URL", "conforming", "spelt", "target"]
