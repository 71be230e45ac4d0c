"""Measure this server beside its peers, over stores of every kind, and print and keep what was found."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import comparisons, results, tables
from benchmarks.comparisons import COMPARISONS
from benchmarks.databases import DatabaseMissing
from benchmarks.fairness import Unfair
from benchmarks.load import LoadFailed
from benchmarks.machine import many_files
from benchmarks.peers import APPS
from benchmarks.rounds import Scale
from benchmarks.run import Measured, run, steps
from benchmarks.serving import ServerFailed
from benchmarks.targets import rows

QUICK = Scale(rounds=1, seconds=1.0, warm_up=0.5, jobs=1000)


def main() -> None:
    """Measure as asked; what was found is judged by whoever reads it."""
    asked = _parser().parse_args()
    many_files()
    scale = QUICK if asked.quick else Scale()
    given = {name: value for name in ("rounds", "seconds", "jobs") if (value := getattr(asked, name)) is not None}
    scale = replace(scale, **given)
    whole = not asked.quick and not asked.only and not asked.jobs
    console = Console(width=None if Console().is_terminal else 140)
    try:
        measured = _measure(asked.only or [*APPS, *COMPARISONS], scale, _jobs(asked), console)
    except (LoadFailed, ServerFailed, Unfair) as failure:
        sys.exit(f"benchmarks: {failure}")
    _show(measured, scale, console)
    file = asked.json or (results.LATEST if whole else None)
    if file is not None:
        results.keep(measured, scale, file)
        console.print(f"Kept in {file} and {results.PEERS} beside it.")
    if whole:
        _draw(console)


def _parser() -> argparse.ArgumentParser:
    known = [*APPS, *COMPARISONS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, help="how often each peer is loaded")
    parser.add_argument("--seconds", type=float, help="for how long each time")
    parser.add_argument("--jobs", type=int, help="how many jobs there are; what was found is then not kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help=f"where the rows go, if not to {results.LATEST.name}")
    parser.add_argument("--quick", action="store_true", help="one short round, which proves nothing and is not kept")
    parser.add_argument(
        "--only", nargs="+", choices=known, metavar="NAME", help=f"some of {', '.join(known)}; not kept"
    )
    return parser


def _jobs(asked: argparse.Namespace) -> int | None:
    """Tell how many jobs the other stores are to have, if not as many as usual."""
    jobs: int | None = asked.jobs or (QUICK.jobs if asked.quick else None)
    return jobs


def _measure(names: Sequence[str], scale: Scale, jobs: int | None, console: Console) -> Measured:
    peers, compared = ([name for name in names if name in known] for known in (APPS, COMPARISONS))
    measured = Measured()
    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Drawn only where something new is told: a clock that ticks would take its share of the load's core.
    with Progress(*shown, console=console, transient=True, auto_refresh=False) as progress:
        total = (steps(peers, scale) if peers else 0) + comparisons.steps(compared, scale)
        task = progress.add_task("", total=total)

        def tell(what: str) -> None:
            progress.update(task, description=what, advance=1, refresh=True)

        if peers:
            run(peers, scale, tell, measured)
        for key in compared:
            try:
                measured.compared.append(comparisons.compare(key, scale, jobs, tell))
            except DatabaseMissing as missing:
                measured.unmeasured[key] = f"not measured here: {missing}"
    return measured


def _show(measured: Measured, scale: Scale, console: Console) -> None:
    found = results.peers(measured, scale)
    if found["peers"]:
        console.print(tables.peers(found["peers"]))
    if found["comparisons"]:
        console.print(tables.comparisons(found["comparisons"]))
    console.print(tables.targets(rows(measured.found())))
    for doubt in tables.doubts(found["peers"]):
        console.print(f"Doubtful: {doubt}", style="yellow")


def _draw(console: Console) -> None:
    from benchmarks import plot

    plot.draw(results.FOLDER / results.PEERS, plot.FILE)
    console.print(f"Drawn in {plot.FILE}.")


if __name__ == "__main__":
    main()
