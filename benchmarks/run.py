"""One run: all peers started, checked, loaded in turn, and called in process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import child, fairness, rounds
from benchmarks.comparisons import Compared
from benchmarks.load import Outcome, Plan
from benchmarks.machine import Cores, on_core, resident_megabytes
from benchmarks.peers import APPS, OURS, SERVED
from benchmarks.rounds import NOT_MODIFIED, Scale
from benchmarks.seed import Seeded, in_file, seed
from benchmarks.serving import Server, serving
from benchmarks.spread import Spread, ratio

IN_PROCESS_SECONDS = 0.5
"""Seconds for which each application is called in a round."""

Tell = Callable[[str], None]
"""Takes what is done now."""


@dataclass(slots=True)
class Measured:
    """What a run found, by the names of peers where it is of several."""

    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    in_process: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Microseconds."""
    start_up: list[float] = field(default_factory=list)
    """Seconds."""
    memory: list[float] = field(default_factory=list)
    """Megabytes."""
    compared: list[Compared] = field(default_factory=list)
    unmeasured: dict[str, str] = field(default_factory=dict)
    """Why a target was not measured, where only the run can tell."""

    def rates(self, name: str) -> list[float]:
        """Give the polls in a second, one number for each round."""
        return [outcome.rate for outcome in self.outcomes[name]]

    def found(self) -> dict[str, Spread | str]:
        """Give what was found of each target."""
        peers = [name for name in self.outcomes if OURS in self.outcomes and name not in (OURS, NOT_MODIFIED)]
        found: dict[str, Spread | str] = {name: ratio(self.rates(OURS), self.rates(name)) for name in peers}
        if NOT_MODIFIED in self.outcomes:
            found["not-modified"] = ratio(self.rates(NOT_MODIFIED), self.rates(OURS))
        found |= {compared.key: compared.ratio() for compared in self.compared}
        values = {"start-up": self.start_up, "memory": self.memory}
        return {**found, **self.unmeasured, **{key: Spread.of(known) for key, known in values.items() if known}}


def steps(names: Sequence[str], scale: Scale) -> int:
    """Tell how often `run` will tell something at the most."""
    ours = OURS in names
    served = sum(name in SERVED for name in names)
    return 2 + served + (served + ours) * scale.rounds + ours * scale.rounds


def run(names: Sequence[str], scale: Scale, tell: Tell, measured: Measured) -> None:
    """Measure the peers with these names, and this server's start if it is among them."""
    cores = Cores.found()
    with TemporaryDirectory() as folder, on_core(cores.load):
        tell("writing the store")
        seeded = asyncio.run(seed(in_file(Path(folder)), scale.jobs))
        log = Path(folder) / "servers.log"
        with ExitStack() as stack:
            servers = {}
            for name in (name for name in names if name in SERVED):
                tell(f"starting {name}")
                servers[name] = stack.enter_context(serving(name, seeded, cores, log))
                fairness.check(servers[name], seeded)
            _load(servers, seeded, scale, cores, measured, tell)
        if OURS in names:
            _start(seeded, scale, cores, log, measured, tell)
        tell("calling all in process")
        measured.in_process = _call(names, seeded, scale, cores)


def _load(
    servers: Mapping[str, Server], seeded: Seeded, scale: Scale, cores: Cores, measured: Measured, tell: Tell
) -> None:
    plans = {name: rounds.plain(server, seeded, scale) for name, server in servers.items()}
    if OURS in servers:
        plans |= _not_modified(servers[OURS], seeded, scale, measured)
    measured.outcomes = {name: [] for name in plans}
    for number, names in enumerate(rounds.turns(plans, scale.rounds), 1):
        for name in names:
            tell(f"round {number} of {scale.rounds}: {name}")
            measured.outcomes[name].append(rounds.measure(plans[name], cores))
        if OURS in servers and (resident := resident_megabytes(servers[OURS].pid)) is not None:
            measured.memory.append(resident)


def _not_modified(server: Server, seeded: Seeded, scale: Scale, measured: Measured) -> dict[str, Plan]:
    plan = rounds.not_modified(server, seeded, scale)
    if plan is None:
        measured.unmeasured["not-modified"] = "not built yet: polls are not answered with 304"
        return {}
    return {NOT_MODIFIED: plan}


def _start(seeded: Seeded, scale: Scale, cores: Cores, log: Path, measured: Measured, tell: Tell) -> None:
    for number in range(1, scale.rounds + 1):
        tell(f"start-up {number} of {scale.rounds}")
        with serving(OURS, seeded, cores, log) as server:
            measured.start_up.append(server.started_in)


def _call(names: Sequence[str], seeded: Seeded, scale: Scale, cores: Cores) -> Mapping[str, Sequence[float]]:
    plan = {
        "url": seeded.url,
        "token": seeded.token,
        "paths": seeded.paths,
        "names": [name for name in APPS if name in names],
        "rounds": scale.rounds,
        "seconds": min(IN_PROCESS_SECONDS, scale.seconds),
    }
    times: Mapping[str, Sequence[float]] = child.call("benchmarks.inprocess", plan, cores.server)
    return times
