"""How it is seen to that no two jobs do the same work, though they may lie on different servers.

Whoever creates a job first claims its work, where the work lies; then the job is created, where that lies. A claim
whose job does not do the work is either left over from a crash, or its job is about to be created. Before such a claim
is taken over, a fence is set up where that job lies, so that it cannot be created by that claim any more. The fence
stands longer than a claim may be used, so that it need not stand for ever.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import uuid4

from jobstatus.errors import DuplicateWork, StoreUnavailable

from .redis_keys import Keys
from .redis_node import run
from .redis_scripts import DROP, FENCE, FENCED, TAKE
from .redis_servers import Call, Servers

GRACE = 0.05
"""Seconds that a creation under way is given before its claim is taken over."""
TRIES = 20

_TOKEN = 32
"""Characters of a claim before the id of its job."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to create a job that does some work, for a while."""

    token: str
    since: int
    """The second that it was made in, at the earliest, by the clock of the server that its job is to lie on."""


NONE = Claim("", 0)
"""What a job that does no named work is created by."""


class Claims:
    """Gives work to jobs."""

    def __init__(self, servers: Servers, keys: Keys) -> None:
        self._servers = servers
        self._keys = keys

    async def take(self, work: str, id: str) -> Claim:
        """Claim work for a job that is to do it.

        Raises:
            DuplicateWork: a job does it.
        """
        expected = b""
        for _ in range(TRIES):
            claim = Claim(uuid4().hex, await self._second(id))
            held: bytes | None = await self._set(work, expected, claim, id)
            if held is None:
                return claim
            await self._make_way(work, held)
            expected = held
        raise StoreUnavailable("too many want to do the same work")

    async def move(self, work: str, id: str) -> str | None:
        """Give work to a job, whoever does it or is about to; give the id of another one that does it."""
        held: bytes | None = b""
        while held is not None:
            before, held = held, await self._set(work, held, Claim(uuid4().hex, 0), id)
        holder = _holder(before)
        if holder in ("", id) or not await self._does(work, before, fence=FENCED):
            return None
        return holder

    def letting_go(self, work: str, id: str, claim: Claim | None = None) -> Call:
        """Make what leaves work to others that this job does no more, or was to do by this claim.

        Nothing is wrong where it is not done: the next one who wants the work sees that nobody does it.
        """
        place, text = (_TOKEN + 1, id) if claim is None else (1, f"{claim.token}{id}")
        key = self._keys.work(work)
        return key.shard, run(DROP, [key.name], place, text)

    async def _set(self, work: str, expected: bytes, claim: Claim, id: str) -> bytes | None:
        key = self._keys.work(work)
        held: bytes | None = await self._servers.one(
            key.shard, run(TAKE, [key.name], expected, f"{claim.token}{id}".encode(errors="surrogatepass"))
        )
        return held

    async def _make_way(self, work: str, held: bytes) -> None:
        """See to it that a claim is not used any more."""
        if await self._does(work, held, fence=0):
            raise DuplicateWork(_holder(held))
        await asyncio.sleep(GRACE)
        if await self._does(work, held, fence=FENCED):
            raise DuplicateWork(_holder(held))

    async def _does(self, work: str, held: bytes, fence: int) -> bool:
        """Tell whether the job that has claimed the work does it."""
        id, token = _holder(held), held[:_TOKEN].decode()
        job, barrier = self._keys.job(id), self._keys.fence(id, token)
        return bool(await self._servers.one(job.shard, run(FENCE, [job.name, barrier.name], work, fence)))

    async def _second(self, id: str) -> int:
        ((seconds, _),) = await self._servers.read([(self._keys.job(id).shard, ("TIME",))])
        return int(seconds)


def _holder(held: bytes) -> str:
    return held[_TOKEN:].decode(errors="surrogatepass")
