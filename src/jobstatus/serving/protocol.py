"""HTTP as uvicorn speaks it, but for one thing: head and body of an answer leave in one piece."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = b"HTTP/1.1 "
CONTINUE = b"HTTP/1.1 100 "
"""What goes out at once: the client waits for it before it sends its body."""


class OnePiece(HttpToolsProtocol):
    """Writes the head of an answer with the first of its body.

    uvicorn writes one after the other, which are two calls to the system and two packets for each answer.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        self._holding = _Holding(transport)
        super().connection_made(cast(asyncio.Transport, self._holding))

    def on_response_complete(self) -> None:
        """End an answer; one without a body is but its head."""
        self._holding.release()
        super().on_response_complete()


class _Holding:
    """A transport that holds a head back until more is written; all else is the transport's own."""

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, piece: bytes) -> None:
        """Write a piece, with the head that was held, or hold it if it is one."""
        if not self._head and piece.startswith(HEAD) and not piece.startswith(CONTINUE):
            self._head = piece
            return
        head, self._head = self._head, b""
        self._transport.write(head + piece)

    def release(self) -> None:
        """Write the head, if one is held."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Write what is held, then close."""
        self.release()
        self._transport.close()
