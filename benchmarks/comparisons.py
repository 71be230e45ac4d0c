"""What is measured beside the polls over a SQLite file: two servers at a time, over other stores or with reports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from benchmarks import child, databases, fairness, rounds
from benchmarks.load import Outcome, Plan
from benchmarks.machine import Cores, disk, on_core
from benchmarks.peers import ONE_BY_ONE, OURS, POOLED
from benchmarks.rounds import Scale
from benchmarks.seed import Seeded, in_file, seed
from benchmarks.serving import Server, serving
from benchmarks.spread import Spread, ratio
from benchmarks.waiting import holding

MANY = 100_000
"""Jobs that are polled at random over the network's stores: more than a server can remember answers of."""
WIDE = 64
"""Connections over which they are polled."""
FEW = 1000
"""Jobs of the stores that are reported to, and of those that are polled beside others that wait."""
HELD = 10_000
"""Polls that wait, each for a job of its own: half of the jobs have not ended."""

Case = tuple[str, Seeded]
"""A server by the name of its application, and the store that it is over."""
Cases = Mapping[str, Case]
By = Literal["rate", "p99"]
"""What servers are compared by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What two servers did; the first is held against the second."""

    key: str
    """The target's."""
    scale: Scale
    outcomes: Mapping[str, Sequence[Outcome]]
    in_process: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """What the store alone did in a second, without a server."""
    by: By = "rate"

    def ratio(self) -> Spread:
        """Give the ratio of their rates, or of what else they are compared by, round by round."""
        ours, theirs = ([getattr(outcome, self.by) for outcome in outcomes] for outcomes in self.outcomes.values())
        return ratio(ours, theirs)


