"""Hypothesis strategies for all that is recorded.

`jobs` draws whatever a store must be able to keep; `lived_jobs` only what a job's life leads to.
"""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from jobstatus import life
from jobstatus.credential import Credential, Kind
from jobstatus.job import NEXT, Event, Failure, FailureKind, Job, Link, Report, Result, Status
from jobstatus.life import Retention

RETENTION = Retention()


def ids() -> st.SearchStrategy[str]:
    """Draw any id that a producer may choose."""
    return st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=64)


def moments() -> st.SearchStrategy[datetime]:
    """Draw any time that can be told."""
    return _utc(datetime.min, datetime.max)


def clock_moments() -> st.SearchStrategy[datetime]:
    """Draw a time that a clock may show, with room for reckoning on both sides."""
    return _utc(datetime(1970, 1, 1), datetime(2900, 1, 1))


def _utc(earliest: datetime, latest: datetime) -> st.SearchStrategy[datetime]:
    return st.datetimes(earliest, latest).map(lambda naive: naive.replace(tzinfo=UTC, fold=0))


def spans() -> st.SearchStrategy[timedelta]:
    """Draw a lease that a worker may ask for."""
    return st.integers(1, 86_400).map(lambda seconds: timedelta(seconds=seconds))


def progress() -> st.SearchStrategy[float]:
    """Draw how far a job has come."""
    return st.floats(0, 100)


def json_values() -> st.SearchStrategy[Any]:
    """Draw any JSON value, nested."""
    numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        st.none() | st.booleans() | numbers | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
        max_leaves=8,
    )


def json_objects() -> st.SearchStrategy[dict[str, Any]]:
    """Draw any JSON object."""
    return st.dictionaries(st.text(max_size=10), json_values(), max_size=3)


def links() -> st.SearchStrategy[Link]:
    """Draw something that a job produced."""
    return st.builds(Link, entity=st.text(max_size=20), href=st.text(max_size=40))


def results() -> st.SearchStrategy[Result]:
    """Draw what a job that succeeded leaves behind."""
    return st.builds(
        Result,
        links=st.lists(links(), max_size=3).map(tuple),
        response_data=st.none() | st.text(max_size=20) | json_objects(),
        entities=json_objects(),
    )


def failures() -> st.SearchStrategy[Failure]:
    """Draw why a job failed."""
    return st.builds(
        Failure,
        kind=st.sampled_from(FailureKind),
        message=st.text(max_size=40),
        code=st.none() | st.text(max_size=10),
        type=st.none() | st.text(max_size=10),
        http_status=st.none() | st.integers(400, 599),
        invalid=st.lists(json_objects(), max_size=2).map(tuple),
    )


def reports() -> st.SearchStrategy[Report]:
    """Draw anything that a worker may say, whether it makes sense or not."""
    senseless = st.builds(
        Report,
        status=st.none() | st.sampled_from(Status),
        result=st.none() | results(),
        error=st.none() | failures(),
    )
    return sensible_reports(None, *Status) | senseless


@st.composite
def sensible_reports(draw: st.DrawFn, *statuses: Status | None) -> Report:
    """Draw what a worker may say with one of these states, or with none where that is among them."""
    status = draw(st.sampled_from(statuses))
    return Report(
        status=status,
        progress=draw(st.none() | progress()),
        message=draw(st.none() | st.text(max_size=20)),
        eta=draw(st.none() | moments()),
        result=draw(st.none() | results()) if status is Status.SUCCEEDED else None,
        error=draw(st.none() | failures()) if status is Status.FAILED else None,
        lease=draw(st.none() | spans()),
        expires_at=draw(st.none() | moments()),
    )


def jobs() -> st.SearchStrategy[Job]:
    """Draw any record that a store must be able to keep, at its first version and without a number."""
    return st.builds(
        Job,
        id=ids(),
        tenant=st.text(min_size=1, max_size=20),
        owner=st.text(min_size=1, max_size=20),
        type=st.text(min_size=1, max_size=20),
        status=st.sampled_from(Status),
        progress=st.none() | progress(),
        message=st.none() | st.text(),
        result=st.none() | results(),
        error=st.none() | failures(),
        created_at=moments(),
        updated_at=moments(),
        **{name: st.none() | moments() for name in ("eta", "started_at", "ended_at", "expires_at", "lease_until")},
    )


def events() -> st.SearchStrategy[Event]:
    """Draw any entry of a timeline."""
    return st.builds(
        Event,
        version=st.integers(1, 2**31 - 1),
        at=moments(),
        status=st.sampled_from(Status),
        progress=st.none() | progress(),
        message=st.none() | st.text(),
        actor=st.text(min_size=1, max_size=20),
    )


def credentials() -> st.SearchStrategy[Credential]:
    """Draw any credential."""
    return st.builds(
        Credential,
        id=ids(),
        name=st.text(max_size=20),
        tenant=st.text(min_size=1, max_size=20),
        digest=st.binary(min_size=32, max_size=32),
        created_at=moments(),
        kind=st.sampled_from(Kind),
        secret=st.none() | st.text(max_size=20),
        permissions=st.frozensets(st.text(max_size=10), max_size=3),
        roles=st.frozensets(st.text(max_size=10), max_size=3),
        broker=st.booleans(),
        profile=st.none() | st.sampled_from(["documented", "deployed"]),
        expires_at=st.none() | moments(),
        revoked_at=st.none() | moments(),
    )


@st.composite
def lived_jobs(draw: st.DrawFn, *statuses: Status) -> Job:
    """Draw a job as its life has led it to one of these states, by a clock that may run backwards."""
    wanted = draw(st.sampled_from(statuses or tuple(Status)))
    now = draw(clock_moments())
    job = Job(
        id=draw(ids()),
        tenant="tenant",
        owner="owner",
        type="type",
        message=draw(st.none() | st.text(max_size=20)),
        created_at=now,
        updated_at=now,
        number=draw(st.integers(1, 2**63 - 1)),
        expires_at=draw(st.none() | moments()),
        lease_until=now + draw(spans()) if draw(st.booleans()) else None,
    )
    stations = [station for station in _before(wanted) if draw(st.booleans())]
    for station in [*stations, wanted]:
        said = draw(sensible_reports(station))
        job = life.report(job, said, now=draw(clock_moments()), retention=RETENTION)
    return job


def _before(wanted: Status) -> list[Status]:
    """Give the states through which a job may come to the one wanted."""
    return [status for status in (Status.PENDING, Status.RUNNING, Status.CANCELLING) if wanted in NEXT[status]]
