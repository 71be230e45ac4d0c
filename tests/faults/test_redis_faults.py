"""Valkey fails in every way that it knows, alone and as a cluster; nothing that was acknowledged is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from back_ends import need
from valkey_servers import OwnCluster, OwnServer, own_valkey, own_valkey_cluster, wait_until

from .trial import undergo


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    """Give a server that may be ill-treated."""
    need("redis")
    with own_valkey() as server:
        yield server


@pytest.fixture(scope="module")
def cluster() -> Iterator[OwnCluster]:
    """Give a cluster with a replica for each master, that may be ill-treated."""
    need("redis-cluster")
    with own_valkey_cluster(replicas=1) as cluster:
        yield cluster


@contextmanager
def stopped(server: OwnServer) -> Iterator[None]:
    """An operator stops it, and starts it again."""
    server.stop()
    yield
    server.start()


@contextmanager
def killed(server: OwnServer) -> Iterator[None]:
    """It crashes, and comes back with what is on its disk."""
    server.kill()
    yield
    server.start()


@contextmanager
def hung(server: OwnServer) -> Iterator[None]:
    """Its connections stay, and nothing answers."""
    server.hold()
    yield
    server.let_go()


@contextmanager
def disconnected(server: OwnServer) -> Iterator[None]:
    """All connections are cut, again and again."""
    for _ in range(5):
        server.ask("CLIENT", "KILL", "TYPE", "normal")
        server.ask("CLIENT", "KILL", "TYPE", "pubsub")
    yield


@contextmanager
def read_only(server: OwnServer) -> Iterator[None]:
    """It takes no writes, for want of replicas."""
    server.ask("CONFIG", "SET", "min-replicas-to-write", 1)
    yield
    server.ask("CONFIG", "SET", "min-replicas-to-write", 0)


@contextmanager
def full(server: OwnServer) -> Iterator[None]:
    """It has no memory left."""
    server.ask("CONFIG", "SET", "maxmemory", 1)
    yield
    server.ask("CONFIG", "SET", "maxmemory", 0)


Fault = Callable[[OwnServer], AbstractContextManager[None]]
FAULTS: list[Fault] = [stopped, killed, hung, disconnected, read_only, full]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_nothing_is_lost(server: OwnServer, tmp_path: Path, fault: Fault) -> None:
    """Every request is answered in its contract's shape and in time, and service returns by itself."""
    undergo("redis", fault.__name__, server.fresh(), lambda: fault(server), tmp_path).succeeded()


def a_master(cluster: OwnCluster) -> OwnServer:
    """Find a server that is a master now."""
    return next(server for server in cluster.servers if server.ask("ROLE")[0] in ("master", b"master"))


@contextmanager
def failed_over(cluster: OwnCluster) -> Iterator[None]:
    """A master crashes, and its replica takes its place; what was the master follows it, once it is back."""
    master = a_master(cluster)
    master.kill()
    yield
    master.start()
    wait_until(cluster.whole)


@contextmanager
def master_hung(cluster: OwnCluster) -> Iterator[None]:
    """A master hangs for so long that its replica takes its place."""
    master = a_master(cluster)
    master.hold()
    yield
    master.let_go()
    wait_until(cluster.whole)


@pytest.mark.parametrize("fault", [failed_over, master_hung], ids=lambda fault: fault.__name__)
def test_nothing_is_lost_by_a_cluster(
    cluster: OwnCluster, tmp_path: Path, fault: Callable[[OwnCluster], AbstractContextManager[None]]
) -> None:
    """What was acknowledged had reached the replica."""
    undergo("redis-cluster", fault.__name__, cluster.fresh(acks=1), lambda: fault(cluster), tmp_path).succeeded()
