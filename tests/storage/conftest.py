"""The back ends under test."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from jobstatus.storage import Store, open_store

BACK_ENDS: dict[str, Callable[[Path], str]] = {
    "memory": lambda folder: "memory://",
    "sqlite": lambda folder: f"sqlite:///{folder / 'jobs.db'}",
}
"""Every back end, and the URL of an empty store of its kind."""

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


@pytest.fixture(params=BACK_ENDS)
def open_one(request: pytest.FixtureRequest, tmp_path: Path) -> OpenOne:
    """Open stores that are empty, of each back end in turn."""
    counter = itertools.count()

    def open_next() -> Coroutine[Any, Any, Store]:
        folder = tmp_path / str(next(counter))
        folder.mkdir()
        return open_store(BACK_ENDS[request.param](folder))

    return open_next
