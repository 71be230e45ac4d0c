"""Server-sent events (HTML standard, section 9.2): an answer that goes on for as long as there is something to come."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from starlette.types import Receive, Send

from jobstatus.answer import Frame
from jobstatus.contract.patience import departure
from jobstatus.contract.template import Rendered

EVENT_STREAM = "text/event-stream"
HEARTBEAT = b":\n\n"
"""A comment, which keeps what lies between from taking a quiet stream for a dead one."""
RECONNECT = (500, 2_000)
"""Milliseconds after which a client that was cut off comes back: not all at the same moment."""

Next = Callable[[], Awaitable[bytes | None]]
"""Gives what goes out next, or nothing at the end."""


def written(frame: Frame, data: bytes) -> bytes:
    """Write one event; *data* is a single line."""
    id = f"id: {frame.id}\n".encode() if frame.id is not None else b""
    event = f"event: {frame.event}\n".encode() if frame.event is not None else b""
    return id + event + b"data: " + data + b"\n\n"


async def send_stream(
    head: Rendered, following: Next, pulse: Next, receive: Receive, send: Send, heartbeat: float
) -> None:
    """Send what comes next, and a *pulse* where nothing comes, until either has ended or the client has gone."""
    await send({"type": "http.response.start", "status": head.status, "headers": head.headers})
    await _send(send, f"retry: {RECONNECT[0] + secrets.randbelow(RECONNECT[1] - RECONNECT[0])}\n\n".encode())
    gone = asyncio.ensure_future(departure(receive))
    coming = asyncio.ensure_future(following())
    try:
        while not gone.done():
            await asyncio.wait({gone, coming}, timeout=heartbeat, return_when=asyncio.FIRST_COMPLETED)
            if not (come := coming.done()) and gone.done():
                break
            text = coming.result() if come else await pulse()
            if text is None:
                break
            await _send(send, text)
            coming = asyncio.ensure_future(following()) if come else coming
        await _send(send, b"", more=False)
    finally:
        gone.cancel()
        coming.cancel()
        await asyncio.wait({coming})


async def _send(send: Send, text: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": text, "more_body": more})
