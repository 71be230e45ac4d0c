"""Let fleets of clients watch jobs in simulated time: `python -m benchmarks.polling`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import results
from benchmarks.polling import page, tables
from benchmarks.polling.crowd import crowds
from benchmarks.polling.fleets import BOUNDS, CROWD, FLEETS, HELD, MOST
from benchmarks.polling.kinds import IMAGES, KINDS
from benchmarks.polling.measures import TOGETHER, Measured, measure
from benchmarks.polling.watch import ONE_WAY

FILE = results.FOLDER / "polling.json"
JOBS, SEED = 2_000, 1
PARTS = {"fleets": FLEETS, "held": HELD, "bounds": BOUNDS}
"""What is told and kept of the fleets, by its name."""


def main() -> None:
    """Simulate, tell, and keep what was found."""
    asked = _parser().parse_args()
    console = Console(width=None if Console().is_terminal else 140)
    kept = simulate(asked.jobs, asked.seed, console)
    for kind in kept["kinds"]:
        console.print(*(tables.fleets(kind, kept[part]) for part in PARTS))
    console.print(tables.crowd(kept["crowd"]))
    whole = (asked.jobs, asked.seed) == (JOBS, SEED)
    file: Path | None = asked.json or (FILE if whole else None)
    if file is not None:
        results.write(file, kept)
        console.print(f"Kept in {file}.")
    if file == FILE:
        _publish(kept, console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.polling", description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS, help="how many of each kind; what was found is then not kept")
    parser.add_argument("--seed", type=int, default=SEED, help="what is drawn by lot; another is not kept either")
    parser.add_argument("--json", type=Path, metavar="FILE", help=f"where the numbers go, if not to {FILE.name}")
    return parser


def simulate(jobs: int, seed: int, console: Console) -> dict[str, Any]:
    """Let every fleet watch so many jobs of every kind; give what is kept of it."""
    fleets = [fleet for part in PARTS.values() for fleet in part]
    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*shown, console=console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task("", total=len(KINDS) * len(fleets) + len(CROWD))

        def tell(what: str) -> None:
            progress.update(task, description=what, advance=1, refresh=True)

        found = list(measure(KINDS, fleets, jobs, seed, tell))
        crowd = list(crowds(IMAGES, CROWD, jobs, seed, tell))
    facts = {"jobs": jobs, "seed": seed, "most": MOST, "together": TOGETHER, "round_trip": 2 * ONE_WAY}
    return {**facts, **_rows(found), "crowd": crowd}


def _rows(found: Sequence[Measured]) -> Mapping[str, Any]:
    means = {measured.kind: measured.mean_duration for measured in found}
    return {
        "kinds": [
            {"name": kind.name, "told": kind.told, "mean_seconds": round(mean, 1)} for kind, mean in means.items()
        ],
        **{part: [each.told() for each in found if each.fleet in fleets] for part, fleets in PARTS.items()},
    }


def _publish(kept: Mapping[str, Any], console: Console) -> None:
    from benchmarks.polling import picture

    page.write(kept)
    picture.draw(kept)
    console.print(f"Written into {page.FILE}, drawn in {picture.FILE}.")


if __name__ == "__main__":
    main()
