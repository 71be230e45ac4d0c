"""Any store does what the plainest one does, whatever is asked of it in whatever order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from jobstatus.credential import Credential
from jobstatus.errors import JobstatusError
from jobstatus.job import Event, Job, Status, Tombstone
from jobstatus.storage import JobQuery, Kept, Store, Term, open_store

from . import strategies
from .stores.noting import LATE
from .stores.samples import NOW

Opener = Callable[[], Awaitable[Store]]
Call = Callable[["Side"], Awaitable[Any]]
R = TypeVar("R", Job, Tombstone)

IDS = st.sampled_from(["a", "b", "c"])
NUMBERS = st.integers(0, 12)
MOMENTS = st.integers(-3, 3).map(lambda seconds: NOW + timedelta(seconds=seconds))
NOTES = st.sampled_from([b"", b"x", b"y"])
ENOUGH = 100
"""More than there is, so that no store has to choose."""

JOBS = st.builds(
    replace,
    strategies.jobs(),
    id=IDS,
    tenant=st.sampled_from(["t", "u"]),
    status=st.sampled_from(Status),
    created_at=MOMENTS,
    updated_at=MOMENTS,
    expires_at=st.none() | MOMENTS,
    lease_until=st.none() | MOMENTS,
)
QUERIES = st.builds(
    JobQuery,
    alive_at=MOMENTS,
    tenant=st.sampled_from([None, "t", "u"]),
    statuses=st.frozensets(st.sampled_from(Status), max_size=3),
    created_from=st.none() | MOMENTS,
    created_before=st.none() | MOMENTS,
    below_number=st.none() | NUMBERS,
    limit=st.integers(1, ENOUGH),
)
CREDENTIALS = st.builds(
    replace, strategies.credentials(), id=IDS, digest=st.sampled_from([b"x", b"y", b"z"]), created_at=MOMENTS
)


class StoreMachine(RuleBasedStateMachine):
    """Asks the store under test and one in memory the same, and compares what they say.

    Numbers may have gaps, so both speak of the first, the second, … job that was created.
    """

    def __init__(self, open_one: Opener) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._sides = [Side(self._runner.run(_opened(opener))) for opener in (open_one, _open_plain)]

    def teardown(self) -> None:
        for side in self._sides:
            self._runner.run(side.store.aclose())
        self._runner.close()

    @rule(job=JOBS, event=strategies.events())
    def create(self, job: Job, event: Event) -> None:
        self._ask(lambda side: side.create(job, replace(event, version=1)))

    @rule(id=IDS, to=JOBS, event=strategies.events(), skew=st.sampled_from([0, 0, 0, -1, 1]))
    def replace(self, id: str, to: Job, event: Event, skew: int) -> None:
        found = self._ask(lambda side: side.store.get(id))
        number, version = (found.number, found.version) if isinstance(found, Job) else (1, 1)
        changed = replace(to, id=id, number=number, version=version + 1 + skew)
        self._ask(lambda side: side.store.replace(side.own(changed), replace(event, version=changed.version)))

    @rule(id=IDS, at=MOMENTS, skew=st.sampled_from([0, 0, 0, -1, 1]))
    def bury(self, id: str, at: Any, skew: int) -> None:
        found = self._ask(lambda side: side.store.get(id))
        if isinstance(found, Job):
            tombstone, job = Tombstone.of(found, "deleted", at), replace(found, version=found.version + skew)
            self._ask(lambda side: side.store.bury(side.own(job), side.own(tombstone)))

    @rule(now=MOMENTS)
    def expire(self, now: Any) -> None:
        self._ask(lambda side: side.store.expire(now, ENOUGH))

    @rule(above=NUMBERS)
    def scan(self, above: int) -> None:
        self._ask(lambda side: side.store.scan(side.number(above), ENOUGH))

    @rule(before=MOMENTS)
    def forget(self, before: Any) -> None:
        self._ask(lambda side: side.store.forgettable(before))
        self._ask(lambda side: side.store.forget(before, ENOUGH))

    @rule(id=IDS)
    def get(self, id: str) -> None:
        self._ask(lambda side: side.store.get(id))

    @rule(number=NUMBERS)
    def get_by_number(self, number: int) -> None:
        self._ask(lambda side: side.store.get(side.number(number)))

    @rule(id=IDS)
    def events(self, id: str) -> None:
        self._ask(lambda side: side.store.events(id))

    @rule(query=QUERIES)
    def list(self, query: JobQuery) -> None:
        self._ask(lambda side: side.list(query))

    @rule(term=st.sampled_from(Term), now=MOMENTS)
    def due(self, term: Term, now: Any) -> None:
        self._ask(lambda side: side.store.due(term, now, ENOUGH))

    @rule(tenant=st.sampled_from(["t", "u"]), since=MOMENTS, limit=st.integers(1, 3))
    def changed(self, tenant: str, since: Any, limit: int) -> None:
        self._ask(lambda side: side.store.changed(tenant, since, limit))

    @rule(key=IDS, was=st.none() | NOTES, to=NOTES)
    def swap(self, key: str, was: bytes | None, to: bytes) -> None:
        self._ask(lambda side: side.store.swap(key, was, to, LATE))
        self._ask(lambda side: side.store.note(key))

    @rule(credential=CREDENTIALS)
    def add_credential(self, credential: Credential) -> None:
        self._ask(lambda side: side.store.add_credential(credential))

    @rule(id=IDS, at=MOMENTS)
    def revoke_credential(self, id: str, at: Any) -> None:
        self._ask(lambda side: side.store.revoke_credential(id, at))
        self._ask(lambda side: side.store.credentials())

    def _ask(self, call: Call) -> Any:
        said, expected = (self._runner.run(side.outcome(call(side))) for side in self._sides)

        assert said == expected
        return said


class Side:
    """A store, and the numbers that it gave."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._numbers: list[int] = []

    async def create(self, job: Job, event: Event) -> Job:
        """Create a job, and remember its number."""
        created = await self.store.create(job, event)
        self._numbers.append(created.number)
        return created

    async def list(self, query: JobQuery) -> Sequence[Job]:
        """List below the job of which the query tells."""
        below = None if query.below_number is None else self.number(query.below_number)
        return await self.store.list(replace(query, below_number=below))

    def number(self, creation: int) -> int:
        """Tell the number that a creation got; one that none has, for one that was not made."""
        if 0 < creation <= len(self._numbers):
            return self._numbers[creation - 1]
        return 0 if creation < 1 else 10**9

    def own(self, record: R) -> R:
        """Give a record under the number that it has in this store."""
        return replace(record, number=self.number(record.number))

    async def outcome(self, answer: Awaitable[Any]) -> Any:
        """Give what the store answers, its errors among it, in a form that can be compared."""
        try:
            return self._plain(await answer)
        except JobstatusError as error:
            return type(error), str(error)

    def _plain(self, answer: Any) -> Any:
        if isinstance(answer, Sequence) and not isinstance(answer, str):
            return [self._plain(each) for each in answer]
        if isinstance(answer, Kept):
            return replace(answer, record=self._plain(answer.record))
        if isinstance(answer, Job | Tombstone):
            return replace(answer, number=self._numbers.index(answer.number) + 1)
        return answer


async def _opened(opener: Opener) -> Store:
    return await opener()


async def _open_plain() -> Store:
    return await open_store("memory://")
