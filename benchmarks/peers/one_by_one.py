"""This server with a transaction for each write, in place of one for all that come in together."""

from __future__ import annotations

from unittest.mock import patch

from sqlalchemy import Engine
from starlette.types import ASGIApp

from jobstatus.storage import Store, open_store, sqlite
from jobstatus.storage.coalesce import Coalescer
from jobstatus.storage.group_writer import GroupWriter


class OneByOne(GroupWriter):
    """Commits each write by itself, and is otherwise the same."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._writes = Coalescer(self._commit, limit=1)


async def open_one_by_one(url: str) -> Store:
    """Open a SQLite store that writes so."""
    with patch.object(sqlite, "GroupWriter", OneByOne):
        return await open_store(url)


def create(url: str) -> ASGIApp:
    """Make the server over a SQLite store that writes so; it takes its process for itself."""
    from jobstatus.app import create_app
    from jobstatus.settings import Settings

    patch.object(sqlite, "GroupWriter", OneByOne).start()
    return create_app(Settings.model_validate({"store": url}))
