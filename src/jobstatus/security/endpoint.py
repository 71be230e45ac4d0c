"""One URL of an outside authorization server, asked within bounds: of time, of size, and of where it leads."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import httpx
import orjson

from jobstatus.errors import ConfigurationError, StoreUnavailable

HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


class IssuerUnavailable(StoreUnavailable):
    """The authorization server cannot be asked now, so nobody knows whether a token of it is good."""


def check_url(name: str, url: str) -> None:
    """See that a URL is https, or http to this machine, and holds no password.

    Raises:
        ConfigurationError: it is not so; the error repeats *name*, never the URL.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        raise ConfigurationError(f"{name} is not a URL") from None
    if parsed.userinfo:
        raise ConfigurationError(f"{name} must not hold a user or a password")
    is_safe = parsed.scheme == "https" or (parsed.scheme == "http" and _is_here(parsed.host))
    if not parsed.host or not is_safe:
        raise ConfigurationError(f"{name} must be an https URL; http is for this machine only")


class Endpoint:
    """Asks one URL. No redirect is followed: what is sent there, and believed of it, is meant for that URL only."""

    def __init__(self, client: httpx.AsyncClient, url: str, *, limit: int, timeout: timedelta) -> None:
        """Take the bounds: *limit* in bytes of an answer, *timeout* for all of it."""
        self._client = client
        self._url = url
        self._limit = limit
        self._seconds = timeout.total_seconds()

    async def get(self) -> dict[str, object]:
        """Give the JSON object at the URL. Raises `IssuerUnavailable`."""
        return await self._ask("GET")

    async def post(self, form: Mapping[str, str], auth: httpx.Auth) -> dict[str, object]:
        """Give the JSON object that a form is answered with. Raises `IssuerUnavailable`."""
        return await self._ask("POST", form, auth)

    async def _ask(
        self, method: str, form: Mapping[str, str] | None = None, auth: httpx.Auth | None = None
    ) -> dict[str, object]:
        try:
            async with asyncio.timeout(self._seconds), self._sent(method, form, auth) as response:
                return _object(await self._body(response))
        except (httpx.HTTPError, TimeoutError) as error:
            raise IssuerUnavailable(f"the issuer cannot be asked: {type(error).__name__} {error}".strip()) from error

    def _sent(
        self, method: str, form: Mapping[str, str] | None, auth: httpx.Auth | None
    ) -> AbstractAsyncContextManager[httpx.Response]:
        # the whole has its own time limit: httpx bounds each read only
        return self._client.stream(
            method, self._url, data=form, auth=auth, headers=HEADERS, timeout=self._seconds, follow_redirects=False
        )

    async def _body(self, response: httpx.Response) -> bytes:
        if response.status_code != httpx.codes.OK:
            raise IssuerUnavailable(f"the issuer answered {response.status_code}")
        if response.headers.get("content-encoding", "identity") != "identity":
            # a few bytes of it could become more than the limit in one step
            raise IssuerUnavailable("the issuer's answer is compressed, which was not asked for")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._limit:
                raise IssuerUnavailable(f"the issuer's answer is longer than {self._limit} bytes")
        return bytes(body)


def _object(body: bytes) -> dict[str, object]:
    try:
        read = orjson.loads(body)
    except ValueError:
        raise IssuerUnavailable("the issuer's answer is not JSON") from None
    if not isinstance(read, dict):
        raise IssuerUnavailable("the issuer's answer is not a JSON object")
    return read


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
