"""This server, for which a month passes at once when it is told so, and what expires within it is due."""

from __future__ import annotations

import signal
from datetime import datetime, timedelta
from unittest.mock import patch

from starlette.types import ASGIApp

from jobstatus.clock import utc_now
from jobstatus.storage.sql import SqlStore

MONTH = timedelta(days=30)
PASS_ON = signal.SIGUSR1
"""The signal at which it passes; servers set their clocks by their store's, which then tells the later time."""


def create(url: str) -> ASGIApp:
    """Make the server over a SQL store; it takes its process for itself."""
    from jobstatus.app import create_app
    from jobstatus.settings import Settings

    passed = timedelta()
    told = SqlStore.time

    def pass_on(*_: object) -> None:
        nonlocal passed
        passed = MONTH

    async def time(self: SqlStore) -> datetime:
        return (await told(self) or utc_now()) + passed

    signal.signal(PASS_ON, pass_on)
    patch.object(SqlStore, "time", time).start()
    return create_app(Settings.model_validate({"store": url}))
