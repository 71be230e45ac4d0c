"""The same poll in FastAPI, twice.

`get_job` is as FastAPI's documentation has it today: everything is `async`, so that nothing goes through the thread
pool; the answer is a Pydantic model with the constraints of the spec, which Pydantic checks and writes as JSON in Rust;
the credential and its scope are a `Security` dependency of the token's. `get_job_leanly` is in as few steps as FastAPI
allows: the security scheme itself is the one dependency, and the answer is bytes that nobody checks.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

import orjson
from fastapi import Depends, FastAPI, HTTPException, Path, Request, Response, Security
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp

from benchmarks.peers.credentials import Credentials, Finds
from jobstatus.clock import utc_now
from jobstatus.credential import Credential
from jobstatus.handlers.links import polls
from jobstatus.handlers.record import job_body
from jobstatus.ids import canonical
from jobstatus.job import FailureKind, Job, Status, Tombstone
from jobstatus.pacing import Source, estimate
from jobstatus.storage import open_store

Word = Annotated[str, Field(min_length=1, max_length=128)]
ShortText = Annotated[str, Field(max_length=128)]
SCOPES = {"job:read": "Read jobs, their lists and their events"}


class Readable(Finds, Protocol):
    """What is asked of a store."""

    async def get(self, key: str) -> Job | Tombstone | None:
        """Read by id."""

    async def aclose(self) -> None:
        """Let go of everything."""


Opened = Callable[[str], Awaitable[Readable]]
bearer = OAuth2PasswordBearer(tokenUrl="token", scopes=SCOPES)


class View(BaseModel):
    """A part of the answer, read from a part of the record."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class LinkView(View):
    """One thing that the job produced."""

    entity: Word
    href: Annotated[str, Field(min_length=1, max_length=2048)]


class ResultView(View):
    """What the job left behind."""

    links: Annotated[list[LinkView], Field(max_length=1000)]
    response_data: dict[str, Any] | Annotated[str, Field(max_length=65536)] | None
    entities: Annotated[dict[str, Any], Field(max_length=1000)]


class ErrorView(View):
    """Why the job failed."""

    kind: FailureKind
    message: Annotated[str, Field(max_length=4096)]
    code: ShortText | None
    type: ShortText | None
    http_status: Annotated[int, Field(ge=400, le=599)] | None
    invalid: Annotated[list[dict[str, Any]], Field(max_length=1000)]


class PollView(View):
    """Where a contract answers for the job."""

    contract: Literal["native", "ehealth", "ehealth-composition", "traffic-ops", "ims"]
    href: Annotated[str, Field(pattern="^/", max_length=512)]


class JobView(View):
    """The whole record."""

    id: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$", max_length=64)]
    number: Annotated[int, Field(ge=1)]
    tenant: Word
    owner: ShortText
    type: Word
    status: Status
    progress: Annotated[float, Field(ge=0, le=100)] | None
    message: Annotated[str, Field(max_length=4096)] | None
    eta: datetime | None
    eta_source: Source | None
    result: ResultView | None
    error: ErrorView | None
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None
    lease_until: datetime | None
    version: Annotated[int, Field(ge=1)]
    links: Annotated[list[PollView], Field(min_length=1, max_length=5)]


async def credential(wanted: SecurityScopes, token: Annotated[str, Depends(bearer)], request: Request) -> Credential:
    """Give the credential of the token, which must hold the scopes wanted."""
    return await _holder(request, wanted, token)


class LeanBearer(OAuth2PasswordBearer):  # type: ignore[misc]  # FastAPI may not be there when types are checked
    """The scheme that gives the credential at once, where the usual one gives the token to a second dependency."""

    async def __call__(self, wanted: SecurityScopes, request: Request) -> Credential:
        """Give the credential of the token, which must hold the scopes wanted."""
        return await _holder(request, wanted, await super().__call__(request))


lean_bearer = LeanBearer(tokenUrl="token", scopes=SCOPES)


async def _holder(request: Request, wanted: SecurityScopes, token: str) -> Credential:
    found: Credential | None = await request.state.credentials.find(token)
    if found is None:
        raise HTTPException(401, "the credential is not valid", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    if not found.permissions.issuperset(wanted.scopes):
        raise HTTPException(403, "the credential does not allow this")
    return found


Id = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$", max_length=64)]
Reader = Annotated[Credential, Security(credential, scopes=["job:read"])]
LeanReader = Annotated[Credential, Security(lean_bearer, scopes=["job:read"])]


async def get_job(id: Id, reader: Reader, request: Request) -> dict[str, Any]:
    """Give one job; what is returned becomes a `JobView`, which Pydantic checks and writes."""
    return _values(await _visible(request.state.store, reader, id))


async def get_job_leanly(id: Id, reader: LeanReader, request: Request) -> Response:
    """Give one job as bytes, which FastAPI passes on unchecked."""
    job = await _visible(request.state.store, reader, id)
    return Response(orjson.dumps(job_body(job, estimate(job, utc_now(), None))), media_type="application/json")


def _values(job: Job) -> dict[str, Any]:
    end = estimate(job, utc_now(), None)
    return {
        "id": job.id,
        "number": job.number,
        "tenant": job.tenant,
        "owner": job.owner,
        "type": job.type,
        "status": job.status,
        "progress": job.progress,
        "message": job.message,
        "eta": end.at if end else None,
        "eta_source": end.source if end else None,
        "result": job.result,
        "error": job.error,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "updated_at": job.updated_at,
        "ended_at": job.ended_at,
        "expires_at": job.expires_at,
        "lease_until": job.lease_until,
        "version": job.version,
        "links": polls(job),
    }


async def _visible(store: Readable, reader: Credential, id: str) -> Job:
    found = await store.get(canonical(id))
    if found is None or reader.tenant not in (found.tenant, "*"):
        raise HTTPException(404, "there is no such job")
    if not isinstance(found, Job) or found.expired(utc_now()):
        raise HTTPException(410, "the job is gone")
    return found


def create(url: str, *, lean: bool = False, opened: Opened = open_store) -> ASGIApp:
    """Make the application over the store that *url* names, which *opened* opens."""

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncGenerator[dict[str, Any]]:
        store = await opened(url)
        yield {"store": store, "credentials": Credentials(store)}
        await store.aclose()

    # Without its documentation's routes, which it would try before this one, and without telemetry that nobody takes.
    silent = {"tracing": False, "metrics": False, "logs": False}
    app: Any = FastAPI(lifespan=lifespan, openapi_url=None, telemetry=silent)
    if lean:
        app.add_api_route("/jobs/{id}", get_job_leanly, response_model=None)
    else:
        app.add_api_route("/jobs/{id}", get_job, response_model=JobView)
    asgi: ASGIApp = app
    return asgi
