"""What a store must do when it is swept."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from jobstatus.job import Job, Status, Tombstone
from jobstatus.storage import Store, Term

from .samples import NOW, SECOND, bury, put

MICROSECOND = timedelta(microseconds=1)


class Finding:
    """The rules of `due`."""

    @pytest.mark.parametrize("term", Term)
    async def test_nothing_is_due_in_an_empty_store(self, store: Store, term: Term) -> None:
        """There is a list, with nothing in it."""
        assert list(await store.due(term, NOW, 10)) == []

    async def test_what_has_lapsed_or_expired_is_due(self, store: Store) -> None:
        """Each for its own term, from the very moment that is named in the record."""
        lapsed = await put(store, status=Status.RUNNING, lease_until=NOW)
        expired = await put(store, status=Status.FAILED, expires_at=NOW)

        assert list(await store.due(Term.LEASE, NOW, 10)) == [lapsed]
        assert list(await store.due(Term.RETENTION, NOW, 10)) == [expired]
        for term in Term:
            assert list(await store.due(term, NOW - MICROSECOND, 10)) == []

    async def test_the_longest_overdue_comes_first(self, store: Store) -> None:
        """So no backlog can hide what has waited longest."""
        jobs = [await put(store, lease_until=NOW - SECOND * i, expires_at=NOW - SECOND * i) for i in (1, 3, 2)]

        for term in Term:
            assert list(await store.due(term, NOW, 2)) == [jobs[1], jobs[2]]

    @pytest.mark.parametrize("status", [status for status in Status if status.terminal])
    async def test_a_job_that_has_ended_cannot_lapse(self, store: Store, status: Status) -> None:
        """Its worker owes nothing any more."""
        await put(store, status=status, lease_until=NOW - SECOND)

        assert list(await store.due(Term.LEASE, NOW, 10)) == []

    @pytest.mark.parametrize("term", Term)
    async def test_jobs_without_lease_or_expiry_are_never_due(self, store: Store, term: Term) -> None:
        """Neither are those that are buried already."""
        await put(store)
        await bury(store, await put(store, lease_until=NOW, expires_at=NOW))

        assert list(await store.due(term, NOW + SECOND * 10**9, 10)) == []

    async def test_no_more_jobs_are_found_than_asked_for(self, store: Store) -> None:
        """Each is found once, and what is buried makes room for the rest."""
        jobs = {(await put(store, expires_at=NOW)).id for _ in range(5)}
        found: list[str] = []
        while batch := await store.due(Term.RETENTION, NOW, 2):
            assert len(batch) <= 2
            for job in batch:
                await bury(store, job)
                found.append(job.id)

        assert len(found) == 5
        assert set(found) == jobs

    @pytest.mark.parametrize("term", Term)
    async def test_pages_of_what_is_due_have_neither_gaps_nor_repeats(self, store: Store, term: Term) -> None:
        """Though many have run out at the same moment: then the smaller number comes first."""
        moments = [NOW - SECOND * (i // 4) for i in range(10)]
        jobs = [await put(store, lease_until=at, expires_at=at) for at in moments]
        expected = sorted(jobs, key=lambda job: (job.expires_at, job.number))
        seen: list[Job] = []
        while page := await store.due(term, NOW, 3, seen[-1] if seen else None):
            seen += page

        assert seen == expected


class Expiring:
    """The rules of `expire`."""

    async def test_nothing_expires_in_an_empty_store(self, store: Store) -> None:
        """The count says so."""
        assert await store.expire(NOW, 10) == 0

    async def test_what_has_expired_leaves_a_tombstone(self, store: Store) -> None:
        """It tells when; the timeline and the work are gone; what expires later, or never, stays."""
        expired = await put(store, expires_at=NOW, work="w")
        others = [await put(store, expires_at=NOW + MICROSECOND), await put(store)]

        assert await store.expire(NOW, 10) == 1
        assert await store.get(expired.id) == Tombstone.of(expired, "expired", NOW)
        assert await store.get(expired.number) == Tombstone.of(expired, "expired", NOW)
        assert list(await store.events(expired.id)) == []
        assert [await store.get(other.id) for other in others] == others
        assert (await put(store, work="w")).work == "w"

    async def test_no_more_expire_at_once_than_asked_for(self, store: Store) -> None:
        """The longest overdue are the first, and the count tells how many they were."""
        jobs = [await put(store, expires_at=NOW - SECOND * i) for i in (1, 3, 2)]

        assert await store.expire(NOW, 2) == 2
        assert [isinstance(await store.get(job.id), Tombstone) for job in jobs] == [False, True, True]
        assert [await store.expire(NOW, 2) for _ in range(2)] == [1, 0]

    async def test_servers_that_expire_at_once_bury_each_job_once(self, store: Store) -> None:
        """What they tell adds up."""
        jobs = [await put(store, expires_at=NOW) for _ in range(20)]
        done = sum(await asyncio.gather(*(store.expire(NOW, 5) for _ in range(8))))
        while more := await store.expire(NOW, 5):
            done += more

        assert done == len(jobs)
        assert all([isinstance(await store.get(job.id), Tombstone) for job in jobs])


class Forgetting:
    """The rules of `forget` and `forgettable`."""

    async def test_tombstones_set_before_are_dropped(self, store: Store) -> None:
        """Those set at that moment or later stay, and jobs are not touched."""
        old, edge, job = await put(store), await put(store), await put(store)
        await bury(store, old, NOW - MICROSECOND)
        kept = await bury(store, edge, NOW)

        assert await store.forgettable(NOW) == 1
        assert await store.forget(NOW, 10) == 1
        assert await store.forgettable(NOW) == 0
        assert await store.get(old.id) is None
        assert await store.get(edge.id) == kept
        assert await store.get(job.id) == job

    async def test_no_more_tombstones_are_dropped_than_asked_for(self, store: Store) -> None:
        """The count tells how many they were."""
        for _ in range(5):
            await bury(store, await put(store))

        assert [await store.forget(NOW + SECOND, 2) for _ in range(4)] == [2, 2, 1, 0]
