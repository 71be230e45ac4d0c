"""What a store takes of reports in a second, without a server: several callers, each with a job of its own.

Plan and outcome are JSON, as those of a load are.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence

from benchmarks.peers.one_by_one import open_one_by_one
from jobstatus import life
from jobstatus.clock import utc_now
from jobstatus.job import Event, Job, Report
from jobstatus.life import Retention
from jobstatus.storage import Store, open_store

SAID = Report(message="Packing the archive")


async def report_all(url: str, ids: Sequence[str], seconds: float, single: bool) -> float:
    """Report on each of these jobs again and again; give the reports in a second."""
    store = await (open_one_by_one(url) if single else open_store(url))
    try:
        began = time.perf_counter()
        counts = await asyncio.gather(*(_report(store, id, began + seconds) for id in ids))
        return sum(counts) / (time.perf_counter() - began)
    finally:
        await store.aclose()


async def _report(store: Store, id: str, end: float) -> int:
    count = 0
    job = await store.get(id)
    assert isinstance(job, Job)
    while time.perf_counter() < end:
        job = life.report(job, SAID, now=utc_now(), retention=Retention())
        await store.replace(job, Event.of(job, job.owner))
        count += 1
    return count


def main() -> None:
    """Report as standard input says."""
    import uvloop

    print(json.dumps(uvloop.run(report_all(**json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
