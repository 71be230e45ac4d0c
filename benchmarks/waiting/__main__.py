"""Measure what polls that wait cost, and streams of events: `python -m benchmarks.waiting`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from benchmarks import child, results, rounds
from benchmarks.load import LoadFailed, Outcome
from benchmarks.machine import Cores, disk, many_files, on_core
from benchmarks.peers import OURS
from benchmarks.rounds import Scale
from benchmarks.seed import Seeded, in_file, seed
from benchmarks.serving import ServerFailed, serving
from benchmarks.waiting import crowd, report
from benchmarks.waiting.holding import Plan, holding, who

FILE = results.FOLDER / "waiting.json"
WAITERS, STREAMS = 10_000, 2_000
POLLED = 1000
"""Jobs that are polled beside those who wait."""
WRITES = 20.0
"""Changes in a second, of jobs that are waited for."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A store, and where servers over it run."""

    seeded: Seeded
    cores: Cores
    log: Path

    def crowd(self, kind: str, count: int, single: int) -> crowd.Outcome:
        """Have many wait on a server of their own, which has been asked for each job before."""
        with serving(OURS, self.seeded, self.cores, self.log) as server:
            plan = crowd.Plan(kind=kind, port=server.port, pid=server.pid, single=single, **who(self.seeded, count))
            scale = Scale(seconds=count / 1000, warm_up=0)
            rounds.measure(rounds.asked(server, plan.paths, plan.token, scale), self.cores)
            return crowd.Outcome(**child.call("benchmarks.waiting.crowd", asdict(plan), self.cores.load))

    def polls(self, count: int, scale: Scale) -> Mapping[str, Sequence[Outcome]]:
        """Poll a server beside none who wait, beside many, and while some of them are told something."""
        with serving(OURS, self.seeded, self.cores, self.log) as server:
            many = Plan.of(server, self.seeded, count)
            beside = {
                "none": None,
                f"{count:,} waiting": many,
                f"{count:,} waiting, {WRITES:.0f} changes/s": replace(many, writes=WRITES),
            }
            plan = rounds.asked(server, self.seeded.paths[:POLLED], self.seeded.token, scale)
            outcomes: dict[str, list[Outcome]] = {name: [] for name in beside}
            for names in rounds.turns(dict.fromkeys(beside, plan), scale.rounds):
                for name in names:
                    held = beside[name]
                    with nullcontext() if held is None else holding(held, self.cores):
                        outcomes[name].append(rounds.measure(plan, self.cores))
            return outcomes


def main() -> None:
    """Measure, tell, and keep what was found."""
    asked = _parser().parse_args()
    many_files()
    console = Console(width=None if Console().is_terminal else 140)
    try:
        found = measure({"polls": asked.waiters, "streams": min(STREAMS, asked.waiters)}, Scale(rounds=asked.rounds))
    except (LoadFailed, ServerFailed) as failure:
        sys.exit(f"benchmarks: {failure}")
    kept = report.kept(found)
    console.print(report.crowds(kept["waiting"]), report.polls(kept["polls_beside"]))
    file: Path | None = asked.json or (FILE if asked.waiters == WAITERS else None)
    if file is not None:
        results.write(file, kept)
        console.print(f"Kept in {file}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.waiting", description=__doc__)
    parser.add_argument("--waiters", type=int, default=WAITERS, help="how many wait; other than usual are not kept")
    parser.add_argument("--rounds", type=int, default=3, help="how often plain polls are measured beside them")
    parser.add_argument("--json", type=Path, metavar="FILE", help=f"where the numbers go, if not to {FILE.name}")
    return parser


def measure(counts: Mapping[str, int], scale: Scale, single: int = 200) -> report.Found:
    """Have so many wait of each kind, one of whom is told something *single* times. Raises `LoadFailed`."""
    cores = Cores.found()
    with TemporaryDirectory(dir=disk()) as folder, on_core(cores.load):
        seeded = asyncio.run(seed(in_file(Path(folder)), 2 * max(*counts.values(), POLLED)))
        bench = Bench(seeded, cores, Path(folder) / "servers.log")
        crowds = {kind: (count, bench.crowd(kind, count, single)) for kind, count in counts.items()}
        return report.Found(crowds, bench.polls(counts["polls"], scale))


if __name__ == "__main__":
    main()
