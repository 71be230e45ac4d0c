"""A store in use for a long time levels off, in rows, on the disk and in memory: `python -m benchmarks.retention`.

Time is simulated: a period is over once all that happens in it has been done. In each one so many jobs are created and
end. They are removed some periods after that, and what is left of them is forgotten some more periods later. All of it
is done by the service and the sweeper of the server, in this process.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import databases, results
from benchmarks.databases import DatabaseMissing
from benchmarks.large.watch import megabytes_on_disk
from benchmarks.machine import disk, facts, resident_megabytes
from benchmarks.seed import TENANT, in_file
from jobstatus.credential import Caller
from jobstatus.job import Job, Report, Status
from jobstatus.life import Retention
from jobstatus.service import Draft, JobService
from jobstatus.shared_clock import SharedClock
from jobstatus.storage import Kept, Limits, Store, open_store
from jobstatus.sweeper import Sweeper

PERIOD = timedelta(days=1)
PERIODS, JOBS = 80, 1000
"""How many periods there are, and how many jobs in each."""
RECORDS, TOMBSTONES = 7, 20
"""Periods for which a job can be read after its end, and for which it is known after that."""
TOGETHER = 200
"""Jobs that are under way at a time."""
CALLER = Caller(id="benchmark", tenant=TENANT)
PAGE = 500
PATIENT = Limits(seconds=60)
"""It is not about time: it may run beside what takes all of a machine."""
QUICKENED = (
    *("autovacuum_naptime=1", "autovacuum_vacuum_cost_delay=0"),
    *("min_wal_size=32MB", "max_wal_size=64MB"),
)
"""PostgreSQL clears away what is dead once a minute, and spares the disk; here a day takes a second or two. And its log
takes up to a gigabyte, beside which the rest could not be seen."""
STORES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What there is at the end of a period."""

    number: int
    jobs: int
    tombstones: int
    events: int
    disk: float
    """Megabytes."""
    memory: float
    """Megabytes that this process has resident."""
    seconds: float
    """That it took."""


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self._now = datetime(2025, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self._now

    def pass_on(self) -> None:
        """Let a period pass."""
        self._now += PERIOD


class LongRun:
    """A store in use, period by period."""

    def __init__(self, store: Store, jobs: int) -> None:
        retention = Retention(records=RECORDS * PERIOD, tombstones=TOMBSTONES * PERIOD)
        self._clock = Time()
        self._store = store
        self._jobs = jobs
        self._service = JobService(store, clock=self._clock, retention=retention)
        shared = SharedClock(store, self._clock)  # never set by the store's, it is this one
        self._sweeper = Sweeper(store, clock=shared, retention=retention, holder="benchmark")

    async def period(self) -> None:
        """Create jobs, have them end, let time pass, and clear away what has outlived its time."""
        left = iter(range(self._jobs))
        await asyncio.gather(*(self._lives(left) for _ in range(TOGETHER)))
        self._clock.pass_on()
        while (await self._sweeper.sweep()).more:
            pass

    async def rows(self) -> tuple[int, int, int]:
        """Count jobs, tombstones and events."""
        jobs = tombstones = events = 0
        async for kept in _all(self._store):
            jobs += isinstance(kept.record, Job)
            tombstones += not isinstance(kept.record, Job)
            events += len(kept.events)
        return jobs, tombstones, events

    async def _lives(self, numbers: Iterable[int]) -> None:
        for _ in numbers:
            job = await self._service.create(CALLER, Draft(type="export"))
            await self._service.report(CALLER, job.id, Report(status=Status.RUNNING, progress=42.5))
            await self._service.report(CALLER, job.id, Report(status=Status.SUCCEEDED, message="The archive is ready"))


async def _all(store: Store) -> AsyncGenerator[Kept]:
    above = 0
    while page := await store.scan(above, PAGE):
        for kept in page:
            yield kept
        above = page[-1].record.number


async def live(url: str, folder: Path, periods: int, jobs: int, tell: Callable[[], None]) -> Sequence[Period]:
    """Use a store for so many periods, with so many jobs in each."""
    store = await open_store(url, PATIENT)
    found: list[Period] = []
    try:
        run = LongRun(store, jobs)
        for number in range(1, periods + 1):
            began = time.perf_counter()
            await run.period()
            seconds = time.perf_counter() - began
            found.append(await _period(number, run, folder, seconds))
            tell()
    finally:
        await store.aclose()
    return found


async def _period(number: int, run: LongRun, folder: Path, seconds: float) -> Period:
    jobs, tombstones, events = await run.rows()
    return Period(
        number=number,
        jobs=jobs,
        tombstones=tombstones,
        events=events,
        disk=megabytes_on_disk(folder),
        memory=resident_megabytes(os.getpid()) or 0.0,
        seconds=seconds,
    )


def main() -> None:
    """Live through many periods, and tell how it went."""
    import uvloop

    asked = _parser().parse_args()
    console = Console(width=None if Console().is_terminal else 140)
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(dir=disk())))
            url, files = _store(asked.store, folder, stack)
            with Progress(console=console, transient=True, auto_refresh=False) as progress:
                task = progress.add_task(f"{asked.store}: periods", total=asked.periods)

                def tell() -> None:
                    progress.update(task, advance=1, refresh=True)

                found = uvloop.run(live(url, files, asked.periods, asked.jobs, tell))
    except DatabaseMissing as missing:
        sys.exit(f"benchmarks: {missing}")
    console.print(table(asked.store, found))
    whole = (asked.periods, asked.jobs) == (PERIODS, JOBS)
    file: Path | None = asked.json or (results.FOLDER / f"retention-{asked.store}.json" if whole else None)
    if file is not None:
        _keep(asked.store, asked.jobs, found, file)
        console.print(f"Kept in {file}.")
    if file is not None and whole:
        from benchmarks import levels

        console.print(f"Drawn in {levels.draw(file)}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retention", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", choices=STORES, default=STORES[0])
    parser.add_argument("--periods", type=int, default=PERIODS, help="how many, each a day of simulated time")
    parser.add_argument("--jobs", type=int, default=JOBS, help="how many jobs there are in each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where what was found is kept")
    return parser


def _store(store: str, folder: Path, stack: ExitStack) -> tuple[str, Path]:
    """Give the URL of a store that is empty, and the folder that its files are in."""
    if store == "sqlite":
        return in_file(folder), folder
    return stack.enter_context(databases.postgresql(folder, *QUICKENED)), databases.files(folder)


def table(store: str, found: Sequence[Period]) -> Table:
    """Show every fifth period, and the first ones."""
    shown = Table("period", title=f"{store}: {RECORDS} periods a job is kept, {TOMBSTONES} more what is left of it")
    for column in ("jobs", "tombstones", "events", "disk MB", "RSS MB", "s"):
        shown.add_column(column, justify="right")
    for period in found:
        if period.number == 1 or period.number % 5 == 0:
            counts = (f"{count:,}" for count in (period.jobs, period.tombstones, period.events))
            measures = (f"{period.disk:,.1f}", f"{period.memory:,.0f}", f"{period.seconds:.1f}")
            shown.add_row(str(period.number), *counts, *measures)
    return shown


def _keep(store: str, jobs: int, found: Sequence[Period], file: Path) -> None:
    load = {"store": store, "jobs_per_period": jobs, "records_periods": RECORDS, "tombstone_periods": TOMBSTONES}
    results.write(file, {**facts(), **load, "periods": [asdict(period) for period in found]})


if __name__ == "__main__":
    main()
