"""The server as a process of its own, on a free port; where no other store is named, on a SQLite file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import anyio
import httpx
from house import EVERYTHING, TENANT, make_token

from jobstatus.clock import utc_now
from jobstatus.storage import open_store

PATIENCE = 30.0
"""Seconds that a server may take to start, on a machine that is busy."""


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One server process, which can be killed and started again on the same data."""

    def __init__(self, folder: Path, port: int, store: str | None = None, **settings: str) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.store = store or f"sqlite:///{folder / 'jobs.db'}"
        self._settings = {f"JOBSTATUS_{name.upper()}": value for name, value in settings.items()}
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        command = [sys.executable, "-m", "jobstatus", "serve", "--port", str(self.port), "--store", self.store]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env={**os.environ, **self._settings}, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()

    def kill(self) -> None:
        """End it without a word, as a power cut would."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    @property
    def log(self) -> str:
        """Give what it wrote."""
        return self._log.read_text()

    def token(
        self, tenant: str = TENANT, permissions: frozenset[str] = EVERYTHING, roles: tuple[str, ...] = ("admin",)
    ) -> str:
        """Make a credential in its store."""

        async def make() -> str:
            store = await open_store(self.store)
            try:
                return await make_token(store, utc_now(), tenant, permissions, roles)
            finally:
                await store.aclose()

        # In a thread of its own: a browser's test has an event loop in this one already.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(anyio.run, make).result()

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url, timeout=1, trust_env=False, verify=False).status_code == 200
        except httpx.TransportError:
            time.sleep(0.02)
            return False

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)
            self._process.wait(PATIENCE)


@contextmanager
def sharing(store: str, folder: Path, count: int, **settings: str) -> Iterator[list[Server]]:
    """Run servers over one store."""
    with ExitStack() as stack:
        servers = []
        for number in range(count):
            own = folder / str(number)
            own.mkdir()
            servers.append(stack.enter_context(serving(own, store=store, **settings)))
        yield servers


@contextmanager
def serving(folder: Path, *, store: str | None = None, **settings: str) -> Iterator[Server]:
    """Run a server for as long as it is needed."""
    server = Server(folder, free_port(), store, **settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()
