"""The comparison of the engines itself: what is not the same is told apart."""

from __future__ import annotations

import pytest
from asks import plain
from showing import SPEC
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from twins import running_twins


def misspelling(app: ASGIApp) -> ASGIApp:
    """Change the last byte of every answer to a DELETE."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def misspell(message: Message) -> None:
            if message["type"] == "http.response.body" and message["body"]:
                message = {**message, "body": message["body"][:-1] + b"?"}
            await send(message)

        await app(scope, receive, misspell if scope.get("method") == "DELETE" else send)

    return wrapped


def deafening(app: ASGIApp) -> ASGIApp:
    """Answer to a DELETE as if the job had been there, and do nothing."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "DELETE":
            await app(scope, receive, send)
            return
        headers = [(b"x-request-id", value) for name, value in scope["headers"] if name == b"x-request-id"]
        headers += [(b"ratelimit-policy", b'"calls";q=60000;w=60'), (b"ratelimit", b'"calls";r=59999;t=1')]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body"})

    return wrapped


def test_a_single_wrong_byte_is_seen() -> None:
    """An engine that answers one operation otherwise is told apart by that one alone."""
    with running_twins(wrap=misspelling) as twins:
        with twins.world() as world:
            for id in ("getJob", "getEhealthJob", "createJob", "getAsyncStatus", "showImsJob"):
                twins.ask(plain(SPEC.operations[id]).within(world))

        with pytest.raises(AssertionError, match="is answered differently"), twins.world() as world:
            twins.ask(plain(SPEC.operations["deleteJob"]).within(world))


def test_a_record_that_is_left_otherwise_is_seen() -> None:
    """The answers may be equal and the records not."""
    deaf = running_twins(wrap=deafening)

    with deaf as twins, pytest.raises(AssertionError, match="the records differ"), twins.world() as world:
        twins.ask(plain(SPEC.operations["deleteJob"], "cancelled").within(world))
