"""The native contract's JSON, as types: what a client sends and what it is told."""

from __future__ import annotations

from typing import Any, NotRequired, Required, TypedDict


class JobLink(TypedDict):
    """Where one contract answers for a job."""

    contract: str
    href: str


class JobError(TypedDict):
    """Why a job failed. A report may leave out all but the kind and the message."""

    kind: str
    message: str
    code: NotRequired[str | None]
    type: NotRequired[str | None]
    http_status: NotRequired[int | None]
    invalid: NotRequired[list[dict[str, Any]]]


class JobView(TypedDict):
    """A job as the server tells it."""

    id: str
    number: int
    tenant: str
    owner: str
    type: str
    status: str
    progress: float | None
    message: str | None
    eta: str | None
    result: dict[str, Any] | None
    error: JobError | None
    created_at: str
    started_at: str | None
    updated_at: str
    ended_at: str | None
    expires_at: str | None
    lease_until: str | None
    version: int
    links: list[JobLink]


class NewJob(TypedDict, total=False):
    """What a producer asks for."""

    type: Required[str]
    id: str
    tenant: str
    message: str
    eta: str
    expires_at: str
    lease_seconds: int


class Said(TypedDict, total=False):
    """What a worker says of its job; what it leaves out stays as it is."""

    status: str
    progress: float
    message: str
    eta: str
    expires_at: str
    result: dict[str, Any]
    error: JobError
    lease_seconds: int


class EventView(TypedDict):
    """One entry of a job's timeline."""

    version: int
    at: str
    status: str
    progress: float | None
    message: str | None
    actor: str


class Page(TypedDict):
    """One page of a list."""

    jobs: list[JobView]
    next_cursor: str | None
