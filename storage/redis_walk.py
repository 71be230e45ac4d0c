"""Walking through the index, over all shards in one order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jobstatus.job import Job, Tombstone

from .redis_keys import Keys, Span, entries
from .redis_node import Command
from .redis_records import read
from .redis_servers import Servers

FEWEST = 8
MOST = 64
"""How many entries are read of a shard at once, at the least and at the most."""

Record = Job | Tombstone


class Walk:
    """Reads what stands in a span of the index, however many shards it is spread over."""

    def __init__(self, servers: Servers, keys: Keys) -> None:
        self._servers = servers
        self._keys = keys

    async def find(self, span: Span, limit: int, fits: Callable[[Record], bool] = lambda _: True) -> list[Record]:
        """Give the first records that fit, in the order of their entries."""
        found: list[Record] = []
        each = min(max(FEWEST, 2 * limit // len(self._keys.shards)), MOST)
        first, last, ended = *_bounds(span), False
        while len(found) < limit and not ended:
            page, ended = await self._page(span, first, last, each)
            found += filter(fits, await self._records(span, page))
            first = f"({page[-1]}" if page else first
            each = min(2 * each, MOST)
        return found[:limit]

    async def count(self, span: Span) -> int:
        """Count the entries."""
        low, high = f"[{span.low}", f"({span.high}"
        counts = await self._servers.read(
            [(shard, ("ZLEXCOUNT", self._keys.index(shard).name, low, high)) for shard in self._keys.shards]
        )
        return sum(counts)

    async def _page(self, span: Span, first: str, last: str, each: int) -> tuple[Sequence[str], bool]:
        """Read the next entries, as many as all shards told of without a gap, and whether they are the last."""
        order = ("BYLEX", "REV") if span.reverse else ("BYLEX",)
        wanted: Command = (first, last, *order, "LIMIT", 0, each)
        calls = [(shard, ("ZRANGE", self._keys.index(shard).name, *wanted)) for shard in self._keys.shards]
        pages = [
            [entry.decode(errors="surrogatepass") for entry in entries] for entries in await self._servers.read(calls)
        ]
        return _merged(pages, each, reverse=span.reverse), all(len(page) < each for page in pages)

    async def _records(self, span: Span, page: Sequence[str]) -> Sequence[Record]:
        """Read the records of entries, but for those that have been changed since, and have them no more."""
        found = await self._servers.values([self._keys.job(entry[span.prefix :]) for entry in page])
        records = [raw and read(raw) for raw in found]
        return [record for entry, record in zip(page, records, strict=True) if record and entry in entries(record)]


def _bounds(span: Span) -> tuple[str, str]:
    """Write where to begin and where to end: `[` includes an entry, `(` leaves it out."""
    low, high = f"[{span.low}", f"({span.high}"
    return (high, low) if span.reverse else (low, high)


def _merged(pages: Sequence[Sequence[str]], each: int, *, reverse: bool) -> Sequence[str]:
    """Put the entries of all shards in one order, up to where a shard may have more that it did not tell of."""
    ends = [page[-1] for page in pages if len(page) == each]
    merged = sorted((entry for page in pages for entry in page), key=_order, reverse=reverse)
    if not ends:
        return merged
    return merged[: merged.index((max if reverse else min)(ends, key=_order)) + 1]


def _order(entry: str) -> bytes:
    """Compare as Redis does."""
    return entry.encode(errors="surrogatepass")
