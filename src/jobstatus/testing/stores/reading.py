"""What a store must answer when single records are read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from jobstatus.ids import new_id
from jobstatus.job import Event, Job, Status
from jobstatus.storage import Store
from jobstatus.testing import strategies

from .samples import NOW, SECOND, a_job, bury, change, end, put, shared_store


class Reading:
    """The rules of `get` and `events`."""

    async def test_an_unknown_id_is_nothing(self, store: Store) -> None:
        """An id that nobody chose has neither a record nor a timeline."""
        await put(store)

        assert await store.get(new_id()) is None
        assert list(await store.events(new_id())) == []

    @pytest.mark.parametrize("number", [-1, 0, 2, 2**63 - 1, 2**63, 2**200])
    async def test_an_unknown_number_is_nothing(self, store: Store, number: int) -> None:
        """A number that no job has is nothing, were it larger than any store can count."""
        await put(store)

        assert await store.get(number) is None

    async def test_a_job_is_read_by_its_id_and_by_its_number(self, store: Store) -> None:
        """Both keys lead to the same record."""
        job = await put(store)

        assert await store.get(job.id) == job
        assert await store.get(job.number) == job

    async def test_an_id_made_of_digits_is_no_number(self, store: Store) -> None:
        """Text is an id and an integer a number, whatever they look like."""
        first, second = await put(store, id="2"), await put(store, id="1")

        assert await store.get("1") == second
        assert await store.get(1) == first

    async def test_an_expired_job_is_read_until_it_is_buried(self, store: Store) -> None:
        """A store knows no time: who reads decides what has expired."""
        job = await put(store, status=Status.FAILED, expires_at=NOW - SECOND)

        assert await store.get(job.id) == job
        assert len(await store.events(job.id)) == 1

    async def test_a_buried_job_is_read_as_its_tombstone(self, store: Store) -> None:
        """By both keys the tombstone is found, and the timeline is no more."""
        job = await end(store, await put(store))
        tombstone = await bury(store, job)

        assert await store.get(job.id) == tombstone
        assert await store.get(job.number) == tombstone
        assert list(await store.events(job.id)) == []

    async def test_a_forgotten_job_is_nothing(self, store: Store) -> None:
        """Once its tombstone is dropped, neither key is known."""
        job = await put(store)
        await bury(store, job)
        await store.forget(NOW + SECOND, 10)

        assert await store.get(job.id) is None
        assert await store.get(job.number) is None

    async def test_a_timeline_holds_each_version_once_oldest_first(self, store: Store) -> None:
        """Every change left one event, and no other job's events are among them."""
        job, other = await put(store), await put(store)
        for percent in range(5):
            job = await change(store, job, progress=float(percent))
            other = await change(store, other)

        events = await store.events(job.id)

        assert [event.version for event in events] == [1, 2, 3, 4, 5, 6]
        assert [event.progress for event in events] == [None, 0, 1, 2, 3, 4]
        assert events[-1] == Event.of(job, "worker")

    @shared_store
    @given(drawn=strategies.jobs(), version=strategies.jobs())
    async def test_any_job_is_read_as_it_was_written(self, store: Store, drawn: Job, version: Job) -> None:
        """Nothing is lost, rounded, or made another type: neither on creation nor on replacement."""
        job = await put(store, replace(drawn, id=new_id()))
        changed = replace(version, id=job.id, number=job.number, version=2)

        assert repr(job) == repr(replace(drawn, id=job.id, number=job.number))
        assert repr(await store.get(job.id)) == repr(job)
        await store.replace(changed, Event.of(changed, "worker"))
        assert repr(await store.get(job.number)) == repr(changed)

    @shared_store
    @given(drawn=strategies.events())
    async def test_any_event_is_read_as_it_was_written(self, store: Store, drawn: Event) -> None:
        """A timeline is exact too."""
        job = a_job()
        event = replace(drawn, version=1)
        await store.create(job, event)

        assert repr(list(await store.events(job.id))) == repr([event])
