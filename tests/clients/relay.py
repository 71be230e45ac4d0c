"""A reverse proxy of the tests' own: it shows a credential, passes answers on as they come, and notes when they do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from serving import PATIENCE, Server

OF_ONE_LEG = {"connection", "host", "keep-alive", "transfer-encoding"}
"""Headers that speak of one connection alone."""


@dataclass(frozen=True, slots=True)
class Passed:
    """One request that was passed on, and its answer."""

    path: str
    arrived: float
    """When the request was there, in seconds of the monotonic clock."""
    answered: float
    """When the head of the answer was."""
    status: int
    pause: int | None
    """The seconds that `Retry-After` tells."""


@dataclass(frozen=True, slots=True)
class Own:
    """An answer of the proxy's own."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Relay:
    """What stands before a server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.token = server.token()
        self.passed: list[Passed] = []
        self.own: dict[str, Callable[[], Own]] = {}
        """What it answers by itself, by the paths."""
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve within the block."""
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            self._http.shutdown()
            thread.join()
            self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.0: an answer ends with its connection, so that none needs to be known whole."""

    def __init__(self, relay: Relay, *connection: object) -> None:
        self._relay = relay
        super().__init__(*connection)  # type: ignore[arg-type]  # what the server gives

    def do_GET(self) -> None:
        """Answer a request."""
        own = self._relay.own.get(self.path.partition("?")[0])
        if own is not None:
            self._give(own())
            return
        # A server that is away or dies is told of as it would be without a proxy: the connection ends.
        with suppress(OSError, HTTPException):
            self._pass_on(time.monotonic())

    do_POST = do_GET  # noqa: N815  as it is called

    def log_message(self, *said: object) -> None:
        """Say nothing."""

    def _give(self, own: Own) -> None:
        self.send_response(own.status)
        for header in own.headers.items():
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(own.body)

    def _pass_on(self, arrived: float) -> None:
        sent = {name: value for name, value in self.headers.items() if name.lower() not in OF_ONE_LEG}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sent["Authorization"] = f"Bearer {self._relay.token}"
        with closing(HTTPConnection("127.0.0.1", self._relay.server.port, timeout=PATIENCE)) as connection:
            connection.request(self.command, self.path, body, sent)
            answer = connection.getresponse()
            pause = answer.headers.get("Retry-After")
            self._relay.passed.append(
                Passed(self.path, arrived, time.monotonic(), answer.status, int(pause) if pause else None)
            )
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.headers.items():
                if name.lower() not in OF_ONE_LEG:
                    self.send_header(name, value)
            self.end_headers()
            while piece := answer.read1():
                self.wfile.write(piece)


@contextmanager
def relaying(server: Server) -> Iterator[Relay]:
    """Put a proxy before a server for as long as it is needed."""
    relay = Relay(server)
    with relay.running():
        yield relay
