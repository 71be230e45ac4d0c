"""Submitting work that is not to be done twice at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from house import OTHER_TENANT, TENANT, MovingClock

from jobstatus.credential import Caller
from jobstatus.job import FailureKind, Report, Status
from jobstatus.service import Draft, JobService
from jobstatus.storage import open_store

US, THEM = Caller(id="us", tenant=TENANT), Caller(id="them", tenant=OTHER_TENANT)
DRAFT = Draft(type="refresh", work="everything", lease=timedelta(seconds=60))


async def house() -> tuple[JobService, MovingClock]:
    """Give a service over an empty store."""
    clock = MovingClock()
    return JobService(await open_store("memory://"), clock=clock), clock


async def test_the_same_work_is_the_same_job_until_that_has_ended() -> None:
    """However far it is."""
    service, _ = await house()
    first, new = await service.submit(US, DRAFT)
    second, again = await service.submit(US, DRAFT)
    await service.report(US, first.id, Report(status=Status.RUNNING))
    third, _ = await service.submit(US, DRAFT)
    await service.report(US, first.id, Report(status=Status.FAILED))
    fourth, anew = await service.submit(US, DRAFT)

    assert (new, again, anew) == (True, False, True)
    assert first.id == second.id == third.id != fourth.id


async def test_work_whose_worker_is_lost_is_begun_again() -> None:
    """From the very next submission on, which ends the lost job."""
    service, clock = await house()
    lost, _ = await service.submit(US, DRAFT)
    clock.move(seconds=61)

    job, new = await service.submit(US, DRAFT)

    ended = await service.get(US, lost.id)
    assert new
    assert job.id != lost.id
    assert ended.error is not None
    assert ended.error.kind is FailureKind.LOST


async def test_work_is_a_tenants_own_and_of_its_type() -> None:
    """The same words of another tenant, or for another kind of work, are other work."""
    service, _ = await house()
    drafts = [(US, DRAFT), (THEM, DRAFT), (US, Draft(type="other", work="everything")), (US, Draft(type="refresh"))]

    jobs = [(await service.submit(caller, draft))[0] for caller, draft in drafts]

    assert len({job.id for job in jobs}) == 4


async def test_of_many_submissions_at_once_one_makes_the_job() -> None:
    """The others are given it."""
    service, _ = await house()

    submitted = await asyncio.gather(*(service.submit(US, DRAFT) for _ in range(50)))

    assert len({job.id for job, _ in submitted}) == 1
    assert sum(new for _, new in submitted) == 1
