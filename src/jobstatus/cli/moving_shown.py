"""How a move is shown: as a bar on a terminal, else line by line."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from jobstatus.moving import Inventory, Stage, Step, Tell, Verification

from . import output

INTERVAL = 10.0
"""Seconds between two lines that tell how far it is."""
WORDS = {Stage.LOOKING: "Looking at the target", Stage.COPYING: "Pass {}", Stage.VERIFYING: "Verifying"}
_PARTS = re.compile(r"(?:[^@/?#]*@)?([\w.,:\[\]-]*(?:/[^@?#]*)?)(?:[?#][^@]*)?")


def shown(url: str) -> str:
    """Write a store's URL without what may be secret of it: user, password and query."""
    scheme, _, rest = url.partition("://")
    if rest.startswith("/"):
        return f"{scheme}://{rest.partition('?')[0]}"
    parts = _PARTS.fullmatch(rest)
    return f"{scheme}://{parts[1] if parts else '…'}"


@contextmanager
def telling(as_json: bool) -> Iterator[Tell]:
    """Give what shows the steps, on standard error."""
    if sys.stderr.isatty():
        with _bar() as bar:
            yield Bars(bar).tell
    else:
        yield _nothing if as_json else Lines(time.monotonic).tell


def show_verification(found: Verification, source: str, target: str) -> None:
    """Show what both stores keep, one a row."""
    rows = output.table("store", "jobs", "events", "tombstones", "credentials", "SHA-256")
    for name, inventory in ((source, found.source), (target, found.target)):
        rows.add_row(output.text(name), *_cells(inventory))
    output.console().print(rows)
    if found.equal:
        output.note("Both keep the same.")


class Bars:
    """Draws a bar for each pass. It is as long as the numbers go, for nobody has counted the records."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def tell(self, step: Step) -> None:
        """Take a step."""
        if name(step) not in self._tasks:
            self._tasks[name(step)] = self._bar.add_task(name(step), counted="")
        task = self._tasks[name(step)]
        elapsed = self._bar.tasks[task].elapsed or 0.0
        rate = f", {step.compared / elapsed:,.0f}/s" if elapsed else ""
        last = max(step.last, 1)
        completed = last if step.done else step.number
        self._bar.update(task, total=last, completed=completed, counted=counted(step) + rate)


class Lines:
    """Tells of each pass when it is done, and every now and then how far it is."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = self._said = clock()

    def tell(self, step: Step) -> None:
        """Take a step, and say a line if it is time for one."""
        now = self._clock()
        if not step.compared:
            self._began = self._said = now
        if step.done:
            output.note(f"{name(step)}: {counted(step)}.")
        elif now - self._said >= INTERVAL:
            self._said = now
            output.note(f"{name(step)}: {counted(step)}, {pace(step, now - self._began)} …")


def name(step: Step) -> str:
    """Name a step's stage and pass."""
    return WORDS[step.stage].format(step.turn)


def counted(step: Step) -> str:
    """Tell of the records that a pass has seen."""
    if step.stage is Stage.COPYING:
        return f"{step.compared:,} records compared, {step.changed:,} changed"
    return f"{step.compared:,} records read"


def pace(step: Step, seconds: float) -> str:
    """Tell how much of a pass is done, how fast it is, and how long it will take if it goes on so."""
    part = step.number / step.last if step.last else 1.0
    left = seconds * (1 - part) / part if part else 0.0
    return f"{part:.0%}, {step.compared / seconds:,.0f} a second, {left:,.0f} s left"


def _nothing(step: Step) -> None:
    pass


def _bar() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[counted]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True, highlight=False))


def _cells(inventory: Inventory) -> list[Text]:
    counts = (inventory.jobs, inventory.events, inventory.tombstones, inventory.credentials)
    return [*(output.text(f"{count:,}") for count in counts), output.text(inventory.sha256)]
