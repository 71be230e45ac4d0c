"""Times at which the store cannot answer, for who can wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from jobstatus.errors import StoreUnavailable

T = TypeVar("T")

AGAIN = 1.0
"""Seconds after which a store that could not answer is asked once more."""


async def sat_out(ask: Callable[[], Awaitable[T]], over: Callable[[], bool]) -> T:
    """Ask until there is an answer, however long the store cannot give one.

    Raises:
        StoreUnavailable: the store cannot answer, and waiting is *over*.
    """
    while True:
        try:
            return await ask()
        except StoreUnavailable:
            if over():
                raise
            await asyncio.sleep(AGAIN)
