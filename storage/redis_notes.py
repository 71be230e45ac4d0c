"""Small values that servers share by Redis: each is a key of its own, which expires by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .redis_keys import Keys
from .redis_node import run
from .redis_scripts import NOTE
from .redis_servers import Servers

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Notes:
    """Reads and swaps notes, spread over all shards."""

    def __init__(self, servers: Servers, keys: Keys) -> None:
        self._servers = servers
        self._keys = keys

    async def read(self, key: str) -> bytes | None:
        """Do as `Coordinator.note` does."""
        (found,) = await self._servers.values([self._keys.note(key)])
        return found

    async def swap(self, key: str, was: bytes | None, to: bytes, until: datetime) -> bool:
        """Do as `Coordinator.swap` does."""
        place = self._keys.note(key)
        expected = () if was is None else (was,)
        swap = run(NOTE, [place.name], to, _expiry(until), *expected)
        return bool(await self._servers.one(place.shard, swap))


def _expiry(until: datetime) -> int:
    """Tell the first millisecond that is not before a time; Redis takes none before its own beginning."""
    return max(1, -((_EPOCH - until) // _MILLISECOND))
