"""The server process: workers that share a port, and how it stops."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from commands import CommandLine
from serving import PATIENCE, Server, free_port

from jobstatus.serving.protocol import _Gathering

TRIES = 400
BODY = b'{"type": "export"}'


@pytest.fixture
def alone(tmp_path: Path) -> CommandLine:
    """Give the command line with a store, and a credential in it."""
    server = Server(tmp_path, free_port())
    return CommandLine(server, server.token())


def worker_of(url: str) -> str | None:
    """Tell which process answered: a request id of the eHealth contract begins with its own UUID."""
    try:
        answer = httpx.get(f"{url}/api/jobs/a", trust_env=False, timeout=PATIENCE)
    except httpx.TransportError:  # it ended with this connection
        return None
    return answer.headers["X-Request-Id"].partition("#")[0]


def workers_of(url: str, enough: Callable[[set[str]], bool]) -> set[str]:
    """Ask over new connections until *enough* have answered."""
    seen: set[str] = set()
    for _ in range(TRIES):
        seen |= {worker for worker in [worker_of(url)] if worker is not None}
        if enough(seen):
            break
    return seen


def children(process: int) -> list[int]:
    """Give the processes below one that answer: those that have threads of their own to read with."""
    below = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(child) for child in below if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_workers_share_a_port_and_one_that_dies_is_replaced(alone: CommandLine) -> None:
    """Both answer, and two do again when one was killed."""
    with alone.started("serve", "--port", "0", "--workers", "2") as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]
        before = workers_of(url, lambda seen: len(seen) == 2)
        os.kill(children(process.pid)[0], signal.SIGKILL)
        after = workers_of(url, lambda seen: len(seen - before) == 1)
        process.terminate()
        process.communicate()

    assert len(before) == 2
    assert len(after - before) == 1


def begin_post(port: int, token: str) -> socket.socket:
    """Send a request but for the end of its body."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    head = f"POST /jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    connection.sendall(head.encode() + BODY[:-1])
    return connection


def wait_until_closed(port: int) -> None:
    """Wait until nobody listens any more."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
        except OSError:  # it was taken just before the end, or the machine is busy
            continue
    raise AssertionError("the server still listens")


def test_a_request_under_way_is_answered_when_the_server_is_asked_to_stop(alone: CommandLine) -> None:
    """No new connection is taken, but what has begun is finished, and kept."""
    with alone.started("serve", "--port", "0") as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]
        port = int(url.rpartition(":")[2])
        with begin_post(port, alone.env["JOBSTATUS_TOKEN"]) as connection:
            worker_of(url)  # once this is answered, the other has been taken too
            process.terminate()
            wait_until_closed(port)
            connection.sendall(BODY[-1:])
            answer = connection.recv(65536)
        process.communicate()

    with closing(sqlite3.connect(alone.env["JOBSTATUS_STORE"].removeprefix("sqlite:///"))) as kept:
        assert answer.startswith(b"HTTP/1.1 201 ")
        assert kept.execute("SELECT count(*) FROM jobs").fetchone() == (1,)


def test_what_has_no_body_or_comes_before_one_is_not_held_back(alone: CommandLine) -> None:
    """The answer to HEAD, and the word that a client waits for before it sends its body."""
    head = "HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + alone.env["JOBSTATUS_TOKEN"]
    with alone.started("serve", "--port", "0") as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().split()[3].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.sendall(f"HEAD /jobs {head}\r\n\r\n".encode())
            listed = connection.recv(65536)
            expecting = f"POST /jobs {head}\r\nExpect: 100-continue\r\nContent-Length: {len(BODY)}\r\n\r\n"
            connection.sendall(expecting.encode())
            told = connection.recv(65536)
            connection.sendall(BODY)
            made = connection.recv(65536)
        process.terminate()
        process.communicate()

    assert listed.startswith(b"HTTP/1.1 200 ")
    assert listed.endswith(b"\r\n\r\n")
    assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert made.startswith(b"HTTP/1.1 201 ")


class Pieces:
    """A transport that notes what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, piece: bytes) -> None:
        self.written.append(piece)

    def close(self) -> None:
        self.closed = True


async def test_what_is_written_in_one_turn_leaves_in_one_piece() -> None:
    """At its end, or when the connection is closed."""
    transport = Pieces()
    loop = asyncio.get_running_loop()
    gathering = _Gathering(transport, loop)  # type: ignore[arg-type]  # of a transport it uses these two alone
    for piece in (b"head", b"body"):
        gathering.write(piece)
    before = list(transport.written)
    await asyncio.sleep(0)
    gathering.write(b"more")
    gathering.close()
    await asyncio.sleep(0)

    assert before == []
    assert transport.written == [b"headbody", b"more"]
    assert transport.closed
