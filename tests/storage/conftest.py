"""The back ends under test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from back_ends import NAMES, BackEnds

from jobstatus.storage import Store, open_store

OpenOne = Callable[[], Coroutine[Any, Any, Store]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Name a file that is not there yet."""
    return tmp_path / "jobs.db"


@pytest.fixture
async def store(file: Path) -> AsyncGenerator[Store]:
    """Open the store in a file."""
    store = await open_store(f"sqlite:///{file}")
    yield store
    await store.aclose()


@pytest.fixture(params=NAMES)
def open_one(request: pytest.FixtureRequest, tmp_path: Path, all_back_ends: BackEnds) -> Iterator[OpenOne]:
    """Open stores that are empty, of each back end in turn."""

    async def open_next() -> Store:
        return await open_store(await all_back_ends.url(request.param, tmp_path))

    yield open_next
    asyncio.run(all_back_ends.tidy())
