"""What is read and written within one transaction of a SQL back end: functions of its connection."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields, replace
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.dml import Delete

from jobstatus.credential import Credential
from jobstatus.errors import DuplicateId, DuplicateWork, VersionMismatch
from jobstatus.job import Event, Job, Status, Tombstone

from .base import JobQuery, Term, last_left_out
from .dialects import insert_unless_there
from .tables import credentials, events, jobs, tombstones

Record = TypeVar("Record")

MAX_NUMBER = 2**63 - 1

_UNTIL = {Term.LEASE: jobs.c.lease_until, Term.RETENTION: jobs.c.expires_at}
_ENDED = [status for status in Status if status.terminal]
BY_KEY = {
    (table, kind): select(table).where(table.c[column] == bindparam("key"))
    for table in (jobs, tombstones)
    for kind, column in ((str, "id"), (int, "number"))
}
"""The row of a table by the id or by the number of its job, which is bound as `key`."""

_TIMELINE = (
    select(*(events.c[field.name] for field in fields(Event)))
    .join_from(events, jobs)
    .where(jobs.c.id == bindparam("id"))
    .order_by(events.c.version)
)

_REPLACE = update(jobs).where(jobs.c.id == bindparam("of"), jobs.c.version == bindparam("before"))
_DROP = delete(jobs).where(jobs.c.id == bindparam("of"), jobs.c.version == bindparam("before"))
"""Statements are made once: to make one anew takes longer than to run it."""
_NOTE = insert(events)
_BURY = insert(tombstones)
_FIND_CREDENTIAL = select(credentials).where(credentials.c.digest == bindparam("digest"))


def findable(key: str | int) -> bool:
    """Tell whether a record may have this key: a number that can be counted to, or text that can be written."""
    if isinstance(key, int):
        return 0 < key <= MAX_NUMBER
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


def create_job(connection: Connection, job: Job, event: Event) -> Job:
    creation, values = _creation(connection.dialect.name), row(job, without={"number"})
    while (number := connection.execute(creation, values).scalar()) is None:
        _refuse_taken(connection, job)
    # Looked for only now: a burial of the same id, were it under way, has held the insertion up.
    if _first(connection, Tombstone, BY_KEY[tombstones, str], key=job.id):
        raise DuplicateId(job.id)
    connection.execute(_NOTE, {"number": number, **row(event)})
    return replace(job, number=number)


def replace_job(connection: Connection, job: Job, event: Event) -> None:
    _change_one(connection, _REPLACE, job.id, job.version - 1, row(job, without={"id", "number"}))
    connection.execute(_NOTE, {"number": job.number, **row(event)})


def bury_job(connection: Connection, job: Job, tombstone: Tombstone) -> None:
    _change_one(connection, _DROP, job.id, job.version, {})
    connection.execute(_BURY, row(tombstone))


def list_jobs(connection: Connection, query: JobQuery) -> Sequence[Job]:
    fitting = select(jobs).where(*_conditions(query)).order_by(jobs.c.number.desc()).limit(query.limit)
    return _all(connection, Job, fitting)


def timeline(connection: Connection, id: str) -> Sequence[Event]:
    return _all(connection, Event, _TIMELINE, id=id)


def due_jobs(connection: Connection, term: Term, now: datetime, limit: int, after: Job | None = None) -> Sequence[Job]:
    column = _UNTIL[term]
    due = select(jobs).where(column <= now).order_by(column, jobs.c.number).limit(limit)
    if term is Term.LEASE:
        due = due.where(jobs.c.status.not_in(_ENDED))
    if after is not None:
        due = due.where(
            tuple_(column, jobs.c.number)
            > tuple_(literal(getattr(after, column.name), column.type), literal(after.number))
        )
    return _all(connection, Job, due)


def changed_jobs(connection: Connection, tenant: str, since: datetime, limit: int, after: Job | None) -> Sequence[Job]:
    at, number = last_left_out(since, after)
    place = tuple_(jobs.c.updated_at, jobs.c.number)
    changed = select(jobs).where(
        jobs.c.tenant == tenant, place > tuple_(literal(at, jobs.c.updated_at.type), literal(number))
    )
    return _all(connection, Job, changed.order_by(jobs.c.updated_at, jobs.c.number).limit(limit))


def expire_jobs(connection: Connection, now: datetime, limit: int) -> Sequence[str]:
    """Give the ids of the jobs whose place tombstones have taken."""
    at = jobs.c.expires_at
    due = select(jobs.c.id, jobs.c.number, jobs.c.tenant, at.label("at")).where(at <= now).order_by(at, jobs.c.number)
    found = connection.execute(due.limit(limit).with_for_update(skip_locked=True)).all()
    if found:
        connection.execute(insert(tombstones), [each._asdict() | {"reason": "expired"} for each in found])
        connection.execute(delete(jobs).where(jobs.c.number.in_([each.number for each in found])))
    return [each.id for each in found]


def forget_tombstones(connection: Connection, before: datetime, limit: int) -> int:
    oldest = select(tombstones.c.number).where(tombstones.c.at < before).order_by(tombstones.c.at).limit(limit)
    return connection.execute(delete(tombstones).where(tombstones.c.number.in_(oldest))).rowcount


def count_tombstones(connection: Connection, before: datetime) -> int:
    return connection.execute(select(func.count()).where(tombstones.c.at < before)).scalar_one()


def add_credential(connection: Connection, credential: Credential) -> None:
    kept = insert_unless_there(connection.dialect.name, credentials).returning(credentials.c.id)
    if connection.execute(kept, row(credential)).scalar() is None:
        raise DuplicateId(credential.id)


def find_credential(connection: Connection, digest: bytes) -> Credential | None:
    return _first(connection, Credential, _FIND_CREDENTIAL, digest=digest)


def list_credentials(connection: Connection) -> Sequence[Credential]:
    return sorted(_all(connection, Credential, select(credentials)), key=lambda held: (held.created_at, held.id))


def revoke_credential(connection: Connection, id: str, at: datetime) -> Credential | None:
    it, later = credentials.c.id == id, credentials.c.revoked_at > at
    standing = or_(credentials.c.revoked_at.is_(None), later)
    connection.execute(update(credentials).where(it, standing).values(revoked_at=at))
    return _first(connection, Credential, select(credentials).where(it))


@cache
def _creation(dialect: str) -> Any:
    return insert_unless_there(dialect, jobs).returning(jobs.c.number)


def _refuse_taken(connection: Connection, job: Job) -> None:
    """Raise which of a new job's names is taken; neither may be any more, where others write at the same time."""
    if _first(connection, Job, BY_KEY[jobs, str], key=job.id) or _first(
        connection, Tombstone, BY_KEY[tombstones, str], key=job.id
    ):
        raise DuplicateId(job.id)
    other = connection.execute(select(jobs.c.id).where(jobs.c.work == job.work)).scalar() if job.work else None
    if other is not None:
        raise DuplicateWork(other)


