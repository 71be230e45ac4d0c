"""Many who wait, in a process of its own: what each costs the server, and how late each is told.

Its plan and its outcome are JSON, as those of a load are.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.machine import many_files, resident_megabytes, settled
from benchmarks.waiting import asking
from benchmarks.waiting.listening import Crowd, Listener

SPREAD = 0.05
"""Seconds over which writes are spread, so that they do not fall in with the server's own looks for changes."""
WANTED = {"polls": b"HTTP/1.1 200 ", "streams": b"data: "}
ASKING = {"polls": asking.poll, "streams": asking.stream}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who waits for what, and how often something happens."""

    kind: str
    port: int
    pid: int
    paths: Sequence[str]
    """The jobs that are waited for, one for each who waits."""
    token: str
    writer: str
    single: int = 200
    """How often one of them is told."""
    together: int = 3
    """How often all are told at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was found."""

    memory: Sequence[float]
    """Megabytes of the server: before, with idle connections, and with all of them waiting."""
    single: Sequence[float]
    """Seconds from the answer to a write until the one who waited for it was told, in order."""
    together: Sequence[Sequence[float]]
    """The same for all who waited for one job, time by time."""


class Measuring:
    """Goes through all of it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._step = 0
        self._ask = ASKING[plan.kind]
        self._lasting = plan.kind == "streams"

    async def run(self) -> Outcome:
        """Measure memory and delays."""
        memory = [await self._resident()]
        crowd = await self._gather()
        memory.append(await self._resident())
        await self._wait(crowd, crowd.listeners, self._plan.paths)
        memory.append(await self._resident())
        single = [await self._one(crowd, random.randrange(len(self._plan.paths))) for _ in range(self._plan.single)]
        crowd.close()
        return Outcome(memory=memory, single=sorted(single), together=await self._all())

    async def _all(self) -> list[list[float]]:
        """Have all wait for one job, and be told, again and again."""
        crowd, path = await self._gather(), self._plan.paths[0]
        times, paths = [], [path] * len(crowd.listeners)
        for number in range(self._plan.together):
            if not number or not self._lasting:
                await self._wait(crowd, crowd.listeners, paths)
            await asyncio.to_thread(settled, self._plan.pid)
            times.append(await self._told(crowd, crowd.listeners, path))
        crowd.close()
        return times

    async def _one(self, crowd: Crowd, which: int) -> float:
        path, listener = self._plan.paths[which], crowd.listeners[which]
        await asyncio.sleep(random.uniform(0, SPREAD))
        took = await self._told(crowd, [listener], path)
        if not self._lasting:
            listener.say(self._ask(path, self._plan.token))
        return took[0]

    async def _wait(self, crowd: Crowd, listeners: Sequence[Listener], paths: Sequence[str]) -> None:
        def ask() -> None:
            for listener, path in zip(listeners, paths, strict=True):
                listener.say(self._ask(path, self._plan.token))

        if self._lasting:  # the first event comes at once
            await crowd.told(listeners, ask)
        else:
            ask()

    async def _told(self, crowd: Crowd, listeners: Sequence[Listener], path: str) -> list[float]:
        """Change a job, and tell how long after that was answered each was told."""
        self._step += 1
        writing = Crowd(self._plan.port, WANTED["polls"])
        await writing.open(1)
        writer, said = writing.listeners[0], asking.report(path, self._plan.writer, self._step)
        acknowledged = asyncio.ensure_future(writing.told([writer], lambda: writer.say(said)))
        await crowd.told(listeners, lambda: None)
        await acknowledged
        writing.close()
        return sorted(listener.told_at - writer.told_at for listener in listeners)

    async def _gather(self) -> Crowd:
        crowd = Crowd(self._plan.port, WANTED[self._plan.kind])
        await crowd.open(len(self._plan.paths))
        return crowd

    async def _resident(self) -> float:
        await asyncio.to_thread(settled, self._plan.pid)
        return resident_megabytes(self._plan.pid) or 0.0


def main() -> None:
    """Measure what standard input describes."""
    import uvloop

    many_files()
    print(json.dumps(asdict(uvloop.run(Measuring(Plan(**json.load(sys.stdin))).run()))))


if __name__ == "__main__":
    main()
