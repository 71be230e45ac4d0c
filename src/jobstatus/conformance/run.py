"""Asking every row of a contract's decision table, and judging what is answered."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any

import httpx

from jobstatus.errors import JobstatusError

from . import tables
from .answers import Answers, parsed
from .asking import Asking
from .finding import Finding, Verdict
from .row import Course, Row
from .target import Target, hidden
from .told import ABSENT, member, wrong

TIMEOUT = 15.0
"""Seconds after which an answer is no longer waited for."""
WORDS = (
    *("status", "data.status", "response.status", "type", "error.type", "error.code", "error_code"),
    *("alerts.0.text", "error.title", "error.message"),
)
"""Where an answer's word for what it tells is looked for, to show it."""

Tell = Callable[[str], None]


class Unreachable(JobstatusError):
    """The server gave no answer at all."""


async def hold(
    target: Target, client: httpx.AsyncClient | None = None, tell: Tell = lambda check: None
) -> list[Finding]:
    """Ask every row of the contract's table. *tell* is told of each check as it begins.

    Raises `Unreachable` if the server cannot be reached.
    """
    async with _client(client) as http:
        await _reach(target, http)
        run = Run(target, http)
        found = []
        for row in tables.table(target):
            tell(row.check)
            found.append(await run.finding(row))
        return found


class Run:
    """One run against one server."""

    def __init__(self, target: Target, client: httpx.AsyncClient) -> None:
        self._answers = Answers(target.bundle)
        self._asking = Asking(target, self._answers, client, tables.defaults(target.bundle.contract))
        self._secrets = target.secrets

    async def finding(self, row: Row) -> Finding:
        """Ask a row and judge the answers."""
        if missing := self._asking.missing(row):
            return self._found(row, f"needs {missing}", Verdict.SKIPPED)
        try:
            got, troubles = await self._judged(row)
        except httpx.HTTPError as error:
            got, troubles = "no answer", [f"{type(error).__name__}: {error}"]
        if not troubles:
            return self._found(row, got, Verdict.PASSED)
        return self._found(row, f"{got}: {'; '.join(dict.fromkeys(troubles))}", Verdict.FAILED)

    async def _judged(self, row: Row) -> tuple[str, list[str]]:
        first = await self._asking.ask(row)
        match row.course:
            case Course.UNCHANGED:
                return await self._unchanged(row, first)
            case Course.TWICE:
                return await self._again(row, first)
            case Course.ONCE:
                return _shown(first), list(self._wrong(row, first))

    async def _again(self, row: Row, first: httpx.Response) -> tuple[str, list[str]]:
        second = await self._asking.ask(row)
        troubles = [*self._wrong(row, first), *self._wrong(row, second)]
        if _lasting(first, row.varying) != _lasting(second, row.varying):
            troubles.append("a job that has ended changed between two polls")
        return f"{_shown(first)}, then {_shown(second)}", troubles

    async def _unchanged(self, row: Row, first: httpx.Response) -> tuple[str, list[str]]:
        tag = first.headers.get("etag")
        if tag is None:
            return _shown(first), ["header ETag is missing"]
        second = await self._asking.ask(row, {"If-None-Match": tag})
        return _shown(second), list(self._wrong(row, second))

    def _wrong(self, row: Row, answer: httpx.Response) -> Iterator[str]:
        told = row.told
        if answer.status_code != told.status:
            yield f"status must be {told.status}, but is {answer.status_code}"
            return  # what else there is belongs to another answer
        yield from self._answers.wrong(answer, row.operation, told)
        yield from (f"header {name} is missing" for name in told.has if name not in answer.headers)
        yield from (f"header {name} must not be there" for name in told.lacks if name in answer.headers)
        yield from wrong(told, parsed(answer))

    def _found(self, row: Row, got: str, verdict: Verdict) -> Finding:
        return Finding(row.check, str(row.told), hidden(got, self._secrets), verdict)


def _shown(answer: httpx.Response) -> str:
    """Tell an answer in few words."""
    body = parsed(answer)
    words = (member(body, path) for path in WORDS)
    word = next((word for word in words if word is not ABSENT and isinstance(word, str)), "")
    return f"{answer.status_code} {word}".rstrip()


def _lasting(answer: httpx.Response, varying: tuple[str, ...]) -> tuple[int, Any]:
    """Give what of an answer must be the same each time."""
    body = deepcopy(parsed(answer))
    for path in varying:
        *way, last = path.split(".")
        parent = member(body, ".".join(way)) if way else body
        if isinstance(parent, dict):
            parent.pop(last, None)
    return answer.status_code, json.dumps(body, sort_keys=True, default=str)


@asynccontextmanager
async def _client(client: httpx.AsyncClient | None) -> AsyncIterator[httpx.AsyncClient]:
    if client is not None:
        yield client
    else:
        async with httpx.AsyncClient(timeout=TIMEOUT) as own:
            yield own


async def _reach(target: Target, client: httpx.AsyncClient) -> None:
    try:
        await client.get(target.url)
    except httpx.TransportError as error:
        raise Unreachable(f"{target.url}: {error or type(error).__name__}") from None
    except (httpx.InvalidURL, httpx.HTTPError):
        return
