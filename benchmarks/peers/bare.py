"""The floor: an ASGI function that reads the record and writes it, and checks nothing at all."""

from __future__ import annotations

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from jobstatus.job import Job
from jobstatus.storage import Store, open_store

PREFIX = len("/jobs/")
_MISSING = b'{"title":"There is no such job"}'


def create(url: str) -> ASGIApp:
    """Make the application over the store that *url* names."""
    stores: list[Store] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(url, stores, receive, send)
            return
        found = await stores[0].get(scope["path"][PREFIX:])
        known = isinstance(found, Job)
        body = orjson.dumps(found, option=orjson.OPT_UTC_Z) if known else _MISSING
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200 if known else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _live(url: str, stores: list[Store], receive: Receive, send: Send) -> None:
    await receive()
    stores.append(await open_store(url))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await stores.pop().aclose()
    await send({"type": "lifespan.shutdown.complete"})
