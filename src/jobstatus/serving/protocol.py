"""HTTP as uvicorn speaks it, but for one thing: an answer leaves in one piece."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from jobstatus.contract.front import CLOSING


class OnePiece(HttpToolsProtocol):
    """Writes what is to be written in one turn of the loop together, at the turn's end.

    uvicorn writes head and body one after the other, which are two calls to the system and two packets for each answer.
    To hold the head back for its body alone would do for that, but costs a quarter more: what leaves at once calls the
    next request in before the others of this turn are answered, and so each turn has fewer to share its cost.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin a connection."""
        super().connection_made(cast(asyncio.Transport, _Gathering(transport, self.loop)))

    def shutdown(self) -> None:
        """Begin to stop: first have those answered who wait, for whom the server would wait in turn."""
        closing = self.app_state.get(CLOSING)
        if closing is not None:
            closing()
        super().shutdown()


class _Gathering:
    """A transport that writes once in a turn of the loop; all else is the transport's own."""

    __slots__ = ("_loop", "_pieces", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, piece: bytes) -> None:
        """Write at the end of this turn."""
        if not self._pieces:
            self._loop.call_soon(self._write)
        self._pieces.append(piece)

    def close(self) -> None:
        """Write what is left, then close."""
        self._write()
        self._transport.close()

    def _write(self) -> None:
        pieces, self._pieces = self._pieces, []
        if pieces:
            self._transport.write(b"".join(pieces))
