"""A client of the native contract: jobs as the server's JSON says them, and its refusals as exceptions.

ClientError
├── Refused      the server says no, and would say so again
│   ├── Missing      there is no such job, or no longer (404, 410)
│   ├── Denied       the credential is missing, not valid or not enough (401, 403)
│   └── Stale        the job stands against it: its state, its id or its version (409, 412)
└── Unavailable  there was no answer, or one that may be another later (429, 5xx)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from random import SystemRandom
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from jobstatus.errors import ConfigurationError, JobstatusError

from .wire import EventView, JobView, NewJob, Page, Said

TIMEOUT = 10.0
"""Seconds after which an answer is no longer waited for."""
TEMPORARY = frozenset({429, 500, 502, 503, 504})


class ClientError(JobstatusError):
    """The server did not do what it was asked."""


class Refused(ClientError):
    """The server says no, and would say so again."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Missing(Refused, LookupError):
    """There is no such job, or no longer."""


class Denied(Refused):
    """The credential is missing, not valid or not enough."""


class Stale(Refused):
    """The job stands against it: its state, its id or its version."""


class Unavailable(ClientError):
    """There was no answer, or one that may be another later."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        """After how many seconds the server wants to be asked again, if it says so."""


_REFUSALS: Mapping[int, type[Refused]] = {
    401: Denied,
    403: Denied,
    404: Missing,
    409: Stale,
    410: Missing,
    412: Stale,
}


class Client:
    """Speaks to one server with one token. Each method raises a `ClientError` where it does not get its answer."""

    def __init__(self, server: str, token: str | None = None) -> None:
        if token and not (token.isascii() and token.isprintable()):
            raise ConfigurationError("the token has characters that no token has")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(base_url=_url(server), headers=headers, timeout=TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def create(self, new: NewJob) -> JobView:
        """Create a job; it is there once this returns."""
        job: JobView = await self._call("POST", "/jobs", json=new)
        return job

    async def get(self, id: str) -> JobView:
        """Read a job."""
        job: JobView = await self._call("GET", _path(id))
        return job

    async def newer(self, id: str, tag: str | None, seconds: int) -> tuple[JobView | None, str | None]:
        """Read a job once it is not any more as the answer with this entity tag told it, with its new tag.

        Without a tag it is read at once. After so many seconds, or at once if the server does not hold requests, there
        may be nothing to tell.
        """
        known = {} if tag is None else {"If-None-Match": tag, "Prefer": f"wait={seconds}"}
        patience = httpx.Timeout(TIMEOUT, read=TIMEOUT + seconds)
        response = await self._answer("GET", _path(id), headers=known, timeout=patience)
        told = None if response.status_code == httpx.codes.NOT_MODIFIED else _body(response)
        return told, response.headers.get("ETag", tag)

    async def report(self, id: str, said: Said, *, version: int | None = None) -> JobView:
        """Say how a job goes; *version*, if given, is the one that it must be at."""
        job: JobView = await self._call("PATCH", _path(id), json=said, headers=_if_match(version))
        return job

    async def cancel(self, id: str, *, version: int | None = None) -> JobView:
        """Ask a job to stop."""
        job: JobView = await self._call("POST", f"{_path(id)}/cancel", headers=_if_match(version))
        return job

    async def delete(self, id: str, *, version: int | None = None) -> None:
        """Delete a job that has ended."""
        await self._call("DELETE", _path(id), headers=_if_match(version))

    async def events(self, id: str) -> list[EventView]:
        """Read a job's timeline, oldest first."""
        timeline: dict[str, list[EventView]] = await self._call("GET", f"{_path(id)}/events")
        return timeline["events"]

    async def page(self, query: Mapping[str, Any]) -> Page:
        """Read one page of the jobs that fit, newest first."""
        asked = {key: value for key, value in query.items() if value is not None}
        page: Page = await self._call("GET", "/jobs", params=asked)
        return page

    async def jobs(self, query: Mapping[str, Any]) -> AsyncIterator[JobView]:
        """Read all the jobs that fit, newest first."""
        cursor = query.get("cursor")
        while True:
            page = await self.page({**query, "cursor": cursor})
            for job in page["jobs"]:
                yield job
            if (cursor := page["next_cursor"]) is None:
                return

    async def _call(self, method: str, path: str, **request: Any) -> Any:
        response = await self._answer(method, path, **request)
        return _body(response) if response.content else None

    async def _answer(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            response = await self._http.request(method, path, **request)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Unavailable(str(error) or type(error).__name__) from error
        if not response.is_success and response.status_code != httpx.codes.NOT_MODIFIED:
            raise _refusal(response)
        return response


def backoff(first: float = 0.5, longest: float = 8.0) -> Iterator[float]:
    """Give seconds to wait before each new try: doubling, and spread so that many clients do not come at once."""
    spread = SystemRandom()
    while True:
        yield spread.uniform(first / 2, first)
        first = min(2 * first, longest)


def _url(server: str) -> httpx.URL:
    try:
        url = httpx.URL(server)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(f"{server!r} is not the URL of a server, such as http://127.0.0.1:8080")
    return url


def _path(id: str) -> str:
    return f"/jobs/{quote(id, safe='')}"


def _if_match(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": f'"{version}"'}


def _seconds(value: str | None) -> float | None:
    return float(value) if value and value.isdecimal() else None


def _body(response: httpx.Response) -> Any:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(response.status_code, f"{response.url.host} answers, but not as a jobstatus server does")
    return body


def _refusal(response: httpx.Response) -> ClientError:
    reason = _reason(response)
    if response.status_code in TEMPORARY:
        return Unavailable(reason, _seconds(response.headers.get("Retry-After")))
    return _REFUSALS.get(response.status_code, Refused)(response.status_code, reason)


def _reason(response: httpx.Response) -> str:
    """Put a problem (RFC 9457) into one line."""
    try:
        problem = _body(response)
    except Refused:
        return f"{response.status_code} {response.reason_phrase}"
    rules = [f"{v.get('field')}: {v.get('message')}" for v in problem.get("violations") or []]
    said = "; ".join(rules) or problem.get("detail") or problem.get("title") or response.reason_phrase
    return f"{response.status_code} {said}"
