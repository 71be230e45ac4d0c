"""Watching a server's memory, and what its store takes on the disk, while something else goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.machine import resident_megabytes

PAUSE = 0.5
"""Seconds between two looks."""


class Watch:
    """Looks at a process from time to time, and remembers the most that it had resident since it was last asked."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    @contextmanager
    def running(self) -> Iterator[Watch]:
        """Look on for as long as the block runs."""
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join()

    def most(self) -> float:
        """Give the most megabytes since the last time."""
        self._look()
        most, self._most = self._most, 0.0
        return most

    def _look_on(self) -> None:
        while not self._over.wait(PAUSE):
            self._look()

    def _look(self) -> None:
        self._most = max(self._most, resident_megabytes(self._pid) or 0.0)


def megabytes_on_disk(folder: Path) -> float:
    """Tell what all files in a folder take, whatever is removed meanwhile."""
    return sum(_taken(file) for file in folder.rglob("*")) / 1e6


def _taken(file: Path) -> int:
    try:
        return file.stat(follow_symlinks=False).st_blocks * 512
    except FileNotFoundError:
        return 0
