"""A process that writes: run with a store's URL, a name and a count, it prints what the store has acknowledged."""

from __future__ import annotations

import asyncio
import sys

from jobstatus.storage import open_store
from jobstatus.testing.stores.samples import change, put


async def write(url: str, name: str, count: int) -> None:
    """Write jobs of two versions, once told to begin by a line."""
    print("ready", flush=True)
    sys.stdin.readline()
    store = await open_store(url)
    for i in range(count):
        job = await put(store, id=f"{name}-{i}")
        print(job.id, job.version, flush=True)
        job = await change(store, job, message=job.id)
        print(job.id, job.version, flush=True)
    await store.aclose()


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], sys.argv[2], int(sys.argv[3])))
