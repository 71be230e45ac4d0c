"""One Redis server: commands sent to it, and its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from redis.asyncio.connection import AbstractConnection, BlockingConnectionPool, Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError, ResponseError

from .redis_scripts import Script

CONNECTIONS = 16
"""Connections to a server that read at the most, and as many that write; it does one thing at a time itself."""

Command = tuple[str | bytes | int, ...]

TROUBLE = (RedisError, OSError, TimeoutError)
"""What goes wrong with a connection."""


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int


class NotSentError(Exception):
    """Commands were certainly not made: they did not go out, or the server was not ready yet."""


class Node:
    """A server. Nothing is sent to it twice: whoever knows that it does no harm decides so."""

    def __init__(self, address: Address, seconds: float, **options: Any) -> None:
        """Take where it listens, after how long it has failed to answer, and what its connections need."""
        self.address = address
        options = {"host": address.host, "port": address.port, **options}
        self._reading, self._writing = (_pool(seconds, **options) for _ in range(2))

    async def exchange(self, commands: Sequence[Command], *, writes: bool = False) -> list[Any]:
        """Make commands on one connection; give the answer to each, refusals among them.

        Reads have connections of their own: a write may have to wait for replicas.

        Raises:
            NotSentError: none was made.
            RedisError, OSError, TimeoutError: nobody knows which were made.
        """
        pool = self._writing if writes else self._reading
        connection = await _connected(pool)
        try:
            await connection.send_packed_command(connection.pack_commands(commands))
            return [await _answer(connection) for _ in commands]
        except BusyLoadingError as error:
            raise NotSentError(str(error)) from error
        finally:
            await pool.release(connection)

    async def connection(self) -> AbstractConnection:
        """Connect by a connection of the caller's own."""
        connection = self._reading.make_connection()
        await connection.connect()
        made: AbstractConnection = connection
        return made

    async def forget_idle(self) -> None:
        """Let go of the connections that are not in use: what they lead to may have changed."""
        for pool in (self._reading, self._writing):
            await pool.disconnect(inuse_connections=False)

    async def aclose(self) -> None:
        """Let go of all connections."""
        for pool in (self._reading, self._writing):
            await pool.disconnect()


def run(script: Script, keys: Sequence[str], *arguments: str | bytes | int) -> Command:
    """Make the command that runs a script."""
    return ("EVALSHA", script.digest, len(keys), *keys, *arguments)


def _pool(seconds: float, *, tls: bool, **options: Any) -> Any:
    return BlockingConnectionPool(
        max_connections=CONNECTIONS,
        timeout=seconds,
        connection_class=SSLConnection if tls else Connection,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
        encoding_errors="surrogatepass",
        protocol=2,
        **options,
    )


async def _connected(pool: Any) -> AbstractConnection:
    try:
        connection: AbstractConnection = await pool.get_connection()
    except TROUBLE as error:
        raise NotSentError(str(error)) from error
    return connection


async def _answer(connection: AbstractConnection) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as refusal:
        return refusal
