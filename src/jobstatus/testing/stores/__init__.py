"""The conformance suite: what every back end must do, as tests that any of them can run.

A back end proves itself by a class of its own, in a test module:

    class TestMyStore(StoreConformance):
        @pytest.fixture
        async def store(self) -> AsyncGenerator[Store]:
            store = await open_store("my://…")
            yield store
            await store.aclose()

Each test is given a store that is empty. The tests are asynchronous and run by anyio's pytest plugin.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from jobstatus.storage import Store

from .agreeing import Agreeing
from .changing import Changing
from .credentials import Credentials
from .feeding import Feeding
from .listing import Listing
from .moving import Restoring, Scanning
from .noting import Noting
from .reading import Reading
from .sweeping import Expiring, Finding, Forgetting
from .writing import Burying, Creating, Enduring, Replacing

__all__ = ["StoreConformance"]


@pytest.mark.anyio
class StoreConformance(
    Reading,
    Creating,
    Replacing,
    Burying,
    Enduring,
    Listing,
    Changing,
    Finding,
    Expiring,
    Forgetting,
    Feeding,
    Scanning,
    Restoring,
    Credentials,
    Agreeing,
    Noting,
):
    """All rules of `jobstatus.storage.base`."""

    @pytest.fixture
    def anyio_backend(self) -> str:
        """Run on asyncio, which the server runs on."""
        return "asyncio"

    @pytest.fixture
    async def store(self) -> AsyncGenerator[Store]:
        """Give the store under test, empty, and close it afterwards."""
        raise NotImplementedError("a back end's class must say how its store is opened")
        yield
