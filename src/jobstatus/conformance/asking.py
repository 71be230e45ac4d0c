"""How a row of a table is put to a server."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any
from urllib.parse import quote

import httpx

from . import credentials
from .answers import Answers
from .row import Row, Who
from .target import Target

NO_ONE = "a-credential-that-nobody-gave-out"
LONGEST = 4 * 1024 * 1024
"""Bytes of an answer that are read."""
ACCEPT = "application/json, application/problem+json;q=0.9"


class Asking:
    """Asks one server, by what was given for it and, where nothing was, by *defaults* of the contract."""

    def __init__(
        self, target: Target, answers: Answers, client: httpx.AsyncClient, defaults: Mapping[str, str]
    ) -> None:
        self._target = target
        self._answers = answers
        self._client = client
        self._parameters = {**defaults, **target.parameters}

    async def ask(self, row: Row, more: Mapping[str, str] | None = None) -> httpx.Response:
        """Send a row's request, with *more* headers."""
        self._client.cookies.clear()  # what one row was given is not to let another one in
        headers = {"Accept": ACCEPT, **self._credential(row), **(more or {})}
        body = {} if row.body is None else {"json": row.body}
        async with self._client.stream(self._method(row), self._url(row), headers=headers, **body) as answer:
            return await _whole(answer)

    def missing(self, row: Row) -> str | None:
        """Name the option that must be given for a row, if it was not."""
        if row.job is not None and row.job not in self._target.jobs:
            return f"--job {row.job}=ID"
        known = self._values(row)
        if lacking := [name for name in _names(self._path(row)) if name not in known]:
            return f"--path-parameter {lacking[0]}=VALUE"
        return "--write" if row.writes and not self._target.writes else self._missing_credential(row)

    def _missing_credential(self, row: Row) -> str | None:
        security = self._security(row)
        if row.who is Who.NOBODY or not security:
            return None
        weak = row.who is Who.WEAK
        given = self._target.weak if weak else self._target.credentials
        if credentials.sent(self._target.bundle, security, given):
            return None
        return f"{'--weak-credential' if weak else '--credential'} {' and '.join(security[0])}"

    def _credential(self, row: Row) -> dict[str, str]:
        """Give the headers of a row's credential; a stranger's is sent as the caller's would be."""
        if row.who is Who.NOBODY:
            return {}
        given = self._target.weak if row.who is Who.WEAK else self._target.credentials
        if row.who is Who.STRANGER:
            given = dict.fromkeys(given, NO_ONE)
        return credentials.sent(self._target.bundle, self._security(row), given, row.without)

    def _security(self, row: Row) -> list[Mapping[str, Any]]:
        return self._answers.security(row.operation) if row.operation else []

    def _method(self, row: Row) -> str:
        return row.method or (self._answers.method(row.operation) if row.operation else "GET")

    def _path(self, row: Row) -> str:
        return row.path or (self._answers.path(row.operation) if row.operation else "/")

    def _url(self, row: Row) -> str:
        path = self._path(row)
        for name, value in self._values(row).items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return self._target.url.rstrip("/") + path

    def _values(self, row: Row) -> dict[str, str]:
        job = {} if row.job is None else {row.id: self._target.jobs.get(row.job, "")}
        return {**self._parameters, **job, **row.parameters}


async def _whole(answer: httpx.Response) -> httpx.Response:
    """Read an answer to its end; raises `httpx.DecodingError` if it is longer than any that a contract has."""
    content = bytearray()
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > LONGEST:
            raise httpx.DecodingError(f"the answer is longer than {LONGEST} bytes")
    headers = [(name, value) for name, value in answer.headers.multi_items() if name != "content-encoding"]
    return httpx.Response(answer.status_code, headers=headers, content=bytes(content))


def _names(path: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(path) if name]
