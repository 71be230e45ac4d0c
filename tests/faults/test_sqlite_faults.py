"""The file of a SQLite store is locked, or its disk is full; nothing that was acknowledged is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from .small_disk import full, small_disk
from .trial import undergo

DISK = 8
"""Megabytes."""


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process holds the file, and does nothing."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA busy_timeout = 10000")
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_nothing_is_lost_when_another_process_holds_the_file(tmp_path: Path) -> None:
    """Polls are answered all the while."""
    file = tmp_path / "jobs.db"

    undergo("sqlite", "locked", f"sqlite:///{file}", lambda: locked(file), tmp_path).succeeded()


def test_nothing_is_lost_when_the_disk_is_full(tmp_path: Path) -> None:
    """Polls are answered all the while, and writes once there is room."""
    with small_disk(tmp_path / "small", DISK) as disk:
        undergo("sqlite", "full", f"sqlite:///{disk / 'jobs.db'}", lambda: full(disk), tmp_path).succeeded()