class Bench:
    """Where a comparison happens: a folder on a disk, the cores, and what runs until it is over."""

    def __init__(self, stack: ExitStack, cores: Cores) -> None:
        self.cores = cores
        self._stack = stack
        self._folder = Path(stack.enter_context(TemporaryDirectory(dir=disk())))

    def folder(self, name: str) -> Path:
        """Make a folder for one store."""
        made = self._folder / name
        made.mkdir()
        self._folder.chmod(0o755)  # a database may run as another user
        return made

    def postgresql(self) -> str:
        """Start PostgreSQL beside the load; give its URL."""
        with on_core(self.cores.load):
            return self._stack.enter_context(databases.postgresql(self.folder("postgresql")))

    def redis(self) -> str:
        """Start Valkey beside the load; give its URL."""
        with on_core(self.cores.load):
            return self._stack.enter_context(databases.valkey(self.folder("redis")))

    def start(self, app: str, seeded: Seeded) -> Server:
        """Start a server, which must do all that others do."""
        server = self._stack.enter_context(serving(app, seeded, self.cores, self._folder / "servers.log"))
        fairness.check(server, seeded)
        return server


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two servers are compared."""

    prepare: Callable[[Bench, int], Cases]
    """Makes the stores, with so many jobs."""
    plan: Callable[[Server, Seeded, Scale], Plan] = rounds.plain
    connections: int = WIDE
    jobs: int = MANY
    store_alone: bool = False
    """Whether what the store does is also measured without a server."""
    by: By = "rate"
    waiting: int = 0
    """How many polls wait on the first of the servers while that is loaded."""


def _postgresql(bench: Bench, jobs: int) -> Cases:
    seeded = asyncio.run(seed(bench.postgresql(), jobs))
    return {"jobstatus on PostgreSQL": (OURS, seeded), "FastAPI with asyncpg": (POOLED, seeded)}


def _redis(bench: Bench, jobs: int) -> Cases:
    redis = asyncio.run(seed(bench.redis(), jobs))
    sqlite = asyncio.run(seed(in_file(bench.folder("sqlite")), jobs))
    return {"jobstatus on Redis": (OURS, redis), "jobstatus on SQLite": (OURS, sqlite)}


def _group_commit(bench: Bench, jobs: int) -> Cases:
    together, single = (asyncio.run(seed(in_file(bench.folder(name)), jobs)) for name in ("together", "single"))
    return {"reports, committed together": (OURS, together), "reports, one by one": (ONE_BY_ONE, single)}


def _waiting(bench: Bench, jobs: int) -> Cases:
    seeded = asyncio.run(seed(in_file(bench.folder("sqlite")), jobs))
    return {"polls beside those that wait": (OURS, seeded), "polls beside none": (OURS, seeded)}


def _some(server: Server, seeded: Seeded, scale: Scale) -> Plan:
    """Poll so few jobs that a server remembers all answers, whoever else is told of others."""
    return rounds.asked(server, seeded.paths[:FEW], seeded.token, scale)


COMPARISONS: Mapping[str, Comparison] = {
    "postgresql": Comparison(_postgresql),
    "redis": Comparison(_redis),
    "waiting": Comparison(_waiting, plan=_some, connections=16, jobs=2 * HELD, by="p99", waiting=HELD),
    "group-commit": Comparison(_group_commit, plan=rounds.reports, connections=16, jobs=FEW, store_alone=True),
}
"""By the key of its target."""


def steps(names: Sequence[str], scale: Scale) -> int:
    """Tell how often `compare` will tell something for these."""
    return sum(3 + 2 * scale.rounds + COMPARISONS[name].store_alone for name in names)


def compare(key: str, scale: Scale, jobs: int | None, tell: Callable[[str], None]) -> Compared:
    """Compare two servers, over stores with so many jobs if not with as many as usual.

    Raises:
        DatabaseMissing: the database that one of them needs is not here.
    """
    comparison = COMPARISONS[key]
    scale = replace(scale, connections=comparison.connections, jobs=jobs or comparison.jobs)
    with ExitStack() as stack:
        bench = Bench(stack, Cores.found())
        tell(f"{key}: writing the stores")
        cases = comparison.prepare(bench, scale.jobs)
        with on_core(bench.cores.load):
            outcomes = _load(key, bench, cases, comparison, scale, tell)
            alone = _alone(key, bench, cases, scale, tell) if comparison.store_alone else {}
    return Compared(key=key, scale=scale, outcomes=outcomes, in_process=alone, by=comparison.by)


def _load(
    key: str, bench: Bench, cases: Cases, comparison: Comparison, scale: Scale, tell: Callable[[str], None]
) -> Mapping[str, Sequence[Outcome]]:
    plans, beside = {}, dict[str, holding.Plan]()
    for name, (app, seeded) in cases.items():
        tell(f"{key}: starting {name}")
        server = bench.start(app, seeded)
        plans[name] = comparison.plan(server, seeded, scale)
        if comparison.waiting and not beside:
            beside[name] = holding.Plan.of(server, seeded, min(comparison.waiting, scale.jobs))
    outcomes: dict[str, list[Outcome]] = {name: [] for name in plans}
    for number, names in enumerate(rounds.turns(plans, scale.rounds), 1):
        for name in names:
            tell(f"{key}, round {number} of {scale.rounds}: {name}")
            with holding.holding(beside[name], bench.cores) if name in beside else nullcontext():
                outcomes[name].append(rounds.measure(replace(plans[name], lot=number), bench.cores))
    return outcomes


def _alone(
    key: str, bench: Bench, cases: Cases, scale: Scale, tell: Callable[[str], None]
) -> Mapping[str, Sequence[float]]:
    """Report to the stores without a server, in turn."""
    tell(f"{key}: the store alone")
    rates: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(scale.rounds):
        for name, (app, seeded) in cases.items():
            plan = {
                "url": seeded.url,
                "ids": [job.id for job in seeded.unfinished[: scale.connections]],
                "single": app == ONE_BY_ONE,
                "seconds": scale.seconds,
            }
            rates[name].append(child.call("benchmarks.reporting", plan, bench.cores.server))
    return rates
