"""How a store gives and takes all that is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobstatus.job import Event, Job, Status
from jobstatus.storage import JobQuery, Kept, Store

from .samples import NOW, SECOND, a_job, bury, change, put, tombstone_of

LAST = 2**63 - 1


async def some_of_all(store: Store) -> list[Kept]:
    """Write a job of one version, a buried one, one of three versions and an expired one."""
    first = await put(store)
    buried = await bury(store, await put(store))
    second = await put(store, work="w")
    third = await change(store, await change(store, second, status=Status.RUNNING), progress=50.0)
    expired = await put(store, expires_at=NOW - SECOND, status=Status.FAILED)
    return [
        Kept(first, tuple(await store.events(first.id))),
        Kept(buried),
        Kept(third, tuple(await store.events(third.id))),
        Kept(expired, tuple(await store.events(expired.id))),
    ]


def kept(number: int, **fields: object) -> Kept:
    """Make a job that is kept under a number."""
    job = replace(a_job(**fields), number=number)
    return Kept(job, (Event.of(job, "producer"),))


class Scanning:
    """The rules of `scan`."""

    async def test_an_empty_store_keeps_nothing(self, store: Store) -> None:
        """There is a page, with nothing in it."""
        assert list(await store.scan(0, 10)) == []

    async def test_all_that_is_kept_is_read_by_its_number(self, store: Store) -> None:
        """Jobs with their timelines, tombstones among them, the smallest number first."""
        everything = await some_of_all(store)

        assert list(await store.scan(0, 10)) == everything
        assert list(await store.scan(everything[1].record.number, 10)) == everything[2:]
        assert list(await store.scan(everything[-1].record.number, 10)) == []
        assert list(await store.scan(LAST, 10)) == []

    async def test_pages_of_what_is_kept_have_neither_gaps_nor_repeats(self, store: Store) -> None:
        """Each begins above the last number of the one before."""
        everything = await some_of_all(store)
        seen: list[Kept] = []
        while page := await store.scan(seen[-1].record.number if seen else 0, 3):
            assert len(page) <= 3
            seen += page

        assert seen == everything


class Restoring:
    """The rules of `restore`."""

    async def test_what_is_restored_is_kept_under_its_own_number(self, store: Store) -> None:
        """Jobs, timelines and tombstones, found by each key, listed and due like any other."""
        running = kept(5, status=Status.RUNNING, tenant="t", lease_until=NOW, work="w")
        tombstone = Kept(tombstone_of(replace(a_job(), number=9)))
        await store.restore(0, LAST, [running, tombstone])

        assert list(await store.scan(0, 10)) == [running, tombstone]
        for each in (running, tombstone):
            assert await store.get(each.record.id) == each.record
            assert await store.get(each.record.number) == each.record
        assert list(await store.events(running.record.id)) == list(running.events)
        assert list(await store.list(JobQuery(alive_at=NOW, tenant="t"))) == [running.record]
        assert await store.forgettable(NOW + SECOND) == 1

    async def test_numbers_given_later_are_greater(self, store: Store) -> None:
        """Those of tombstones count too, and a small one restored later does not set the count back."""
        await store.restore(0, LAST, [kept(7), Kept(tombstone_of(replace(a_job(), number=9)))])
        await store.restore(2, 3, [kept(3)])

        assert (await put(store)).number > 9

    async def test_only_the_span_is_replaced(self, store: Store) -> None:
        """What it held before is gone, by all its keys; what lies outside stays."""
        everything = await some_of_all(store)
        numbers = [each.record.number for each in everything]
        new = kept(numbers[2])
        await store.restore(numbers[0], numbers[2], [new])

        assert list(await store.scan(0, 10)) == [everything[0], new, everything[3]]
        for gone in everything[1:3]:
            assert await store.get(gone.record.id) is None
        assert list(await store.events(everything[2].record.id)) == []
        assert (await put(store, work="w")).work == "w"

    async def test_what_is_restored_twice_is_there_once(self, store: Store) -> None:
        """Whoever is not sure that it was done does it again."""
        everything = await some_of_all(store)
        for _ in range(2):
            await store.restore(0, LAST, everything)

        assert list(await store.scan(0, 10)) == everything

    @pytest.mark.parametrize("buried", [False, True])
    async def test_whatever_else_has_an_id_gives_way(self, store: Store, buried: bool) -> None:
        """Be it outside of the span."""
        job = await put(store)
        if buried:
            await bury(store, job)
        again = kept(job.number + 5, id=job.id)
        await store.restore(job.number + 4, job.number + 5, [again])

        assert list(await store.scan(0, 10)) == [again]
        assert await store.get(job.number) is None

    async def test_whatever_else_does_the_work_lets_go_of_it(self, store: Store) -> None:
        """The job itself stays."""
        job = await put(store, work="w")
        again = kept(job.number + 5, work="w")
        await store.restore(job.number, job.number + 5, [again])
        found = await store.get(job.id)

        assert isinstance(found, Job)
        assert found.work is None
        assert await store.get(again.record.id) == again.record
