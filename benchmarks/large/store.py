"""A store of many jobs, and the polls and lists that it is asked for."""

from __future__ import annotations

import asyncio
import base64
import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.large.loading import load
from benchmarks.large.rows import Population
from benchmarks.seed import LIVES, Seeded, with_tokens
from jobstatus.clock import utc_now
from jobstatus.job import Job
from jobstatus.storage import open_store

ASKED = 50_000
"""Jobs that are drawn by lot for a load, of many."""

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Large:
    """A store, the jobs that it was loaded with, and where its files are."""

    population: Population
    seeded: Seeded
    folder: Path

    @classmethod
    def load(cls, url: str, count: int, folder: Path, tell: Tell) -> Large:
        """Load a store that is empty."""
        population = Population.of(count, utc_now())
        load(url, population, tell)
        return cls(population, asyncio.run(_seeded(url, population)), folder)

    def paths(self, most: int = ASKED) -> Sequence[str]:
        """Draw jobs by lot that can be polled today and in a month; give where they are polled."""
        drawn = random.Random(1)
        numbers: set[int] = set()
        wanted = min(most, self.population.count // 4)
        while len(numbers) < wanted:
            number = drawn.randint(1, self.population.count)
            if self.population.stays(number):
                numbers.add(number)
        return [f"/jobs/{self.population.id(number)}" for number in sorted(numbers)]

    def lists(self) -> dict[str, str]:
        """Name the pages that are asked for, and give where each is."""
        deep = base64.urlsafe_b64encode((self.population.count // 2).to_bytes(8, "big")).rstrip(b"=").decode()
        return {
            "the first page": "/jobs",
            "those that run": "/jobs?status=running",
            "one type, a thousandth": "/jobs?type=import",
            "half-way down": f"/jobs?cursor={deep}",
        }

    def due(self, at: datetime) -> int:
        """Count the jobs that are to be removed by a time."""
        when = int(at.timestamp() * 1e6)
        if self.seeded.url.startswith("sqlite:"):
            with closing(sqlite3.connect(self.seeded.url.removeprefix("sqlite:///"))) as connection:
                found: int = connection.execute("SELECT count(*) FROM jobs WHERE expires_at <= ?", (when,)).fetchone()[
                    0
                ]
                return found
        return asyncio.run(_due(self.seeded.url, when))


async def _due(url: str, when: int) -> int:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        found: int = await connection.fetchval("SELECT count(*) FROM jobs WHERE expires_at <= $1", when)
        return found
    finally:
        await connection.close()


async def _seeded(url: str, population: Population) -> Seeded:
    """Give the credentials, and some jobs that any server must tell of."""
    store = await open_store(url)
    try:
        numbers = filter(population.stays, range(population.count, 0, -1))
        found = [await store.get(population.id(next(numbers))) for _ in LIVES]
        return await with_tokens(store, url, tuple(job for job in found if isinstance(job, Job)))
    finally:
        await store.aclose()
