"""What a store must answer when jobs are listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstatus.ids import new_id
from jobstatus.job import Job, Status
from jobstatus.storage import JobQuery, Store

from .samples import NOW, SECOND, a_job, bury, put, shared_store

TYPES = ("a", "b")
MOMENTS = st.integers(-3, 3).map(lambda seconds: NOW + timedelta(seconds=seconds))

some_jobs = st.lists(
    st.builds(
        a_job,
        id=st.builds(new_id),
        type=st.sampled_from(TYPES),
        status=st.sampled_from(Status),
        created_at=MOMENTS,
        expires_at=st.none() | MOMENTS,
    ),
    max_size=8,
)
queries = st.builds(
    JobQuery,
    alive_at=MOMENTS,
    statuses=st.frozensets(st.sampled_from(Status), max_size=3),
    type=st.none() | st.sampled_from([*TYPES, "c"]),
    created_from=st.none() | MOMENTS,
    created_before=st.none() | MOMENTS,
    limit=st.integers(1, 5),
)


def fitting(jobs: Sequence[Job], query: JobQuery) -> list[Job]:
    """List as a store must, the plain way."""
    rules: list[Callable[[Job], bool]] = [
        lambda job: job.expires_at is None or job.expires_at > query.alive_at,
        lambda job: query.tenant is None or job.tenant == query.tenant,
        lambda job: not query.statuses or job.status in query.statuses,
        lambda job: query.type is None or job.type == query.type,
        lambda job: query.created_from is None or job.created_at >= query.created_from,
        lambda job: query.created_before is None or job.created_at < query.created_before,
        lambda job: query.below_number is None or job.number < query.below_number,
    ]
    found = [job for job in jobs if all(keeps(job) for keeps in rules)]
    return sorted(found, key=lambda job: job.number, reverse=True)[: query.limit]


async def put_all(store: Store, jobs: Sequence[Job], tenant: str) -> list[Job]:
    """Write jobs of one tenant."""
    return [await put(store, replace(job, tenant=tenant)) for job in jobs]


class Listing:
    """The rules of `list`."""

    async def test_an_empty_store_lists_nothing(self, store: Store) -> None:
        """There is a list, with nothing in it."""
        assert list(await store.list(JobQuery(alive_at=NOW))) == []

    async def test_the_newest_number_comes_first(self, store: Store) -> None:
        """The order is that of creation, backwards, whatever the clock said."""
        jobs = [await put(store, created_at=NOW - SECOND * i) for i in range(4)]

        assert list(await store.list(JobQuery(alive_at=NOW))) == jobs[::-1]

    @pytest.mark.parametrize(
        ("filter", "kept"),
        [
            ({}, [3, 2, 1, 0]),
            ({"tenant": "t0"}, [2, 0]),
            ({"tenant": "nobody"}, []),
            ({"statuses": frozenset({Status.PENDING})}, [2, 0]),
            ({"statuses": frozenset({Status.PENDING, Status.RUNNING})}, [3, 2, 1, 0]),
            ({"statuses": frozenset({Status.FAILED})}, []),
            ({"type": "x1"}, [1]),
            ({"created_from": NOW + SECOND}, [3, 2, 1]),
            ({"created_before": NOW + SECOND}, [0]),
            ({"created_from": NOW + SECOND, "created_before": NOW + SECOND * 3}, [2, 1]),
            ({"below_number": 3}, [1, 0]),
            ({"below_number": 2**200}, [3, 2, 1, 0]),
            ({"below_number": 0}, []),
            ({"limit": 2}, [3, 2]),
            ({"tenant": "t0", "type": "x2", "limit": 1}, [2]),
        ],
    )
    async def test_each_filter_keeps_what_fits(self, store: Store, filter: dict[str, Any], kept: list[int]) -> None:
        """Spans of creation include their start and exclude their end."""
        statuses = (Status.PENDING, Status.RUNNING)
        jobs = [
            await put(store, tenant=f"t{i % 2}", type=f"x{i}", status=statuses[i % 2], created_at=NOW + SECOND * i)
            for i in range(4)
        ]

        assert list(await store.list(JobQuery(alive_at=NOW, **filter))) == [jobs[i] for i in kept]

    async def test_expired_and_buried_jobs_are_left_out(self, store: Store) -> None:
        """A job that expires at the very moment asked for has expired."""
        await put(store, expires_at=NOW)
        alive = await put(store, expires_at=NOW + timedelta(microseconds=1))
        await bury(store, await put(store))

        assert list(await store.list(JobQuery(alive_at=NOW))) == [alive]

    @shared_store
    @given(jobs=some_jobs, query=queries)
    async def test_filters_combine(self, store: Store, jobs: list[Job], query: JobQuery) -> None:
        """What is listed fits all filters at once, and all that fits is listed."""
        tenant = new_id()
        written = await put_all(store, jobs, tenant)
        query = replace(query, tenant=tenant)

        assert list(await store.list(query)) == fitting(written, query)

    @shared_store
    @given(jobs=some_jobs, query=queries, meanwhile=st.lists(some_jobs, max_size=4))
    async def test_pages_have_neither_gaps_nor_repeats(
        self, store: Store, jobs: list[Job], query: JobQuery, meanwhile: list[list[Job]]
    ) -> None:
        """Whoever follows the pages sees each job that was there at the start once, whatever is created meanwhile."""
        tenant = new_id()
        query = replace(query, tenant=tenant)
        written = await put_all(store, jobs, tenant)
        arrivals = iter(meanwhile)
        seen: list[Job] = []
        while page := await store.list(query):
            seen += page
            query = replace(query, below_number=page[-1].number)
            await put_all(store, next(arrivals, []), tenant)

        assert seen == fitting(written, replace(query, below_number=None, limit=len(written)))
