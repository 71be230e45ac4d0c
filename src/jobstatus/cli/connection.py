"""Asking a server something."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from jobstatus.client import Client, Denied, Unavailable

T = TypeVar("T")


def ask(server: str, token: str | None, question: Callable[[Client], Awaitable[T]]) -> T:
    """Put one question to a server; errors say what can be done about them."""

    async def put() -> T:
        async with Client(server, token) as client:
            return await question(client)

    try:
        return asyncio.run(put())
    except Denied as error:
        if token:
            raise
        raise Denied(error.status, f"{error}; set JOBSTATUS_TOKEN") from None
    except Unavailable as error:
        raise Unavailable(f"{server}: {error}") from None
