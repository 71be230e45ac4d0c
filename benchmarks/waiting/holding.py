"""Polls that wait beside something else that is measured, in a process of their own: each asks again once answered.

The first waits end at any moment of the longest, and so do those that follow: the server is as busy all along.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from benchmarks.load import Connection, LoadFailed
from benchmarks.machine import Cores, many_files, on_core, settled
from benchmarks.seed import Seeded
from benchmarks.serving import ROOT, Server
from benchmarks.waiting import asking
from benchmarks.waiting.listening import TOGETHER, Crowd

HELD = "held"


def who(seeded: Seeded, count: int) -> dict[str, Any]:
    """Tell who waits for what, each for a job of its own as far as there are enough."""
    paths = [f"/jobs/{job.id}" for job in itertools.islice(itertools.cycle(seeded.unfinished), count)]
    return {"paths": paths, "token": seeded.token, "writer": seeded.writer}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who waits, beside how many writes."""

    port: int
    pid: int
    paths: Sequence[str]
    """The jobs that are waited for, one for each who waits."""
    token: str
    writer: str
    writes: float = 0
    """Changes in a second, each of a job that somebody waits for."""

    @classmethod
    def of(cls, server: Server, seeded: Seeded, count: int, writes: float = 0) -> Plan:
        """Have so many wait for jobs that have not ended."""
        return cls(port=server.port, pid=server.pid, writes=writes, **who(seeded, count))


@contextmanager
def holding(plan: Plan, cores: Cores) -> Iterator[None]:
    """Have polls held beside the block. Raises `LoadFailed`."""
    command = [sys.executable, "-m", "benchmarks.waiting.holding"]
    with on_core(cores.load):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)
    with process:
        assert process.stdin is not None and process.stdout is not None
        print(json.dumps(asdict(plan)), file=process.stdin, flush=True)
        if process.stdout.readline().strip() != HELD:
            raise LoadFailed("the polls could not be held")
        yield
    if process.returncode:
        raise LoadFailed("polls that were held failed")
    settled(plan.pid)


async def hold(plan: Plan) -> None:
    """Hold them until standard input ends. Raises `LoadFailed`."""
    loop = asyncio.get_running_loop()
    failed: asyncio.Future[None] = loop.create_future()
    waiting = [Connection(failed, _turns(path, plan.token), 200) for path in plan.paths]
    for start in range(0, len(waiting), TOGETHER):
        await asyncio.gather(*(connection.open(plan.port) for connection in waiting[start : start + TOGETHER]))
    for connection in waiting:
        connection.ask()
    await asyncio.to_thread(settled, plan.pid)
    print(HELD, flush=True)
    ended = loop.run_in_executor(None, sys.stdin.read)
    writing = asyncio.ensure_future(_write(plan))
    done, _ = await asyncio.wait({ended, failed, writing}, return_when=asyncio.FIRST_COMPLETED)
    for future in done:
        future.result()
    writing.cancel()
    for connection in waiting:
        connection.close()


def _turns(path: str, token: str) -> Iterator[bytes]:
    yield asking.poll(path, token, random.randint(1, asking.LONGEST)).encode()
    yield from itertools.repeat(asking.poll(path, token).encode())


async def _write(plan: Plan) -> None:
    """Change one job after the other, at an even pace."""
    if not plan.writes:
        await asyncio.Event().wait()
    crowd = Crowd(plan.port, b"HTTP/1.1 200 ")
    await crowd.open(1)
    for step in itertools.count(1):
        said = asking.report(random.choice(plan.paths), plan.writer, step)
        await crowd.told(crowd.listeners, partial(crowd.listeners[0].say, said))
        await asyncio.sleep(1 / plan.writes)


def main() -> None:
    """Hold what the first line of standard input describes."""
    import uvloop

    many_files()
    uvloop.run(hold(Plan(**json.loads(sys.stdin.readline()))))


if __name__ == "__main__":
    main()
