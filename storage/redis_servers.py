"""The Redis servers of a store, told what to do by shard, whichever of them it is that a shard lies on."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    NoScriptError,
    ReadOnlyError,
    TryAgainError,
)

from jobstatus.errors import JobstatusError, StoreUnavailable

from .redis_keys import Key
from .redis_node import TROUBLE, Address, Command, Node, NotSentError
from .redis_routes import Routes
from .redis_scripts import BY_DIGEST

PATIENCE = 1.0
"""Seconds for which commands are sent anew that no server was ready for, unless a call has little more."""
PAUSE = 0.05
"""Seconds before that."""

Call = tuple[int, Command]
"""A command, and the shard that its keys lie on."""

_NOT_MADE = (NotSentError, MovedError, AskError, TryAgainError, ClusterDownError, ReadOnlyError, NoScriptError)
"""What says that a command was not made, and may be once it is sent anew."""


@dataclass(slots=True)
class _Open:
    """A call that has no answer yet."""

    place: int
    shard: int
    command: Command
    asking: Address | None = None
    """The server that takes this one command, though it does not have the shard yet."""


_Answered = tuple[Node, _Open, Any]


class Servers:
    """Makes commands, and sends them anew where that does no harm."""

    def __init__(self, routes: Routes, *, seconds: float, acks: int = 0) -> None:
        """Take the ways to the servers, how long a call may take, and how many replicas must have a write."""
        self.routes = routes
        self._patience = min(PATIENCE, seconds / 2)
        self._wait: Command | None = ("WAIT", acks, int(seconds * 500)) if acks else None
        self._acks = acks

    async def read(self, calls: Sequence[Call]) -> list[Any]:
        """Make commands that change nothing; give their answers."""
        return await self._make(calls, writes=False)

    async def write(self, calls: Sequence[Call]) -> list[Any]:
        """Make commands that are not to be made twice; give their answers once enough replicas have them."""
        return await self._make(calls, writes=True)

    async def one(self, shard: int, command: Command) -> Any:
        """Make one command that changes something."""
        (answer,) = await self.write([(shard, command)])
        return answer

    async def values(self, keys: Sequence[Key]) -> list[bytes | None]:
        """Read the values of keys, together where they may be."""
        if not self.routes.together:
            return await self.read([(key.shard, ("GET", key.name)) for key in keys])
        (found,) = await self.read([(0, ("MGET", *(key.name for key in keys)))]) if keys else ([],)
        return list(found)

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self.routes.aclose()

    async def _make(self, calls: Sequence[Call], *, writes: bool) -> list[Any]:
        answers: list[Any] = [None] * len(calls)
        waiting = [_Open(place, shard, command) for place, (shard, command) in enumerate(calls)]
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + self._patience
        again = _NOT_MADE if writes else (*_NOT_MADE, *TROUBLE)
        while waiting:
            failures = []
            for node, call, answer in await self._send(waiting, writes=writes):
                if not isinstance(answer, BaseException):
                    answers[call.place] = answer
                elif isinstance(answer, again) and loop.time() < patient_until:
                    failures.append((node, call, answer))
                else:
                    if isinstance(answer, (NotSentError, *TROUBLE)):
                        self.routes.suspect(node)
                    raise _unavailable(answer) from answer
            await self._mend(failures)
            waiting = [call for _, call, _ in failures]
        return answers

    async def _send(self, calls: Sequence[_Open], *, writes: bool) -> Sequence[_Answered]:
        """Send each server what is for it, all at the same time."""
        groups: dict[Node, list[_Open]] = defaultdict(list)
        for call in calls:
            groups[self.routes.at(call.asking) if call.asking else self.routes.node(call.shard)].append(call)
        if len(groups) == 1:
            return await self._exchange(*groups.popitem(), writes=writes)
        sent = await asyncio.gather(*(self._exchange(node, group, writes=writes) for node, group in groups.items()))
        return [answered for group in sent for answered in group]

    async def _exchange(self, node: Node, calls: Sequence[_Open], *, writes: bool) -> Sequence[_Answered]:
        wait = self._wait if writes else None
        try:
            answers = await node.exchange([*_commands(calls), *([wait] if wait else [])], writes=writes)
        except (NotSentError, *TROUBLE) as error:
            return [(node, call, error) for call in calls]
        if wait:
            answers = self._acknowledged(answers)
        answered = iter(answers)
        return [(node, call, _last(answered, 2 if call.asking else 1)) for call in calls]

    def _acknowledged(self, answers: list[Any]) -> list[Any]:
        """Take the answers of writes for what they are only where enough replicas have them."""
        *made, replicas = answers
        if isinstance(replicas, BaseException):
            return [each if isinstance(each, BaseException) else replicas for each in made]
        if replicas >= self._acks:
            return made
        few = StoreUnavailable(f"the store cannot answer: {replicas} replicas have the write, not {self._acks}")
        return [each if isinstance(each, BaseException) else few for each in made]

    async def _mend(self, failures: Iterable[_Answered]) -> None:
        """See to it that calls may succeed when they are sent anew."""
        failed: set[Node] = set()
        for node, call, error in failures:
            call.asking = None
            if isinstance(error, NoScriptError):
                call.command = ("EVAL", BY_DIGEST[str(call.command[1])].text, *call.command[2:])
            elif isinstance(error, AskError) and not isinstance(error, MovedError):  # which is one of them
                call.asking = Address(error.host or node.address.host, error.port)
            else:
                failed.add(node)
        for node in failed:
            with suppress(NotSentError, JobstatusError, *TROUBLE):
                await self.routes.renew(node)
        if failed:
            await asyncio.sleep(PAUSE)


def _commands(calls: Iterable[_Open]) -> Iterable[Command]:
    for call in calls:
        if call.asking:
            yield ("ASKING",)
        yield call.command


def _last(answers: Iterable[Any], count: int) -> Any:
    """Take so many answers; give the last of them."""
    return [next(iter(answers)) for _ in range(count)][-1]


def _unavailable(error: BaseException) -> StoreUnavailable:
    """Tell why the store cannot answer, but nothing of the command: its values may be secret."""
    if isinstance(error, StoreUnavailable):
        return error
    if isinstance(error, MovedError):
        return StoreUnavailable("the store cannot answer: the server is one of a cluster")
    told = str(error).partition(", with args")[0] or type(error).__name__
    return StoreUnavailable(f"the store cannot answer: {told[:300]}")
