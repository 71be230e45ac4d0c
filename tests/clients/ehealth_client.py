"""A client of eHealth as an integrator writes one: it submits an encounter package and polls for what became of it.

EhealthError
├── Refused       the call was answered with an error; `status`, `type` and `message` are as told
│   └── UnknownJob    there is no such job, or no longer
└── StillPending  the job has not ended within the attempts
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx

AS_TOLD = (200, 202, 303)
"""The statuses whose answers have data; 303 has its links in the body, so there is nowhere to be led to."""


class EhealthError(Exception):
    """The server did not do what it was asked."""


class Refused(EhealthError):
    """The call was answered with an error."""

    def __init__(self, status: int, type: str, message: str | None) -> None:
        super().__init__(message or type)
        self.status = status
        self.type = type
        self.message = message


class UnknownJob(Refused, LookupError):
    """There is no such job, or no longer."""


class StillPending(EhealthError):
    """The job has not ended within the attempts: nothing is known of what will become of it."""

    def __init__(self, id: str) -> None:
        super().__init__(f"the job {id} is still pending")
        self.id = id


@dataclass(frozen=True, slots=True)
class Link:
    """Where something is."""

    entity: str
    href: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A job that has not ended; by `id` it is polled for."""

    id: str
    eta: str


@dataclass(frozen=True, slots=True)
class Linked:
    """A job that made things, which are linked to."""

    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Responded:
    """A job that has a payload."""

    response_data: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """A job that failed: with a code as HTTP has them, and with what is wrong, place by place, if that is told."""

    status: str
    code: int
    type: str | None
    message: str | None
    invalid: tuple[str, ...]


State: TypeAlias = Pending | Linked | Responded | Failed


class EhealthClient:
    """Speaks to one server, through a client of HTTP that shows the credentials."""

    def __init__(self, http: httpx.Client, *, attempts: int = 15, pause: float = 2.0) -> None:
        self._http = http
        self._attempts = attempts
        self._pause = pause

    def submit(self, patient: str, package: dict[str, Any]) -> Pending:
        """Submit an encounter package, and give the job that processes it."""
        state = self._ask("POST", f"/api/patients/{patient}/encounter_package", json=package)
        if not isinstance(state, Pending):
            raise EhealthError("a submission is answered by what is not pending")
        return state

    def look(self, id: str) -> State:
        """Ask once how a job stands."""
        return self._ask("GET", f"/api/jobs/{id}")

    def wait(self, id: str) -> Linked | Responded | Failed:
        """Poll for a job until it has ended."""
        for attempt in range(self._attempts):
            if attempt:
                time.sleep(self._pause)
            state = self.look(id)
            if not isinstance(state, Pending):
                return state
        raise StillPending(id)

    def _ask(self, method: str, path: str, **content: Any) -> State:
        response = self._http.request(method, path, follow_redirects=False, **content)
        body = response.json()
        if response.status_code in AS_TOLD:
            return _state(body["data"])
        error = body["error"]
        kind = UnknownJob if (method, response.status_code) == ("GET", 404) else Refused
        raise kind(response.status_code, error["type"], error.get("message"))


def _state(data: dict[str, Any]) -> State:
    links = tuple(Link(link["entity"], link["href"]) for link in data.get("links", ()))
    match data["status"]:
        case "pending":
            return Pending(id=links[0].href.rpartition("/")[2], eta=data["eta"])
        case "processed" if "response_data" in data:
            return Responded(data["response_data"])
        case "processed":
            return Linked(links)
        case "failed" | "failed_with_error" as status:
            return _failed(status, int(data["status_code"]), data["error"])
        case status:
            raise EhealthError(f"a job is {status}")


def _failed(status: str, code: int, error: str | dict[str, Any]) -> Failed:
    """Read an error, which is an object or a text alone."""
    if isinstance(error, str):
        return Failed(status, code, None, error, ())
    invalid = tuple(each["entry"] for each in error.get("invalid", ()))
    return Failed(status, code, error["type"], error.get("message"), invalid)