def _first(connection: Connection, record: type[Record], chosen: Select[Any], **values: Any) -> Record | None:
    row = connection.execute(chosen, values).first()
    return record(**row._asdict()) if row else None


def _all(connection: Connection, record: type[Record], chosen: Select[Any], **values: Any) -> Sequence[Record]:
    return [record(**row._asdict()) for row in connection.execute(chosen, values)]


def _change_one(connection: Connection, change: Update | Delete, id: str, version: int, to: dict[str, Any]) -> None:
    if connection.execute(change, {"of": id, "before": version, **to}).rowcount != 1:
        raise VersionMismatch(id, version)


def row(record: Any, without: Collection[str] = ()) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record) if field.name not in without}


def _conditions(query: JobQuery) -> Iterator[ColumnElement[bool]]:
    yield or_(jobs.c.expires_at.is_(None), jobs.c.expires_at > query.alive_at)
    if query.tenant is not None:
        yield jobs.c.tenant == query.tenant
    if query.statuses:
        yield jobs.c.status.in_(sorted(query.statuses))
    if query.type is not None:
        yield jobs.c.type == query.type
    if query.created_from is not None:
        yield jobs.c.created_at >= query.created_from
    if query.created_before is not None:
        yield jobs.c.created_at < query.created_before
    if query.below_number is not None:
        yield jobs.c.number < min(query.below_number, MAX_NUMBER)
