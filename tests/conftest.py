"""What every test may ask for."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from house import House, running_house


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, which the server runs on."""
    return "asyncio"


@pytest.fixture
async def house() -> AsyncGenerator[House]:
    """Give a server of one's own."""
    async with running_house() as house:
        yield house
