"""What a store must do when single records are written."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from jobstatus.errors import DuplicateId, DuplicateWork, VersionMismatch
from jobstatus.job import Event, Job, Status, Tombstone
from jobstatus.storage import Store

from .samples import NOW, SECOND, a_job, bury, change, next_version, put, tombstone_of

MANY = 20
PATIENCE = 20.0
"""Seconds that a store may take, on a machine that is busy."""


async def everything(store: Store, job: Job) -> tuple[object, list[Event]]:
    """Read all that is kept of a job."""
    return await store.get(job.id), list(await store.events(job.id))


class Creating:
    """The rules of `create`."""

    async def test_numbers_start_at_one_and_grow(self, store: Store) -> None:
        """The first job has number 1, each later one a greater number."""
        numbers = [(await put(store)).number for _ in range(5)]

        assert numbers[0] == 1
        assert numbers == sorted(set(numbers))

    async def test_jobs_created_at_once_have_numbers_of_their_own(self, store: Store) -> None:
        """No number is given to two jobs."""
        created = await asyncio.gather(*(put(store) for _ in range(MANY)))

        assert len({job.number for job in created}) == MANY
        assert [await store.get(job.number) for job in created] == created

    async def test_a_number_is_never_used_again(self, store: Store) -> None:
        """Not even where nothing is left of the job that had it."""
        first, newest = await put(store), await put(store)
        await bury(store, newest)
        await store.forget(NOW + SECOND, 10)

        assert first.number < newest.number < (await put(store)).number

    async def test_an_id_is_taken_while_its_job_is_there(self, store: Store) -> None:
        """The second creation is refused, and the first job is as it was."""
        job = await put(store)
        before = await everything(store, job)

        with pytest.raises(DuplicateId) as refused:
            await put(store, id=job.id, tenant="another")

        assert refused.value.id == job.id
        assert await everything(store, job) == before

    async def test_work_is_taken_while_a_job_does_it(self, store: Store) -> None:
        """The second creation is refused and told whose it is; jobs whose work has no name are in nobody's way."""
        job = await put(store, work="w")
        await put(store)

        with pytest.raises(DuplicateWork) as refused:
            await put(store, work="w")

        assert refused.value.id == job.id
        assert await store.get(job.id) == job

    async def test_work_is_free_once_its_job_has_let_go_of_it(self, store: Store) -> None:
        """By a version that does not name it any more, or by a burial."""
        first = await put(store, work="w")
        await change(store, first, work=None)
        second = await put(store, work="w")
        await bury(store, second)

        assert (await put(store, work="w")).work == "w"

    async def test_of_many_creations_of_the_same_work_one_is_made(self, store: Store) -> None:
        """However many come at once."""
        made = await asyncio.gather(*(put(store, work="w") for _ in range(MANY)), return_exceptions=True)

        (job,) = (each for each in made if isinstance(each, Job))
        others = [each for each in made if isinstance(each, DuplicateWork)]
        assert [each.id for each in others] == [job.id] * (MANY - 1)

    async def test_an_id_is_taken_while_its_tombstone_is_there(self, store: Store) -> None:
        """What is left of a job still holds its id."""
        job = await put(store)
        tombstone = await bury(store, job)

        with pytest.raises(DuplicateId):
            await put(store, id=job.id)

        assert await everything(store, job) == (tombstone, [])

    async def test_an_id_that_is_forgotten_is_free(self, store: Store) -> None:
        """A new job may take it, under a number of its own."""
        job = await put(store)
        await bury(store, job)
        await store.forget(NOW + SECOND, 10)
        again = await put(store, id=job.id)

        assert await store.get(job.id) == again
        assert await store.get(job.number) is None

    async def test_of_those_who_want_an_id_at_once_one_gets_it(self, store: Store) -> None:
        """All others are told that it is taken."""
        wanted = [a_job(id="wanted", owner=str(i)) for i in range(MANY)]
        outcomes = await asyncio.gather(*(put(store, job) for job in wanted), return_exceptions=True)
        winners = [outcome for outcome in outcomes if isinstance(outcome, Job)]

        assert [await store.get("wanted")] == winners
        assert sum(isinstance(outcome, DuplicateId) for outcome in outcomes) == MANY - 1


