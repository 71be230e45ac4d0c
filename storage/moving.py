"""Reading and writing all that a SQL back end keeps, number by number: functions of its connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, insert, or_, select, update

from jobstatus.job import Event, Job, Tombstone

from .base import Kept
from .dialects import count_on_from
from .statements import MAX_NUMBER, row
from .tables import events, jobs, tombstones

_MADE_OF = {
    table: [table.c[field.name].label(f"{table.name}_{field.name}") for field in fields(record)]
    for table, record in ((jobs, Job), (events, Event), (tombstones, Tombstone))
}


def scan(connection: Connection, above: int, limit: int) -> Sequence[Kept]:
    """Read jobs first: one that is buried in between is there twice, and then its tombstone counts."""
    if above >= MAX_NUMBER:
        return []
    found = {
        each.record.number: each for each in (*_jobs(connection, above, limit), *_buried(connection, above, limit))
    }
    return [found[number] for number in sorted(found)[:limit]]


def restore(connection: Connection, above: int, upto: int, kept: Sequence[Kept]) -> Sequence[str]:
    """Write what is kept; give the ids."""
    _clear(connection, above, min(upto, MAX_NUMBER), kept)
    rows: dict[Table, list[dict[str, Any]]] = {jobs: [], events: [], tombstones: []}
    for each in kept:
        rows[jobs if isinstance(each.record, Job) else tombstones].append(row(each.record))
        rows[events] += [{"number": each.record.number, **row(event)} for event in each.events]
    for table, values in rows.items():
        if values:
            connection.execute(insert(table), values)
    if kept:
        count_on_from(connection, max(each.record.number for each in kept))
    return [each.record.id for each in kept]


def _jobs(connection: Connection, above: int, limit: int) -> Sequence[Kept]:
    """Read jobs with their timelines in one statement, and so from one moment."""
    page = select(jobs.c.number).where(jobs.c.number > above).order_by(jobs.c.number).limit(limit).subquery()
    whole = (
        select(*_MADE_OF[jobs], *_MADE_OF[events])
        .join_from(jobs, page, jobs.c.number == page.c.number)
        .join(events, events.c.number == jobs.c.number, isouter=True)
        .order_by(jobs.c.number, events.c.version)
    )
    return [
        _job(list(rows))
        for _, rows in groupby(connection.execute(whole).mappings(), key=lambda row: row["jobs_number"])
    ]


def _job(rows: Sequence[Any]) -> Kept:
    timeline = [_made(events, Event, each) for each in rows if each["events_version"] is not None]
    return Kept(_made(jobs, Job, rows[0]), tuple(timeline))


def _buried(connection: Connection, above: int, limit: int) -> Sequence[Kept]:
    number = tombstones.c.number
    page = select(*_MADE_OF[tombstones]).where(number > above).order_by(number).limit(limit)
    return [Kept(_made(tombstones, Tombstone, each)) for each in connection.execute(page).mappings()]


def _made(table: Table, record: type[Any], values: Any) -> Any:
    return record(**{field.name: values[f"{table.name}_{field.name}"] for field in fields(record)})


def _clear(connection: Connection, above: int, upto: int, kept: Sequence[Kept]) -> None:
    ids = [each.record.id for each in kept]
    for table in (jobs, tombstones):
        spanned = and_(table.c.number > above, table.c.number <= upto)
        connection.execute(delete(table).where(or_(spanned, table.c.id.in_(ids))))
    works = [each.record.work for each in kept if isinstance(each.record, Job) and each.record.work is not None]
    if works:
        connection.execute(update(jobs).where(jobs.c.work.in_(works)).values(work=None))
