"""Servers as processes of their own, each kept on the core for servers."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import HOST
from benchmarks.machine import Cores, on_core
from benchmarks.peers import OURS, STOCK
from benchmarks.seed import Seeded
from jobstatus.cli.serve import SHUTDOWN

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0
"""Seconds that a server may take to start, on a machine that is busy."""
PAUSE = 0.005
"""Seconds between two looks for a server that is starting."""
_ENGINES = {OURS: "compiled", STOCK: "stock"}
PLENTY = {f"JOBSTATUS_LIMIT_{what}": '{"native": "999999999/60"}' for what in ("POLLS", "CALLS")}
"""Requests are counted as always, and there are more of them than anybody makes: a load is one credential's."""


class ServerFailed(Exception):
    """A server that did not start, with what it said."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    name: str
    port: int
    pid: int
    started_in: float
    """Seconds from its process's start to its first answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    status: int
    etag: str | None
    body: bytes


@contextmanager
def asking(port: int) -> Iterator[Asker]:
    """Keep a connection open, to ask one thing after another."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        yield Asker(connection)
    finally:
        connection.close()


class Asker:
    """Asks over one connection."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection

    def get(self, path: str, token: str | None = None, **headers: str) -> Reply:
        """Ask for a path with a token, and with further headers in snake case."""
        shown = {"Authorization": f"Bearer {token}"} if token else {}
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", path, headers={**shown, **more})
        answer = self._connection.getresponse()
        return Reply(answer.status, answer.getheader("ETag"), answer.read())


@contextmanager
def serving(name: str, seeded: Seeded, cores: Cores, log: Path) -> Iterator[Server]:
    """Run a server for as long as it is needed."""
    port = _free_port()
    began = time.perf_counter()
    with log.open("ab") as said, on_core(cores.server):
        process = subprocess.Popen(
            _command(name, port, seeded.url), cwd=ROOT, env=_environment(name), stdout=said, stderr=said
        )
    try:
        _await(process, port, seeded, log)
        yield Server(name, port, process.pid, time.perf_counter() - began)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(SHUTDOWN + 5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _command(name: str, port: int, url: str) -> list[str]:
    """Start ours as its users do, and the others under the same options."""
    where = ["--port", str(port), "--store", url]
    if name in _ENGINES:
        return [sys.executable, "-m", "jobstatus", "serve", *where]
    return [sys.executable, "-m", "benchmarks.peers", name, *where]


def _environment(name: str) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("JOBSTATUS_")}
    return {**inherited, **PLENTY, **({"JOBSTATUS_ENGINE": _ENGINES[name]} if name in _ENGINES else {})}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _await(process: subprocess.Popen[bytes], port: int, seeded: Seeded, log: Path) -> None:
    """Wait for the first job that is answered."""
    deadline = time.monotonic() + PATIENCE
    while not _answers(port, seeded):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerFailed(log.read_text(errors="replace"))
        time.sleep(PAUSE)


def _answers(port: int, seeded: Seeded) -> bool:
    try:
        with asking(port) as asker:
            return asker.get(seeded.paths[0], seeded.token).status == 200
    except OSError:
        return False
