"""The rows of millions of jobs, each made of its number alone: none of them has to be remembered.

A quarter of the jobs run. The others have ended, and expire within the 61 days to come, in the order in which they were
created; nothing is due today, and half of it in a month. Ids are UUIDv7, as those that the server makes: they sort by
the time of their making.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from benchmarks.seed import OTHER_TENANT, TENANT
from jobstatus.ids import new_id
from jobstatus.job import Link, Result, Status
from jobstatus.storage.columns import ResultText
from jobstatus.storage.tables import events, jobs

JOB_COLUMNS = [column.name for column in jobs.columns]
EVENT_COLUMNS = [column.name for column in events.columns]

DAY = 86_400_000_000
"""Microseconds."""
SPAN = 60 * DAY
"""What lies between the creation of the first and of the last job."""
KEPT = 61 * DAY
"""How long a job can be read after its end."""
HOUR = DAY // 24
RARE = 1000
"""One in so many jobs is of a type that is rare."""
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_GOLDEN, _WORD = 0x9E3779B97F4A7C15, 2**64 - 1
_RESULT = ResultText.write(
    Result(links=(Link(entity="archive", href="/archives/7c3da506"),), response_data={"bytes": 1048576})
)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Population:
    """So many jobs, as of a moment."""

    count: int
    at: int
    """Microseconds since 1970."""
    owner: str

    @classmethod
    def of(cls, count: int, at: datetime) -> Population:
        """Take the jobs that there are at a time."""
        return cls(count, (at - _EPOCH) // timedelta(microseconds=1), new_id())

    def id(self, number: int) -> str:
        """Give the id of a job."""
        return _uuid7(self._created(number) // 1000, number * _GOLDEN & _WORD)

    def pages(self, size: int) -> Iterator[tuple[list[Row], list[Row]]]:
        """Give the rows of jobs and those of their events, page by page."""
        for first in range(1, self.count + 1, size):
            numbers = range(first, min(first + size, self.count + 1))
            made = [self._job(number) for number in numbers]
            yield made, [self._event(job) for job in made]

    def stays(self, number: int) -> bool:
        """Tell whether a job can be polled today and in a month, by who polls here."""
        return tenant(number) == TENANT and (runs(number) or number > self.count * 3 // 4)

    def _created(self, number: int) -> int:
        return self.at - SPAN + SPAN * number // self.count - HOUR

    def _job(self, number: int) -> Row:
        lot = number * _GOLDEN & _WORD
        created = self._created(number)
        started = created + lot % 1_000_000
        head = (number, _uuid7(created // 1000, lot), tenant(number), self.owner, kind(number))
        if runs(number):
            standing = (Status.RUNNING.value, 42.5, "Packing the archive", None, None, None)
            return (*head, *standing, created, started, started, None, None, None, None, 1)
        ended = started + lot % HOUR
        left = (Status.SUCCEEDED.value, 100.0, "The archive is ready", None, _RESULT, None)
        return (*head, *left, created, started, ended, ended, ended + KEPT, None, None, 1)

    def _event(self, job: Row) -> Row:
        return job[0], 1, job[13], job[5], job[6], job[7], self.owner


def runs(number: int) -> bool:
    """Tell whether a job has not ended."""
    return number % 4 == 0


def tenant(number: int) -> str:
    """Tell whose a job is: every fifth is another tenant's."""
    return OTHER_TENANT if number % 5 == 0 else TENANT


def kind(number: int) -> str:
    """Tell the type of a job."""
    return "import" if number % RARE == 7 else "export"


def _uuid7(milliseconds: int, lot: int) -> str:
    time, rest = f"{milliseconds:012x}", f"{lot:016x}"
    return f"{time[:8]}-{time[8:]}-7{rest[:3]}-{'89ab'[lot & 3]}{rest[3:6]}-{rest[4:]}"
