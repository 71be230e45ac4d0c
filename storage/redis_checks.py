"""What is said at the start of how a Redis server is set up."""

from __future__ import annotations

from typing import Any

import structlog
from redis.exceptions import ResponseError

from jobstatus.errors import ConfigurationError, StoreUnavailable

from .redis_node import Node

log = structlog.get_logger()

_SETTINGS = ("appendonly", "appendfsync", "maxmemory-policy")


async def warn(node: Node, *, cluster: bool) -> None:
    """Warn of what records do not survive on a server, as far as it tells.

    Raises:
        ConfigurationError: it is one of a cluster, and should not be.
        StoreUnavailable: it refuses to be asked anything.
    """
    ping, info, *answers = await node.exchange(
        [("PING",), ("INFO", "server"), *(("CONFIG", "GET", name) for name in _SETTINGS)]
    )
    if isinstance(ping, ResponseError):
        raise StoreUnavailable(f"the store cannot answer: {ping}")
    if not cluster and isinstance(info, bytes) and b"_mode:cluster" in info:
        raise ConfigurationError("the server is one of a cluster; write redis+cluster:// or rediss+cluster://")
    _judge(f"{node.address.host}:{node.address.port}", **dict(map(_setting, _SETTINGS, answers)))


def _setting(name: str, answer: Any) -> tuple[str, str | None]:
    """Read a setting; a server that keeps it to itself has its reasons."""
    told = answer[1].decode() if isinstance(answer, list) and len(answer) == 2 else None
    return name.replace("-", "_"), told


def _judge(server: str, appendonly: str | None, appendfsync: str | None, maxmemory_policy: str | None) -> None:
    if appendonly == "no":
        log.warning("records written since the last snapshot are lost with the server", server=server, appendonly="no")
    elif appendfsync not in (None, "always"):
        log.warning("records of the last second or more are lost with power", server=server, appendfsync=appendfsync)
    if maxmemory_policy not in (None, "noeviction"):
        log.warning("records are dropped when memory is full", server=server, maxmemory_policy=maxmemory_policy)
