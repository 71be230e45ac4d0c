"""What every test may ask for."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from back_ends import NAMES, BackEnds, back_ends
from house import House, running_house

for name in [name for name in os.environ if name.startswith("JOBSTATUS_")]:
    if not name.startswith("JOBSTATUS_TEST_"):
        del os.environ[name]  # whoever runs the tests may have a server of their own
if engine := os.environ.get("JOBSTATUS_TEST_ENGINE"):
    os.environ["JOBSTATUS_ENGINE"] = engine


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, which the server runs on."""
    return "asyncio"


@pytest.fixture
def portal() -> Iterator[BlockingPortal]:
    """Give an event loop in a thread, for properties whose many examples share one server."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture
def shared_house(portal: BlockingPortal) -> Iterator[House]:
    """Give a server that all examples of a property share."""
    with portal.wrap_async_context_manager(running_house()) as house:
        yield house


@pytest.fixture
async def house() -> AsyncGenerator[House]:
    """Give a server of one's own."""
    async with running_house() as house:
        yield house


@pytest.fixture(params=[name for name in NAMES if name != "memory"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path, all_back_ends: BackEnds) -> Iterator[str]:
    """Name an empty store that processes can share, of each back end in turn."""
    yield asyncio.run(all_back_ends.url(request.param, tmp_path))
    asyncio.run(all_back_ends.tidy())


@pytest.fixture(scope="session")
def all_back_ends() -> Iterator[BackEnds]:
    """Give stores of every kind, over servers that all tests share."""
    with back_ends() as made:
        yield made
