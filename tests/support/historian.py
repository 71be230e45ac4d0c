"""A process that works a store together with others, and records what it saw.

Run with a store's URL, the name of the history, the process's own number, the seconds to work and a file, it says that
it is ready, waits for a line, works, and leaves its operations in the file. All processes of one history use the same
few jobs. The clock is that of the machine, so what several processes recorded can be compared.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from time import monotonic_ns

from linearizable import ABSENT, BURIED, Operation, Read, Standing, Write

from jobstatus import logs
from jobstatus.errors import DuplicateId, StoreUnavailable, VersionMismatch
from jobstatus.job import Event, Job, Tombstone
from jobstatus.storage import JobStore, open_store, sqlite_glance
from jobstatus.testing.stores.samples import a_job, next_version, tombstone_of

Found = Job | Tombstone | None
Get = Callable[[str], Awaitable[Found]]

JOBS = 3
"""That there are at a time."""
POLLERS = 8
"""Tasks of a process that only read, so that some reading is always under way."""
WRITERS = 3
"""Tasks that write, and at once read what they wrote."""
PAUSE = 0.004
"""Seconds between two reads of a poller, at the most."""
BURIAL = 0.03
"""The share of writes that end a job's life."""
GIVING_UP = 0.1
"""The share of writes whose caller gives up, and so never hears what has become of them."""
PATIENCE = 0.002
"""Seconds that such a caller waits, at the most."""
REBIRTH = 0.1
"""How probably who sees a tombstone lets it rest, and turns to the next job."""
DELAY = 0.01
"""Seconds that the wrong reader takes."""


class Joined:
    """Reads as no store may: who asks for what is being read is answered with that, which may have changed before."""

    def __init__(self, get: Get) -> None:
        self._get = get
        self._readings: dict[str, asyncio.Task[Found]] = {}

    async def get(self, id: str) -> Found:
        """Join the reading that is under way, or begin one."""
        reading = self._readings.get(id)
        if reading is None or reading.done():
            reading = self._readings[id] = asyncio.create_task(self._read(id))
        return await reading

    async def _read(self, id: str) -> Found:
        found = await self._get(id)
        await asyncio.sleep(DELAY)
        return found


class Historian:
    """Does what comes to its mind with a few jobs, and keeps what was answered, and when."""

    def __init__(self, store: JobStore, get: Get, name: str, process: str, seconds: float) -> None:
        self.operations: list[Operation[Read | Write]] = []
        self._store = store
        self._get = get
        self._name = name
        self._process = process
        self._until = monotonic_ns() + int(seconds * 1e9)
        self._random = Random(f"{name}/{process}")
        self._lives = [0] * JOBS
        self._known: dict[str, Job] = {}
        self._tokens = 0

    async def work(self) -> None:
        """Work until the time is over."""
        tasks = [self._poll(f"{self._process}/poller {i}") for i in range(POLLERS)]
        tasks += [self._write(f"{self._process}/writer {i}") for i in range(WRITERS)]
        await asyncio.gather(*tasks)

    async def _poll(self, by: str) -> None:
        while monotonic_ns() < self._until:
            await self._read(by, self._random.randrange(JOBS))
            await asyncio.sleep(self._random.random() * PAUSE)

    async def _write(self, by: str) -> None:
        while monotonic_ns() < self._until:
            place = self._random.randrange(JOBS)
            await self._change(by, self._id(place))
            await self._read(by, place)

    async def _read(self, by: str, place: int) -> None:
        """Read a job. What is not answered tells nothing, so it is not kept."""
        id, begun = self._id(place), monotonic_ns()
        try:
            found = await self._get(id)
        except StoreUnavailable:
            return
        self._keep(id, Read(standing_of(found)), begun, monotonic_ns(), by)
        if isinstance(found, Job):
            self._known[id] = found
        elif found is not None and id == self._id(place) and self._random.random() < REBIRTH:
            self._lives[place] += 1

    async def _change(self, by: str, id: str) -> None:
        """Write over what was seen last of a job, by whomever: often that is not what there is any more."""
        token, known = self._token(), self._known.get(id)
        if known is None or self._random.random() < BURIAL:
            job = a_job(id=id, message=token)
            call: Awaitable[object] = self._store.create(job, Event.of(job, "producer"))
            write = Write(ABSENT.version, Standing(1, token))
        elif self._random.random() < BURIAL:
            call = self._store.bury(known, replace(tombstone_of(known), reason=token))
            write = Write(known.version, Standing(BURIED, token))
        else:
            job = next_version(known, message=token)
            call = self._store.replace(job, Event.of(job, "worker"))
            write = Write(known.version, Standing(job.version, token))
        await self._try(by, id, write, call)

    async def _try(self, by: str, id: str, write: Write, call: Awaitable[object]) -> None:
        patience = self._random.random() * PATIENCE if self._random.random() < GIVING_UP else None
        begun, ended = monotonic_ns(), None
        try:
            async with asyncio.timeout(patience):
                await call
            ended = monotonic_ns()
        except (DuplicateId, VersionMismatch):
            write, ended = replace(write, made=False), monotonic_ns()
        except (StoreUnavailable, TimeoutError):
            pass  # nobody knows what has become of it
        self._keep(id, write, begun, ended, by)

    def _keep(self, id: str, action: Read | Write, begun: int, ended: int | None, by: str) -> None:
        self.operations.append(Operation(id, action, begun, ended, by))

    def _id(self, place: int) -> str:
        return f"{self._name}-{place}-{self._lives[place]}"

    def _token(self) -> str:
        self._tokens += 1
        return f"{self._process}.{self._tokens}"


def standing_of(found: Found) -> Standing:
    """Tell what a reader saw, in the words of the specification."""
    match found:
        case Job():
            return Standing(found.version, found.message or "")
        case Tombstone():
            return Standing(BURIED, found.reason)
        case None:
            return ABSENT


async def main(url: str, name: str, process: str, seconds: float, file: Path, joined: bool) -> None:
    """Work once told to, and leave what was recorded."""
    logs.configure()
    store = await open_store(url)
    get: Get = Joined(store.get).get if joined else store.get
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    historian = Historian(store, get, name, process, seconds)
    await historian.work()
    await store.aclose()
    file.write_bytes(pickle.dumps(historian.operations))


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("name")
    parser.add_argument("process")
    parser.add_argument("seconds", type=float)
    parser.add_argument("file", type=Path)
    parser.add_argument("--joined", action="store_true", help="read as no store may")
    parser.add_argument("--slow-file", action="store_true", help="take no look into a SQLite file from the event loop")
    given = parser.parse_args()
    if given.slow_file:
        sqlite_glance.SLOW = -1.0
    asyncio.run(main(given.url, given.name, given.process, given.seconds, given.file, given.joined))