class Replacing:
    """The rules of `replace`."""

    async def test_the_next_version_takes_the_place_of_the_one_before(self, store: Store) -> None:
        """What is read afterwards is what was written, and nothing else changed."""
        job, other = await put(store), await put(store)
        changed = await change(store, job, status=Status.RUNNING, progress=12.5)

        assert await store.get(job.id) == changed
        assert await store.get(other.id) == other

    @pytest.mark.parametrize("version", [1, 2, 4, 9])
    async def test_any_other_version_is_refused(self, store: Store, version: int) -> None:
        """A job at version 2 takes version 3 alone; a refused one leaves neither record nor event."""
        job = await change(store, await put(store))
        before = await everything(store, job)
        wrong = replace(job, version=version, message="wrong")

        with pytest.raises(VersionMismatch) as refused:
            await store.replace(wrong, Event.of(wrong, "worker"))

        assert (refused.value.id, refused.value.expected) == (job.id, version - 1)
        assert await everything(store, job) == before

    async def test_a_job_that_is_not_there_has_no_next_version(self, store: Store) -> None:
        """A replacement never creates."""
        absent = replace(next_version(a_job()), number=7)

        with pytest.raises(VersionMismatch):
            await store.replace(absent, Event.of(absent, "worker"))

        assert await everything(store, absent) == (None, [])

    async def test_a_buried_job_has_no_next_version(self, store: Store) -> None:
        """A tombstone is final."""
        job = await put(store)
        tombstone = await bury(store, job)

        with pytest.raises(VersionMismatch):
            await change(store, job)

        assert await everything(store, job) == (tombstone, [])

    async def test_of_those_who_replace_at_once_one_wins(self, store: Store) -> None:
        """The record and its one new event are the winner's."""
        job = await put(store)
        versions = [next_version(job, message=str(i)) for i in range(MANY)]
        outcomes = await asyncio.gather(
            *(store.replace(version, Event.of(version, "worker")) for version in versions), return_exceptions=True
        )
        winners = [version for version, outcome in zip(versions, outcomes, strict=True) if outcome is None]

        assert [await store.get(job.id)] == winners
        assert [event.message for event in await store.events(job.id)] == [None, winners[0].message]
        assert sum(isinstance(outcome, VersionMismatch) for outcome in outcomes) == MANY - 1


class Burying:
    """The rules of `bury`."""

    @pytest.mark.parametrize("version", [1, 3])
    async def test_a_job_at_another_version_is_not_buried(self, store: Store, version: int) -> None:
        """The job and its timeline are as they were."""
        job = await change(store, await put(store))
        before = await everything(store, job)

        with pytest.raises(VersionMismatch) as refused:
            await bury(store, replace(job, version=version))

        assert (refused.value.id, refused.value.expected) == (job.id, version)
        assert await everything(store, job) == before

    async def test_a_job_that_is_not_there_is_not_buried(self, store: Store) -> None:
        """No tombstone is set for nothing."""
        absent = replace(a_job(), number=7)

        with pytest.raises(VersionMismatch):
            await bury(store, absent)

        assert await store.get(absent.id) is None

    async def test_a_job_is_buried_once(self, store: Store) -> None:
        """The first tombstone stays."""
        job = await put(store)
        tombstone = await bury(store, job)

        with pytest.raises(VersionMismatch):
            await bury(store, job, NOW + SECOND)

        assert await store.get(job.id) == tombstone

    async def test_either_a_burial_or_a_change_wins(self, store: Store) -> None:
        """Of two that start from the same version, one is refused and leaves nothing."""
        for job in [await put(store) for _ in range(MANY)]:
            buried, changed = await asyncio.gather(
                store.bury(job, tombstone_of(job)), change(store, job), return_exceptions=True
            )
            losers = [isinstance(outcome, VersionMismatch) for outcome in (buried, changed)]

            assert sorted(losers) == [False, True]
            assert await store.get(job.id) == (tombstone_of(job) if losers[1] else changed)

    async def test_a_job_that_is_being_buried_is_never_missing(self, store: Store) -> None:
        """At every moment a reader finds either the job or its tombstone."""
        jobs = [await put(store) for _ in range(MANY)]
        seen: list[Job | Tombstone | None] = []

        async def watch(job: Job) -> None:
            while not isinstance(found := await store.get(job.id), Tombstone):
                seen.append(found)
                await asyncio.sleep(0)

        watchers = asyncio.gather(*(watch(job) for job in jobs))
        for job in jobs:
            await bury(store, job)
        await asyncio.wait_for(watchers, PATIENCE)

        assert None not in seen


class Enduring:
    """The rules of cancellation and closing."""

    @pytest.mark.parametrize("done", range(0, MANY, 4))
    async def test_callers_who_give_up_leave_a_store_that_works(self, store: Store, done: int) -> None:
        """Whenever a caller is cancelled, what it began is done wholly or not at all, and others are not held up."""
        for turns in range(0, 40, 2):
            jobs = [a_job() for _ in range(MANY)]
            tasks = [asyncio.ensure_future(put(store, job)) for job in jobs]
            await asyncio.gather(*tasks[:done])
            for _ in range(turns):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

            for job in jobs:
                found, events = await asyncio.wait_for(everything(store, job), PATIENCE)
                whole = replace(job, number=getattr(found, "number", 0)), [Event.of(job, "producer")]
                assert found is None or (found, events) == whole
            assert await asyncio.wait_for(put(store), PATIENCE)

    async def test_a_store_may_be_closed_twice(self, store: Store) -> None:
        """The second time does nothing."""
        await put(store)
        await store.aclose()
        await store.aclose()
