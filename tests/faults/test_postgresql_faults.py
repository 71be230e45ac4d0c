"""PostgreSQL fails in every way that it knows; nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import asyncpg
import pytest
from back_ends import need
from postgres import OwnPostgres, database_of, own_postgres

from .small_disk import full, small_disk
from .trial import undergo

DISK = 32
"""Megabytes: more than an empty database has."""


@pytest.fixture(scope="module")
def server() -> Iterator[OwnPostgres]:
    """Give a server that may be ill-treated."""
    need("postgresql")
    with own_postgres() as server:
        yield server


@contextmanager
def stopped(server: OwnPostgres, url: str) -> Iterator[None]:
    """An operator stops it, and starts it again."""
    server.stop()
    yield
    server.start()


@contextmanager
def killed(server: OwnPostgres, url: str) -> Iterator[None]:
    """It crashes, and recovers."""
    server.kill()
    yield
    server.start()


@contextmanager
def hung(server: OwnPostgres, url: str) -> Iterator[None]:
    """Its connections stay, and nothing answers."""
    server.hold()
    yield
    server.let_go()


@contextmanager
def disconnected(server: OwnPostgres, url: str) -> Iterator[None]:
    """All connections are cut, again and again."""
    for _ in range(5):
        tell(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database_of(url)}'")
    yield


@contextmanager
def read_only(server: OwnPostgres, url: str) -> Iterator[None]:
    """It takes no writes, as one that stands by for another does not."""
    turn_read_only(server, url, "on")
    yield
    turn_read_only(server, url, "off")


def turn_read_only(server: OwnPostgres, url: str, how: str) -> None:
    """Have sessions that begin from now on be read-only, or not; and let all begin anew."""
    database = database_of(url)
    tell(server, f"ALTER DATABASE {database} SET default_transaction_read_only = {how}")
    tell(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")


def tell(server: OwnPostgres, statement: str) -> None:
    """Run a statement as an operator."""

    async def run() -> None:
        connection = await asyncpg.connect(server.url)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


Fault = Callable[[OwnPostgres, str], AbstractContextManager[None]]
FAULTS: list[Fault] = [stopped, killed, hung, disconnected, read_only]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_nothing_is_lost(server: OwnPostgres, tmp_path: Path, fault: Fault) -> None:
    """Every request is answered in its contract's shape and in time, and service returns by itself."""
    url = asyncio.run(server.database())

    undergo("postgresql", fault.__name__, url, lambda: fault(server, url), tmp_path).succeeded()


def test_nothing_is_lost_when_the_disk_is_full(server: OwnPostgres, tmp_path: Path) -> None:
    """Polls are answered all the while."""
    with small_disk(server.folder / "small", DISK) as disk:
        if server.user is not None:
            shutil.chown(disk, server.user)
        tell(server, f"CREATE TABLESPACE small LOCATION '{disk}'")
        url = asyncio.run(server.database(tablespace="small"))
        undergo("postgresql", "full", url, lambda: full(disk), tmp_path).succeeded()
        asyncio.run(server.drop(url))
        tell(server, "DROP TABLESPACE small")
