"""The back ends under test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

BACK_ENDS: dict[str, Callable[[Path], str]] = {
    "memory": lambda folder: "memory://",
    "sqlite": lambda folder: f"sqlite:///{folder / 'jobs.db'}",
}
"""Every back end, and the URL of an empty store of its kind."""


@pytest.fixture(params=BACK_ENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty store, of each back end in turn."""
    return BACK_ENDS[request.param](tmp_path)
