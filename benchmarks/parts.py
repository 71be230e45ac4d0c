"""Where the time of a poll goes, part by part: `python -m benchmarks.parts`.

Each part of this server is wrapped in a stopwatch, and polled in process. A part's own time is what is left of it
without the parts inside; what the stopwatches inside take, about a microsecond each, is in it.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from pkgutil import resolve_name
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.inprocess import application, call, scope_of
from benchmarks.peers import APPS, OURS
from benchmarks.seed import Seeded, in_file, seed
from jobstatus.serving.application import settle

JOBS = 1000
POLLS = 20_000

AGAIN = {
    "the entry": "jobstatus.contract.compiled:Compiled.__call__",
    "was the same request let in before?": "jobstatus.contract.verdicts:Verdicts.recall",
    "the handler": "jobstatus.handlers.native:get_job",
    "the service: whose job, lost, expired?": "jobstatus.service:JobService.get",
    "the store: the row, and its record": "jobstatus.storage.sql:SqlStore.get",
    "the answer, filled in": "jobstatus.contract.engine:Engine.tell",
    "two messages to the server": "jobstatus.contract.compiled:respond",
}
"""The parts of a poll by who was let in with the same request just before."""

ANEW = {
    "from the entry to the operation": "jobstatus.contract.front:Front.__call__",
    "which path": "jobstatus.contract.router:Router.find",
    "whose credential": "jobstatus.security.bearer:Bearer.enter",
    "what it may": "jobstatus.contract.permission:permit",
    "the parameters": "jobstatus.contract.parameters:CompiledParameters.read",
    "the answer, made and written": "jobstatus.contract.engine:Engine._render",
    "the answer, held to the spec": "jobstatus.contract.checks:AnswerChecks.check",
    "the answer, kept with blanks": "jobstatus.contract.template:Template.__init__",
    "the verdict, kept": "jobstatus.contract.verdicts:Verdicts.keep",
}
"""What a first poll takes beside that."""


class Stopwatches:
    """The nanoseconds spent in each part."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = {}
        self._inside: list[int] = []

    def around(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a part in a stopwatch."""
        return self._async(part, function) if inspect.iscoroutinefunction(function) else self._plain(part, function)

    def _async(self, part: str, function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def timed(*args: Any, **kwargs: Any) -> Any:
            self._inside.append(0)
            begun = time.perf_counter_ns()
            try:
                return await function(*args, **kwargs)
            finally:
                self._add(part, time.perf_counter_ns() - begun)

        return timed

    def _plain(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._inside.append(0)
            begun = time.perf_counter_ns()
            try:
                return function(*args, **kwargs)
            finally:
                self._add(part, time.perf_counter_ns() - begun)

        return timed

    def _add(self, part: str, took: int) -> None:
        self.spent[part] = self.spent.get(part, 0) + took - self._inside.pop()
        if self._inside:
            self._inside[-1] += took


@contextmanager
def watched(parts: Mapping[str, str]) -> Iterator[Stopwatches]:
    """Put a stopwatch around each part."""
    watches = Stopwatches()
    with ExitStack() as stack:
        for part, target in parts.items():
            owner, _, name = target.rpartition("." if "." in target.partition(":")[2] else ":")
            place = resolve_name(owner)
            stack.enter_context(patch.object(place, name, watches.around(part, getattr(place, name))))
        yield watches


async def poll(seeded: Seeded, parts: Mapping[str, str], *, again: bool) -> dict[str, float]:
    """Give the microseconds of each part of a poll, of a first one or of one that was let in before."""
    count = POLLS if again else JOBS
    scopes = itertools.cycle([scope_of(path, seeded.token) for path in seeded.paths])
    with watched(parts) as watches:
        async with application(APPS[OURS](seeded.url)) as started:
            await call(started, scope_of(seeded.paths[0], seeded.token))
            settle()
            for _ in range(JOBS if again else 0):
                await call(started, next(scopes))
            watches.spent.clear()
            for _ in range(count):
                await call(started, next(scopes))
        return {part: watches.spent.get(part, 0) / count / 1000 for part in parts}


def main() -> None:
    """Print both tables."""
    with TemporaryDirectory() as folder:
        seeded = asyncio.run(seed(in_file(Path(folder)), JOBS))
        _show("A poll that was let in just so before", uvloop.run(poll(seeded, AGAIN, again=True)))
        _show("A first poll of a job", uvloop.run(poll(seeded, AGAIN | ANEW, again=False)))


def _show(title: str, spent: Mapping[str, float]) -> None:
    table = Table("part", "µs", "share", title=title)
    whole = sum(spent.values())
    for part, microseconds in spent.items():
        table.add_row(part, f"{microseconds:.1f}", f"{microseconds / whole:.0%}")
    table.add_row("together", f"{whole:.1f}", "", style="bold")
    Console().print(table)


if __name__ == "__main__":
    main()
