"""Opening a store in Redis or Valkey (version 7 or later), one server or a cluster.

    redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?OPTIONS]
    redis+cluster://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]…][?OPTIONS]

`rediss` in place of `redis` speaks TLS. The options:

    prefix=NAME   what all keys begin with, so that several stores may share a server; `jobstatus` if not set
    acks=N        how many replicas must have a write before it is acknowledged; 0 if not set
    ca=FILE       the certificates that vouch for the servers', in place of the system's

What is acknowledged survives the death of this process, as everywhere. What it survives besides is the server's affair:
with `appendonly yes` and `appendfsync always` a loss of its power, with `everysec` but for the last second; without an
append-only file whatever was written since its last snapshot may be lost. Where a replica may take a master's place,
`acks=1` keeps what was acknowledged from being lost with the master. `maxmemory-policy` must be `noeviction`, so that a
server that is full refuses new records rather than drops old ones. What differs is logged at the start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jobstatus.errors import ConfigurationError, StoreUnavailable

from .base import Limits
from .redis_checks import warn
from .redis_keys import Keys
from .redis_node import TROUBLE, Address, Node, NotSentError
from .redis_routes import Cluster, OneServer, Routes
from .redis_servers import Servers
from .redis_store import RedisStore
from .turnstile import in_time

PORT = 6379

_PREFIX = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<host>[^\[\]:@/]+))(?::(?P<port>[0-9]{1,5}))?")
_ROUTES: dict[bool, Callable[..., Routes]] = {False: OneServer, True: Cluster}


@dataclass(frozen=True, slots=True)
class _Place:
    """What a URL says."""

    scheme: str
    seeds: Sequence[Address]
    options: dict[str, Any] = field(repr=False)
    """What connections need, secrets among it."""
    prefix: str
    acks: int

    @property
    def cluster(self) -> bool:
        return self.scheme.endswith("+cluster")

    @property
    def name(self) -> str:
        """Name the store without its secrets."""
        hosts = ",".join(f"{host}:{port}" for host, port in self.seeds)
        return f"{self.scheme}://{hosts}/{self.options['db']}?prefix={self.prefix}"


async def open_redis(url: str, limits: Limits) -> RedisStore:
    """Open the store that *url* names.

    Raises:
        ConfigurationError: the URL is not one, or the server is a cluster's where it should not be, or is not.
        StoreUnavailable: the server cannot be reached, or refuses.
    """
    place = _read(url)
    routes = _ROUTES[place.cluster](place.seeds, partial(_connect, seconds=limits.seconds, options=place.options))
    servers = Servers(routes, seconds=limits.seconds, acks=place.acks)
    try:
        await in_time(_look(routes, place), limits.seconds)
    except (NotSentError, *TROUBLE) as error:
        await servers.aclose()
        raise StoreUnavailable(f"cannot reach {place.name}: {error}") from error
    except BaseException:
        await servers.aclose()
        raise
    return RedisStore(place.name, servers, Keys(place.prefix), limits)


def _connect(address: Address, seconds: float, options: dict[str, Any]) -> Node:
    return Node(address, seconds, **options)


async def _look(routes: Routes, place: _Place) -> None:
    """See that the servers are there and are what they were said to be, and how safe records are with them."""
    await routes.renew(routes.node(0))
    for master in routes.masters():
        await warn(master, cluster=place.cluster)


def _read(url: str) -> _Place:
    try:
        parts = urlsplit(url)
    except ValueError:  # which repeats a part of the URL
        raise _no_host() from None
    user, _, hosts = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    cluster, options = parts.scheme.endswith("+cluster"), dict(parse_qsl(parts.query, keep_blank_values=True))
    seeds = [_address(host) for host in hosts.split(",")]
    if len(seeds) > 1 and not cluster:
        raise ConfigurationError("only a cluster has several hosts; write redis+cluster:// or rediss+cluster://")
    place = _Place(
        scheme=parts.scheme,
        seeds=seeds,
        options={
            "username": unquote(name) or None,
            "password": unquote(password) or None,
            "db": _database(parts.path, cluster=cluster),
            **_tls(parts.scheme, options.pop("ca", None)),
        },
        prefix=_prefix(options.pop("prefix", "jobstatus")),
        acks=_acks(options.pop("acks", "0")),
    )
    if options or parts.fragment:
        raise ConfigurationError("the store's URL has what it should not have; its options are prefix, acks and ca")
    return place


def _address(host: str) -> Address:
    found = _HOST.fullmatch(host)
    if found is None:
        raise _no_host()
    return Address(found["six"] or found["host"], int(found["port"] or PORT))


def _no_host() -> ConfigurationError:
    return ConfigurationError("the store's URL names no host; write redis://USER:PASSWORD@HOST:PORT/DATABASE")


def _database(path: str, *, cluster: bool) -> int:
    number = path.removeprefix("/") or "0"
    if not re.fullmatch("[0-9]{1,6}", number) or (cluster and int(number)):
        raise ConfigurationError("the store's URL names no database; that is a number, and in a cluster there is but 0")
    return int(number)


def _tls(scheme: str, ca: str | None) -> dict[str, Any]:
    tls = scheme.startswith("rediss")
    if ca is not None and not tls:
        raise ConfigurationError("certificates are for TLS; write rediss:// or rediss+cluster://")
    if ca is not None and not Path(ca).is_file():
        raise ConfigurationError(f"the file {ca} of certificates does not exist")
    return {"tls": tls} | ({} if ca is None else {"ssl_ca_certs": ca})


def _prefix(prefix: str) -> str:
    if not _PREFIX.fullmatch(prefix):
        raise ConfigurationError("the prefix of a store's keys is made of letters, digits and _ . : -")
    return prefix


def _acks(acks: str) -> int:
    if not re.fullmatch("[0-9]{1,2}", acks):
        raise ConfigurationError("acks is how many replicas must have a write: a number")
    return int(acks)
