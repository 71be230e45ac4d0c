"""What becomes of a server over many jobs: polls beside those over few, lists, and the removal of what is due."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import fairness, rounds
from benchmarks.large.store import Large
from benchmarks.large.watch import Watch, megabytes_on_disk
from benchmarks.load import LoadFailed, Outcome
from benchmarks.machine import Cores, on_core
from benchmarks.peers import LATER
from benchmarks.peers.month_later import MONTH, PASS_ON
from benchmarks.rounds import Scale
from benchmarks.serving import Server, serving
from benchmarks.spread import Spread
from jobstatus.clock import utc_now

MANY, SOME, FEW = "any of many jobs", "some of many jobs", "any of few jobs"
"""What is polled: of the large store any job, or as many as the small one has; or any of the small one."""
PARTS = 10
"""In how many parts the removal is told."""
READERS = 4
"""Connections that ask for lists."""
PATIENCE = 120.0
"""Seconds that the removal may stand still."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What was found while something went on."""

    name: str
    at: float
    """Seconds from the server's start to its end."""
    jobs: int
    """At its end."""
    memory: float
    """The most megabytes that the server had resident."""
    disk: float
    """Megabytes that the store took at its end."""
    rate: float | None = None
    """Answers in a second."""
    p50: float | None = None
    p99: float | None = None
    """Seconds."""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """All that was found of one store."""

    polls: Mapping[str, Sequence[Outcome]]
    """By what was polled, one for each round."""
    stages: Sequence[Stage]


class Stages:
    """Goes through all stages with one server, which runs from the first to the last."""

    def __init__(self, large: Large, small: Large, scale: Scale, tell: Tell, most: int | None = None) -> None:
        """Take the stores, how they are polled, and how many jobs are to be removed at the most."""
        self._large = large
        self._small = small
        self._scale = scale
        self._tell = tell
        self._most = most
        self._cores = Cores.found()
        self._jobs = large.population.count
        self._stages: list[Stage] = []
        self._began = time.monotonic()

    def run(self, log: Path) -> Told:
        """Measure everything."""
        with ExitStack() as stack, on_core(self._cores.load):
            servers = []
            for store in (self._large, self._small):
                server = stack.enter_context(serving(LATER, store.seeded, self._cores, log))
                fairness.check(server, store.seeded)
                servers.append(server)
            watch = stack.enter_context(Watch(servers[0].pid).running())
            return self._run(servers[0], servers[1], watch)

    def _run(self, large: Server, small: Server, watch: Watch) -> Told:
        self._began = time.monotonic()
        self._note("started", watch)
        polls = self._polls(large, small)
        outcomes = polls[MANY]
        self._note("polls", watch, outcomes)
        self._lists(large, watch)
        self._removal(large, watch)
        self._note("polls, afterwards", watch, [self._poll(large) for _ in range(self._scale.rounds)])
        return Told(polls, self._stages)

    def _polls(self, large: Server, small: Server) -> Mapping[str, Sequence[Outcome]]:
        few = len(self._small.paths())
        plans = {
            MANY: rounds.asked(large, self._large.paths(), self._large.seeded.token, self._scale),
            SOME: rounds.asked(large, self._large.paths(few), self._large.seeded.token, self._scale),
            FEW: rounds.asked(small, self._small.paths(), self._small.seeded.token, self._scale),
        }
        outcomes: dict[str, list[Outcome]] = {name: [] for name in plans}
        for number, names in enumerate(rounds.turns(plans, self._scale.rounds), 1):
            for name in names:
                self._tell(f"polls, round {number} of {self._scale.rounds}: {name}")
                outcomes[name].append(rounds.measure(replace(plans[name], lot=number), self._cores))
        return outcomes

    def _poll(self, server: Server) -> Outcome:
        """Poll any of many jobs, for a while."""
        plan = rounds.asked(server, self._large.paths(), self._large.seeded.token, replace(self._scale, warm_up=0))
        return rounds.measure(replace(plan, lot=time.monotonic_ns()), self._cores)

    def _lists(self, server: Server, watch: Watch) -> None:
        scale = replace(self._scale, connections=READERS, warm_up=0)
        for name, path in self._large.lists().items():
            self._tell(f"lists: {name}")
            plan = rounds.asked(server, [path], self._large.seeded.token, scale)
            try:
                self._note(f"list: {name}", watch, [rounds.measure(plan, self._cores)])
            except LoadFailed as failure:
                self._note(f"list: {name}", watch, failure=str(failure))

    def _removal(self, server: Server, watch: Watch) -> None:
        """Let a month pass: the server removes what is due, while it is polled."""
        due = self._large.due(utc_now() + MONTH)
        kept = self._jobs - due
        os.kill(server.pid, PASS_ON)
        for part, outcomes in self._parts(server, due, kept):
            self._note(f"removal, {part} of {PARTS}", watch, outcomes)

    def _parts(self, server: Server, due: int, kept: int) -> Iterator[tuple[int, Sequence[Outcome]]]:
        left, part, outcomes = due, 1, list[Outcome]()
        goal = due if self._most is None else min(due, self._most)
        moved = time.monotonic()
        while due - left < goal:
            self._tell(f"removal: {left:,} jobs are due")
            outcomes.append(self._poll(server))
            before, left = left, self._large.due(utc_now() + MONTH)
            moved = time.monotonic() if left < before else moved
            if time.monotonic() - moved > PATIENCE:
                raise LoadFailed(f"the removal stands still at {left} jobs that are due")
            self._jobs = kept + left
            if due - left >= goal * part // PARTS:
                part = min(PARTS, PARTS * (due - left) // goal)
                yield part, outcomes
                part, outcomes = part + 1, []

    def _note(self, name: str, watch: Watch, outcomes: Sequence[Outcome] = (), failure: str = "") -> None:
        stage = Stage(
            name=name,
            at=time.monotonic() - self._began,
            jobs=self._jobs,
            memory=watch.most(),
            disk=megabytes_on_disk(self._large.folder),
            failure=failure,
            **_told(outcomes),
        )
        self._stages.append(stage)


def _told(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Give the rate of the middle outcome, and the worst times."""
    if not outcomes:
        return {}
    return {
        "rate": Spread.of([outcome.rate for outcome in outcomes]).middle,
        "p50": max(outcome.p50 for outcome in outcomes),
        "p99": max(outcome.p99 for outcome in outcomes),
    }
