"""The rules of the record hold over any store, whatever producers, workers, strangers and the clock do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from jobstatus import life
from jobstatus.credential import Caller
from jobstatus.errors import (
    BadRequest,
    DuplicateId,
    JobGone,
    JobNotFound,
    JobstatusError,
    TransitionRefused,
    VersionMismatch,
)
from jobstatus.job import FailureKind, Job, Report, Status
from jobstatus.life import Retention
from jobstatus.service import Draft, JobService
from jobstatus.shared_clock import SharedClock
from jobstatus.storage import Store
from jobstatus.sweeper import Sweeper

from . import strategies
from .stores.samples import NOW

T = TypeVar("T")
Verb = Callable[[JobService, Caller, str], Awaitable[Any]]

OWNER = Caller(id="owner", tenant="ours")
STRANGER = Caller(id="stranger", tenant="theirs")
OPERATOR = Caller(id="operator", tenant="*")
RETENTION = Retention(records=timedelta(days=1), tombstones=timedelta(days=36_500))
MOST_JOBS = 4

VERBS: dict[str, Verb] = {
    "get": lambda service, caller, key: service.get(caller, key),
    "events": lambda service, caller, key: service.events(caller, key),
    "report": lambda service, caller, key: service.report(caller, key, Report(progress=1.0)),
    "cancel": lambda service, caller, key: service.cancel(caller, key),
    "delete": lambda service, caller, key: service.delete(caller, key),
}
verbs = st.sampled_from(sorted(VERBS))
skews = st.sampled_from([None, None, None, 0, -1, 1])


def _seconds(most: int) -> st.SearchStrategy[timedelta | None]:
    return st.none() | st.integers(1, most).map(lambda seconds: timedelta(seconds=seconds))


class ServiceMachine(RuleBasedStateMachine):
    """A service over the store under test, and what was last seen of each job."""

    made = Bundle("made")

    def __init__(self, open_one: Callable[[], Coroutine[Any, Any, Store]]) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._store = self._runner.run(open_one())
        self._now = NOW
        clock = SharedClock(self._store, lambda: self._now)
        self._service = JobService(self._store, clock=clock, retention=RETENTION)
        self._sweeper = Sweeper(self._store, clock=clock, retention=RETENTION, holder="machine")
        self._seen: dict[str, Job] = {}
        self._buried: set[str] = set()

    def teardown(self) -> None:
        self._runner.run(self._store.aclose())
        self._runner.close()

    @precondition(lambda self: len(self._seen) < MOST_JOBS)
    @rule(target=made, lease=_seconds(100), life=_seconds(100_000), message=st.none() | st.text(max_size=5))
    def create(self, lease: timedelta | None, life: timedelta | None, message: str | None) -> str:
        draft = Draft(type="x", message=message, lease=lease, expires_at=self._now + life if life else None)
        job = self._run(self._service.create(OWNER, draft))
        self._seen[job.id] = job

        assert (job.status, job.version, job.owner, job.tenant) == (Status.PENDING, 1, "owner", "ours")
        return job.id

    @rule(id=made, caller=st.sampled_from([OWNER, STRANGER]))
    def take_an_id_that_is_taken(self, id: str, caller: Caller) -> None:
        with pytest.raises(DuplicateId):
            self._run(self._service.create(caller, Draft(type="x", id=id)))

    @rule(id=made, said=strategies.reports() | strategies.sensible_reports(*Status), skew=skews)
    def report(self, id: str, said: Report, skew: int | None) -> None:
        if said.expires_at is not None and said.expires_at <= self._now:
            with pytest.raises(BadRequest):
                self._run(self._service.report(OWNER, id, said))
            return
        self._change(
            id,
            skew,
            lambda version: self._service.report(OWNER, id, said, version=version),
            lambda job: life.report(job, said, now=self._now, retention=RETENTION),
        )

    @rule(id=made, skew=skews)
    def cancel(self, id: str, skew: int | None) -> None:
        self._change(
            id,
            skew,
            lambda version: self._service.cancel(OPERATOR, id, version=version),
            lambda job: life.cancel(job, now=self._now, retention=RETENTION),
        )

    @rule(id=made, skew=skews)
    def delete(self, id: str, skew: int | None) -> None:
        self._change(id, skew, lambda version: self._delete(id, version), _deleted)

    @rule(seconds=st.sampled_from([1, 60, 90_000, -30]))
    def move_the_clock(self, seconds: int) -> None:
        self._now += timedelta(seconds=seconds)

    @rule()
    def sweep(self) -> None:
        self._buried |= {id for id, job in self._seen.items() if job.expired(self._now)}
        self._run(self._sweeper.sweep())

    @rule(id=made, verb=verbs)
    def come_from_another_tenant(self, id: str, verb: str) -> None:
        with pytest.raises(JobNotFound):
            self._run(VERBS[verb](self._service, STRANGER, id))

    @rule(verb=verbs, caller=st.sampled_from([OWNER, STRANGER, OPERATOR]))
    def ask_for_a_job_that_never_was(self, verb: str, caller: Caller) -> None:
        with pytest.raises(JobNotFound):
            self._run(VERBS[verb](self._service, caller, "never"))

    @rule(id=made, verb=verbs)
    def ask_for_a_job_that_may_be_gone(self, id: str, verb: str) -> None:
        if self._gone(id):
            with pytest.raises(JobGone):
                self._run(VERBS[verb](self._service, OWNER, id))

    @invariant()
    def every_job_keeps_the_rules(self) -> None:
        for id in self._seen:
            if not self._gone(id):
                self._look(id)

    @invariant()
    def lists_hold_what_can_be_read(self) -> None:
        there = [self._seen[id] for id in self._seen if not self._gone(id)]

        assert list(self._run(self._service.list(OWNER)).jobs) == there[::-1]
        assert list(self._run(self._service.list(STRANGER)).jobs) == []

    def _change(
        self,
        id: str,
        skew: int | None,
        act: Callable[[int | None], Awaitable[Job | None]],
        expected: Callable[[Job], Job | None],
    ) -> None:
        """Act on a job as it was last seen, and see that what follows is what its life allows and nothing else."""
        before = self._seen[id]
        outcome = _refusal_or(lambda: expected(before))
        if skew:
            outcome = VersionMismatch
        if self._gone(id):
            outcome = JobGone
        said = _refusal_or(lambda: self._run(act(None if skew is None else before.version + skew)))

        assert said == outcome

    async def _delete(self, id: str, version: int | None) -> None:
        await self._service.delete(OWNER, id, version=version)
        self._buried.add(id)

    def _gone(self, id: str) -> bool:
        return id in self._buried or self._seen[id].expired(self._now)

    def _look(self, id: str) -> None:
        """Read a job in every way, and hold it against what was seen of it before."""
        before, job = self._seen[id], self._run(self._service.get(OWNER, id))
        events = self._run(self._service.events(OPERATOR, id))
        self._seen[id] = job

        assert self._run(self._service.get(OWNER, job.number)) == job
        assert [event.version for event in events] == list(range(1, job.version + 1))
        assert (events[-1].at, events[-1].status) == (job.updated_at, job.status)
        _keeps_its_shape(job, self._now)
        _follows(job, before, self._now)

    def _run(self, work: Awaitable[T]) -> T:
        return self._runner.run(_awaited(work))


def _keeps_its_shape(job: Job, now: datetime) -> None:
    """See what holds of any job at any moment."""
    assert (job.ended_at is not None) == job.terminal
    assert job.expires_at is not None or not job.terminal
    assert (job.error is not None) == (job.status is Status.FAILED)
    assert job.result is None or job.status is Status.SUCCEEDED
    assert job.created_at <= (job.started_at or job.created_at) <= (job.ended_at or job.updated_at) <= job.updated_at
    assert not job.lapsed(now)


def _follows(job: Job, before: Job, now: datetime) -> None:
    """See what holds between a job and the same job earlier on."""
    assert job == before or not before.terminal
    assert job.version >= before.version
    assert job.updated_at >= before.updated_at
    assert job.status is before.status or before.status is not job.status is not Status.PENDING
    if before.lapsed(now) and job != before:
        assert job.error is not None
        assert job.error.kind is FailureKind.LOST


def _deleted(job: Job) -> None:
    if not job.terminal:
        raise TransitionRefused("only what has ended can be deleted")


def _refusal_or(act: Callable[[], T]) -> T | type[JobstatusError]:
    try:
        return act()
    except (JobGone, TransitionRefused, VersionMismatch) as error:
        return type(error)


async def _awaited(work: Awaitable[T]) -> T:
    return await work
