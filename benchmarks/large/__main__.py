"""Measure what becomes of a server whose store holds millions of jobs: `python -m benchmarks.large`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks import databases, results
from benchmarks.databases import DatabaseMissing
from benchmarks.fairness import Unfair
from benchmarks.large import report
from benchmarks.large.stages import Stages, Told
from benchmarks.large.store import Large
from benchmarks.load import LoadFailed
from benchmarks.machine import Cores, disk, on_core
from benchmarks.rounds import Scale
from benchmarks.seed import in_file
from benchmarks.serving import ServerFailed

WHOLE = 10_000_000
FEW = 10_000
"""Jobs of the store beside."""
CONNECTIONS = {"sqlite": 16, "postgresql": 64}
"""The stores, and over how many connections each is polled."""
ROOM = {"sqlite": 800, "postgresql": 1600}
"""Bytes that a job takes of the disk, with all that goes with it."""


def main() -> None:
    """Load, measure, tell and clear away."""
    asked = _parser().parse_args()
    console = Console(width=None if Console().is_terminal else 140)
    told: dict[str, Told] = {}
    try:
        for store in asked.stores:
            with _folder(store, asked) as folder, _progress(console) as progress:
                told[store] = _measure(store, folder, asked, progress)
            console.print(report.stages(store, told[store].stages), report.polls(store, told[store].polls))
    except (DatabaseMissing, LoadFailed, ServerFailed, Unfair) as failure:
        sys.exit(f"benchmarks: {failure}")
    if asked.jobs == WHOLE or asked.json:
        _keep(told, asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--jobs", type=int, default=WHOLE, help="how many jobs; other than ten million are not kept")
    parser.add_argument("--stores", nargs="+", choices=CONNECTIONS, default=[*CONNECTIONS], metavar="STORE")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is polled")
    parser.add_argument("--seconds", type=float, default=5.0, help="for how long each time")
    parser.add_argument("--removed", type=int, metavar="JOBS", help="how many jobs are removed at the most")
    parser.add_argument("--folder", type=Path, help="where the stores go: up to 15 GB each; else as temporary files do")
    parser.add_argument("--keep", action="store_true", help="leave the stores there")
    parser.add_argument("--json", type=Path, metavar="FILE", help=f"where the rows go, if not to {results.LATEST.name}")
    return parser


@contextmanager
def _folder(store: str, asked: argparse.Namespace) -> Iterator[Path]:
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="jobstatus-large-", dir=asked.folder or disk()))
    folder.chmod(0o755)  # a database may run as another user
    try:
        if shutil.disk_usage(folder).free < ROOM[store] * asked.jobs:
            sys.exit(f"benchmarks: too little room in {folder.parent} for {asked.jobs} jobs; name a --folder elsewhere")
        yield folder
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*shown, TimeRemainingColumn(), console=console, auto_refresh=False) as progress:
        yield progress


def _measure(store: str, folder: Path, asked: argparse.Namespace, progress: Progress) -> Told:
    scale = Scale(rounds=asked.rounds, seconds=asked.seconds, connections=CONNECTIONS[store], jobs=asked.jobs)
    with ExitStack() as stack:
        large, small = (
            _loaded(store, count, folder / name, stack, progress)
            for name, count in (("large", asked.jobs), ("small", min(FEW, asked.jobs)))
        )
        task = progress.add_task(f"{store}: measuring", total=None)

        def tell(what: str) -> None:
            progress.update(task, description=f"{store}: {what}", refresh=True)

        return Stages(large, small, scale, tell, asked.removed).run(folder / "servers.log")


def _loaded(store: str, count: int, folder: Path, stack: ExitStack, progress: Progress) -> Large:
    folder.mkdir()
    url, files = (in_file(folder), folder) if store == "sqlite" else _postgresql(folder, stack)
    task = progress.add_task(f"{store}: loading", total=count)
    return Large.load(url, count, files, lambda done: progress.update(task, advance=done, refresh=True))


def _postgresql(folder: Path, stack: ExitStack) -> tuple[str, Path]:
    with on_core(Cores.found().load):
        return stack.enter_context(databases.postgresql(folder, "max_wal_size=4GB")), databases.files(folder)


def _keep(told: dict[str, Told], asked: argparse.Namespace) -> None:
    file = asked.json or results.LATEST
    results.keep_rows({f"ten-million-{store}": report.ratios(found.polls)[0] for store, found in told.items()}, file)
    results.write(file.with_name("large.json"), report.kept(told, asked.jobs))


if __name__ == "__main__":
    main()
