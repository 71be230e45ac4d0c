"""Any store does what the plainest one does, whatever is asked of it in whatever order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from jobstatus.credential import Credential
from jobstatus.errors import JobstatusError
from jobstatus.job import Event, Job, Status, Tombstone
from jobstatus.storage import JobQuery, Store, Term, open_store

from . import strategies
from .stores.samples import NOW

Opener = Callable[[], Awaitable[Store]]
Call = Callable[[Store], Awaitable[Any]]

IDS = st.sampled_from(["a", "b", "c"])
NUMBERS = st.integers(0, 12)
MOMENTS = st.integers(-3, 3).map(lambda seconds: NOW + timedelta(seconds=seconds))
ENOUGH = 100
"""More than there is, so that no store has to choose."""

JOBS = st.builds(
    replace,
    strategies.jobs(),
    id=IDS,
    tenant=st.sampled_from(["t", "u"]),
    status=st.sampled_from(Status),
    created_at=MOMENTS,
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
    """Asks the store under test and one in memory the same, and compares what they say."""

    def __init__(self, open_one: Opener) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._stores = [self._runner.run(self._open(opener)) for opener in (open_one, _open_plain)]

    def teardown(self) -> None:
        for store in self._stores:
            self._runner.run(store.aclose())
        self._runner.close()

    @rule(job=JOBS, event=strategies.events())
    def create(self, job: Job, event: Event) -> None:
        self._ask(lambda store: store.create(job, replace(event, version=1)))

    @rule(id=IDS, to=JOBS, event=strategies.events(), skew=st.sampled_from([0, 0, 0, -1, 1]))
    def replace(self, id: str, to: Job, event: Event, skew: int) -> None:
        found = self._ask(lambda store: store.get(id))
        number, version = (found.number, found.version) if isinstance(found, Job) else (1, 1)
        changed = replace(to, id=id, number=number, version=version + 1 + skew)
        self._ask(lambda store: store.replace(changed, replace(event, version=changed.version)))

    @rule(id=IDS, at=MOMENTS, skew=st.sampled_from([0, 0, 0, -1, 1]))
    def bury(self, id: str, at: Any, skew: int) -> None:
        found = self._ask(lambda store: store.get(id))
        if isinstance(found, Job):
            tombstone = Tombstone(id=id, number=found.number, tenant=found.tenant, reason="deleted", at=at)
            self._ask(lambda store: store.bury(replace(found, version=found.version + skew), tombstone))

    @rule(now=MOMENTS)
    def expire(self, now: Any) -> None:
        self._ask(lambda store: store.expire(now, ENOUGH))

    @rule(above=NUMBERS)
    def scan(self, above: int) -> None:
        self._ask(lambda store: _listed(store.scan(above, ENOUGH)))

    @rule(before=MOMENTS)
    def forget(self, before: Any) -> None:
        self._ask(lambda store: store.forgettable(before))
        self._ask(lambda store: store.forget(before, ENOUGH))

    @rule(key=IDS | NUMBERS)
    def get(self, key: str | int) -> None:
        self._ask(lambda store: store.get(key))

    @rule(id=IDS)
    def events(self, id: str) -> None:
        self._ask(lambda store: _listed(store.events(id)))

    @rule(query=QUERIES)
    def list(self, query: JobQuery) -> None:
        self._ask(lambda store: _listed(store.list(query)))

    @rule(term=st.sampled_from(Term), now=MOMENTS)
    def due(self, term: Term, now: Any) -> None:
        self._ask(lambda store: _listed(store.due(term, now, ENOUGH)))

    @rule(credential=CREDENTIALS)
    def add_credential(self, credential: Credential) -> None:
        self._ask(lambda store: store.add_credential(credential))

    @rule(id=IDS, at=MOMENTS)
    def revoke_credential(self, id: str, at: Any) -> None:
        self._ask(lambda store: store.revoke_credential(id, at))
        self._ask(lambda store: _listed(store.credentials(), key=lambda held: (held.created_at, held.id)))

    def _ask(self, call: Call) -> Any:
        said, expected = (self._runner.run(_outcome(call(store))) for store in self._stores)

        assert said == expected
        return said

    @staticmethod
    async def _open(opener: Opener) -> Store:
        return await opener()


async def _open_plain() -> Store:
    return await open_store("memory://")


async def _outcome(answer: Awaitable[Any]) -> Any:
    """Give what a store answers, its errors among it, in a form that can be compared."""
    try:
        return await answer
    except JobstatusError as error:
        return type(error), str(error)


async def _listed(answer: Awaitable[Any], key: Callable[[Any], Any] | None = None) -> Any:
    """Read a sequence; with a *key*, one whose order does not matter."""
    found = list(await answer)
    return sorted(found, key=key) if key else found
