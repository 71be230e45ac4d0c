"""Which server a shard lies on: always the same one, or one of a cluster's masters."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from redis.crc import key_slot
from redis.exceptions import ResponseError

from jobstatus.errors import ConfigurationError

from .redis_keys import TAGS
from .redis_node import TROUBLE, Address, Node, NotSentError

Connect = Callable[[Address], Node]

_SLOTS = [key_slot(tag.encode()) for tag in TAGS]


class Routes(Protocol):
    """The ways to the servers."""

    def node(self, shard: int) -> Node:
        """Give the server that a shard lies on, as far as is known."""

    def at(self, address: Address) -> Node:
        """Give the server that listens there."""

    @property
    def together(self) -> bool:
        """Tell whether the keys of all shards may stand in one command."""

    def masters(self) -> Sequence[Node]:
        """Give all servers that shards lie on."""

    async def renew(self, failed: Node) -> None:
        """Find out anew what lies where, now that a server failed, or knew better."""

    def suspect(self, failed: Node) -> None:
        """See to it that it is found out anew, without waiting for it."""

    async def aclose(self) -> None:
        """Let go of all connections."""


class OneServer:
    """All shards lie on one server."""

    def __init__(self, seeds: Sequence[Address], connect: Connect) -> None:
        self._node = connect(seeds[0])

    def node(self, shard: int) -> Node:
        return self._node

    def at(self, address: Address) -> Node:
        return self._node

    @property
    def together(self) -> bool:
        return True

    def masters(self) -> Sequence[Node]:
        return [self._node]

    async def renew(self, failed: Node) -> None:
        """Connect anew: behind the same name there may be another server now."""
        await self._node.forget_idle()

    def suspect(self, failed: Node) -> None:
        """Let it be: there is no other."""

    async def aclose(self) -> None:
        await self._node.aclose()


class Cluster:
    """Shards lie where the cluster says; any of its servers can tell."""

    def __init__(self, seeds: Sequence[Address], connect: Connect) -> None:
        self._seeds = seeds
        self._connect = connect
        self._nodes: dict[Address, Node] = {}
        self._table: list[Node] = []
        self._renewing: asyncio.Task[None] | None = None

    def node(self, shard: int) -> Node:
        return self._table[shard] if self._table else self.at(self._seeds[0])

    def at(self, address: Address) -> Node:
        if address not in self._nodes:
            self._nodes[address] = self._connect(address)
        return self._nodes[address]

    @property
    def together(self) -> bool:
        """Keep them apart, those of one shard too: while it moves, some may be here and some there."""
        return False

    def masters(self) -> Sequence[Node]:
        return list(dict.fromkeys(self._table))

    async def renew(self, failed: Node | None = None) -> None:
        """Ask the servers one after the other, the one that failed last; all who want to know share the answer."""
        await asyncio.shield(self._renewal(failed))

    def suspect(self, failed: Node) -> None:
        self._renewal(failed)

    async def aclose(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait({self._renewing})
        await asyncio.gather(*(node.aclose() for node in self._nodes.values()))

    def _renewal(self, failed: Node | None) -> asyncio.Task[None]:
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew(failed))
            self._renewing.add_done_callback(_heard)
        return self._renewing

    async def _renew(self, failed: Node | None) -> None:
        known = list(dict.fromkeys([*self._nodes, *self._seeds]))
        random.shuffle(known)
        trouble: Exception | None = None
        for address in sorted(known, key=lambda address: failed is not None and address == failed.address):
            try:
                self._table = [self.at(master) for master in await self._ask(address)]
            except (*TROUBLE, NotSentError) as error:
                trouble = error
            else:
                return await self._leave_others()
        raise NotSentError(str(trouble)) from trouble

    async def _leave_others(self) -> None:
        """Let go of the connections to servers on which nothing lies any more."""
        for node in set(self._nodes.values()) - set(self._table):
            with suppress(*TROUBLE):
                await node.forget_idle()

    async def _ask(self, address: Address) -> list[Address]:
        """Ask a server for the master of each shard."""
        (answer,) = await self.at(address).exchange([("CLUSTER", "SLOTS")])
        if isinstance(answer, ResponseError):
            if "cluster support disabled" in str(answer):
                raise ConfigurationError("the server is not one of a cluster; write redis:// or rediss://")
            raise answer
        return [_master(answer, slot, address) for slot in _SLOTS]


def _heard(renewing: asyncio.Task[None]) -> None:
    """Look at how it ended: nobody may be waiting for it."""
    if not renewing.cancelled():
        renewing.exception()


def _master(ranges: Iterable[Sequence[Any]], slot: int, asked: Address) -> Address:
    for first, last, (host, port, *_), *_ in ranges:
        if first <= slot <= last:
            return Address(host.decode() if host else asked.host, port)
    raise NotSentError("a part of the cluster is not there")
