"""What a store must answer when it is asked what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jobstatus.ids import new_id
from jobstatus.job import Event, Job, Status
from jobstatus.storage import Kept, Store

from .samples import NOW, SECOND, a_job, bury, change, next_version, put, shared_store

MICROSECOND = timedelta(microseconds=1)
TENANTS = st.sampled_from(["", "a", "ab", 'a"', "ä"])
"""What is put behind a tenant of the example's own: so one begins as another does."""
MOMENTS = st.integers(-3, 3).map(lambda i: NOW + i * MICROSECOND)

some_changes = st.lists(st.tuples(TENANTS, st.lists(MOMENTS, min_size=1, max_size=3)), max_size=12)
"""The tenant of each job, and when each of its versions was written."""


def changed(jobs: Sequence[Job], tenant: str, since: datetime) -> list[Job]:
    """Tell what has changed, the plain way."""
    found = [job for job in jobs if job.tenant == tenant and job.updated_at >= since]
    return sorted(found, key=lambda job: (job.updated_at, job.number))


async def lead_life(store: Store, tenant: str, moments: Sequence[datetime]) -> Job:
    """Write a job, a version for each moment."""
    job = await put(store, tenant=tenant, updated_at=moments[0])
    for moment in moments[1:]:
        job = replace(next_version(job), updated_at=moment)
        await store.replace(job, Event.of(job, "worker"))
    return job


async def pages(store: Store, tenant: str, since: datetime, limit: int) -> list[Job]:
    """Read all pages of what has changed."""
    seen: list[Job] = []
    while page := await store.changed(tenant, since, limit, seen[-1] if seen else None):
        assert len(page) <= limit
        seen += page
    return seen


class Changing:
    """The rules of `changed`."""

    async def test_nothing_has_changed_in_an_empty_store(self, store: Store) -> None:
        """There is a list, with nothing in it."""
        assert list(await store.changed("t", NOW, 10)) == []

    async def test_what_changed_at_that_moment_or_later_is_told(self, store: Store) -> None:
        """To the microsecond; each job once, as it is now, and in the place of its last change."""
        first, second = await put(store), await put(store)
        other = await put(store, updated_at=NOW + MICROSECOND)
        later = await change(store, first)

        assert list(await store.changed("t", NOW, 10)) == [second, other, later]
        assert list(await store.changed("t", NOW + MICROSECOND, 10)) == [other, later]
        assert list(await store.changed("t", NOW + SECOND, 10)) == [later]
        assert list(await store.changed("t", NOW + SECOND + MICROSECOND, 10)) == []

    async def test_jobs_of_other_tenants_are_left_out(self, store: Store) -> None:
        """One that moves to another tenant is told of there alone."""
        job = await put(store, tenant="t")
        await put(store, tenant="t2")
        moved = await change(store, job, tenant="u")

        assert list(await store.changed("t", NOW, 10)) == []
        assert list(await store.changed("u", NOW, 10)) == [moved]

    async def test_jobs_of_a_moment_are_in_the_order_of_their_numbers(self, store: Store) -> None:
        """As numbers are ordered, not as text is; and a page begins after the last job of the one before."""
        jobs = [await put(store) for _ in range(12)]

        assert list(await store.changed("t", NOW, 20)) == jobs
        assert list(await store.changed("t", NOW, 3, jobs[8])) == jobs[9:]
        assert list(await store.changed("t", NOW, 20, jobs[-1])) == []

    async def test_expired_jobs_are_told_until_they_are_buried(self, store: Store) -> None:
        """A store knows no time; a tombstone is no job."""
        expired = await put(store, status=Status.FAILED, expires_at=NOW - SECOND)
        buried = await put(store)
        await bury(store, buried)

        assert list(await store.changed("t", NOW, 10)) == [expired]
        await store.expire(NOW, 10)
        assert list(await store.changed("t", NOW, 10)) == []

    async def test_restored_jobs_are_told_as_they_are_now(self, store: Store) -> None:
        """What they have replaced is told no more."""
        job = await put(store)
        again = replace(job, updated_at=NOW + SECOND)
        await store.restore(0, job.number, [Kept(again, (Event.of(again, "producer"),))])

        assert list(await store.changed("t", NOW, 10)) == [again]
        await store.restore(0, job.number, [])
        assert list(await store.changed("t", NOW, 10)) == []

    @shared_store
    @given(changes=some_changes, asked=TENANTS, since=MOMENTS, limit=st.integers(1, 5))
    async def test_pages_of_what_has_changed_have_neither_gaps_nor_repeats(
        self, store: Store, changes: list[tuple[str, list[datetime]]], asked: str, since: datetime, limit: int
    ) -> None:
        """Whoever follows the pages sees just what has changed, the earliest change first."""
        own = new_id()
        jobs = [await lead_life(store, own + tenant, moments) for tenant, moments in changes]

        assert await pages(store, own + asked, since, limit) == changed(jobs, own + asked, since)

    async def test_any_moment_may_be_asked_of(self, store: Store) -> None:
        """From the beginning of time to its end."""
        moments = [NOW.min.replace(tzinfo=NOW.tzinfo), NOW, NOW.max.replace(tzinfo=NOW.tzinfo)]
        jobs = [await put(store, a_job(updated_at=moment)) for moment in moments]

        assert [len(await store.changed("t", moment, 10)) for moment in moments] == [3, 2, 1]
        assert await pages(store, "t", moments[0], 1) == jobs
