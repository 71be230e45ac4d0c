"""The same poll on Connexion as it comes, asynchronous and in Flask: our own spec, and no stage of ours."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import connexion
from connexion.exceptions import ProblemException
from starlette.types import ASGIApp

from benchmarks.peers.credentials import Credentials
from benchmarks.peers.reading import ThreadedReader
from jobstatus.clock import utc_now
from jobstatus.contract.bundle import bundle
from jobstatus.contract.spec import Document
from jobstatus.handlers.record import job_body
from jobstatus.ids import canonical
from jobstatus.job import Job, Tombstone
from jobstatus.pacing import estimate
from jobstatus.storage import Store, open_store

PATH = "/jobs/{id}"
TokenInfo = Mapping[str, Any]
Answer = tuple[dict[str, Any], int, dict[str, str]]


def create_async(url: str, *, checked: bool = True) -> ASGIApp:
    """Make the asynchronous application; one that is not checked sends answers as they are."""
    stores: list[Store] = []

    async def get_job(id: str, token_info: TokenInfo) -> Answer:
        return _answer(await stores[0].get(canonical(id)), token_info)

    app = connexion.AsyncApp(__name__, lifespan=_lifespan(url, stores))
    return _with_poll(app, get_job, checked)


def create_flask(url: str) -> ASGIApp:
    """Make the threaded application."""
    reader = ThreadedReader(url.removeprefix("sqlite:///"))

    def get_job(id: str, token_info: TokenInfo) -> Answer:
        return _answer(reader.get(canonical(id)), token_info)

    app = connexion.FlaskApp(__name__, lifespan=_lifespan(url, []))
    return _with_poll(app, get_job, checked=True)


async def token_info(token: str, request: Any) -> TokenInfo | None:
    """Tell Connexion whose a token is; this runs in the event loop, in the Flask application too."""
    found = await request.state.credentials.find(token)
    return found and {"sub": found.id, "scope": list(found.permissions), "tenant": found.tenant}


def _lifespan(url: str, stores: list[Store]) -> Callable[[Any], Any]:
    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncGenerator[dict[str, Any]]:
        stores.append(await open_store(url))
        yield {"credentials": Credentials(stores[0])}
        await stores.pop().aclose()

    return lifespan


def _with_poll(app: Any, handler: Callable[..., Any], checked: bool) -> ASGIApp:
    app.add_api(poll_spec(), resolver=connexion.Resolver(lambda _: handler), validate_responses=checked)
    asgi: ASGIApp = app
    return asgi


def poll_spec() -> dict[str, Any]:
    """Give the native contract's spec with the poll alone, at the root, and with the function that knows tokens."""
    spec = copy.deepcopy(dict(bundle(Document.load(), "native").document))
    del spec["servers"]
    item = spec["paths"][PATH]
    spec["paths"] = {PATH: {key: item[key] for key in ("parameters", "get")}}
    spec["components"]["securitySchemes"]["jobToken"]["x-tokenInfoFunc"] = f"{__name__}.{token_info.__name__}"
    return spec


def _answer(found: Job | Tombstone | None, token_info: TokenInfo) -> Answer:
    if found is None or token_info["tenant"] not in (found.tenant, "*"):
        raise ProblemException(status=404, title="There is no such job")
    if not isinstance(found, Job) or found.expired(utc_now()):
        raise ProblemException(status=410, title="The job is gone")
    # Connexion looks for the headers that the spec requires, and wants to be told the media type where it has several.
    headers = {
        "Content-Type": "application/json",
        "ETag": f'W/"native-documented-{found.version}"',
        "Cache-Control": "private, max-age=60" if found.terminal else "private, no-cache",
        "Vary": "Authorization",
        "X-Request-Id": str(uuid4()),
    }
    return job_body(found, estimate(found, utc_now(), None)), 200, headers
