"""One request on its way through the server, and what is learnt of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import cached_property
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from starlette.requests import Request as HttpRequest
from starlette.types import Scope

from jobstatus.answer import Contract
from jobstatus.contract.spec import Operation
from jobstatus.credential import NOBODY, Caller, Standing

_REQUEST_ID = re.compile(r"[A-Za-z0-9._#~-]{1,128}")
_PORT_80 = re.compile(r"(http://[^/]+):80(?=/)")

current: ContextVar[Exchange] = ContextVar("exchange")
"""The exchange under way: how Connexion's stages, which share nothing else, find it."""


class Headers(Mapping[str, str]):
    """What a client sent, by names in lower case; of one that was sent twice, the first counts."""

    __slots__ = ("_first",)

    def __init__(self, first: Mapping[bytes, bytes]) -> None:
        self._first = first

    def __getitem__(self, name: str) -> str:
        return self._first[name.encode("latin-1")].decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._first)

    def __len__(self) -> int:
        return len(self._first)


class Exchange:
    """What the stages find out, each adding its part. To a contract it is the `Request`."""

    # What has not been found out yet. As attributes of the class these cost nothing for each request.
    found: Operation | None = None
    caller: Caller | None = None
    standing: Standing | None = None
    """What the caller's being let in rests on, if on nothing else than a credential that was looked up."""
    limit: frozenset[str] | None = None
    """The permissions of the system that the caller calls through, if it calls through one."""
    arguments: Mapping[str, Any] = MappingProxyType({})
    refusal: Exception | None = None
    """Why the caller was refused, once that is known."""
    cookies: tuple[str, ...] = ()
    """What the way in wants the client to keep: values of `Set-Cookie`."""
    asides: tuple[tuple[bytes, bytes], ...] = ()
    """Headers that the answer has beside its own: what is said of this request alone."""
    _http: HttpRequest | None = None
    _id: str | None = None
    _url: str | None = None

    def __init__(self, scope: Scope, contract: Contract, profile: str) -> None:
        self.scope = scope
        self.contract = contract
        self.profile = profile

    @cached_property
    def sent(self) -> dict[bytes, bytes]:
        """The headers as they came, by names in lower case; of one that was sent twice, the first counts."""
        return dict([*self.scope["headers"]][::-1])

    @property
    def id(self) -> str:
        """The client's own `X-Request-Id`, or one made here."""
        if self._id is None:
            self._id = self._asked_id() or self.contract.request_id()
        return self._id

    def _asked_id(self) -> str | None:
        for name, value in self.scope["headers"]:
            if name == b"x-request-id":
                asked: str = value.decode("latin-1")
                return asked if _REQUEST_ID.fullmatch(asked) else None
        return None

    @property
    def context(self) -> dict[str, Any]:
        """Where Connexion notes who calls, which is known here already."""
        return {}

    @property
    def method(self) -> str:
        """The method."""
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        """The decoded path."""
        path: str = self.scope["path"]
        return path

    @property
    def url(self) -> str:
        """Scheme, host and path; the port 80 of plain HTTP is left out."""
        if self._url is None:
            host = (self.sent.get(b"host") or b"localhost").decode("latin-1")  # it may be sent empty (RFC 9112)
            url = f"{self.scope['scheme']}://{host}{quote(self.path)}"
            self._url = _PORT_80.sub(r"\1", url) if ":80/" in url else url
        return self._url

    @property
    def query(self) -> str:
        """The query as it was sent."""
        query: bytes = self.scope["query_string"]
        return query.decode("latin-1")

    @property
    def headers(self) -> Headers:
        """What the client sent."""
        return Headers(self.sent)

    @property
    def http(self) -> HttpRequest:
        """The whole request, for what is seldom looked at."""
        if self._http is None:
            self._http = HttpRequest(self.scope)
        return self._http

    @property
    def operation(self) -> str | None:
        """The operation's id."""
        return self.found.id if self.found is not None else None

    def find(self, operation: Operation) -> None:
        """Note what is asked for."""
        self.found = operation
        if operation.public:
            self.become(NOBODY)

    def become(self, caller: Caller, cookies: tuple[str, ...] = ()) -> None:
        """Note who calls, and what it is to keep; a caller with a profile of its own is answered in that."""
        self.caller = caller
        self.profile = caller.profile or self.profile
        self.cookies = cookies

    def disguised(self, id: str, url: str) -> Exchange:
        """Give the same request with another id and URL, and no query."""
        other = Exchange({**self.scope, "query_string": b""}, self.contract, self.profile)
        other.found = self.found
        other._id, other._url = id, url
        return other

    @property
    def known_operation(self) -> Operation:
        """Give the operation, in stages that stand behind its finding."""
        if self.found is None:
            raise RuntimeError("no operation has been found yet")
        return self.found

    @property
    def known_caller(self) -> Caller:
        """Give the caller, in stages that stand behind security."""
        if self.caller is None:
            raise RuntimeError("nobody has asked who calls yet")
        return self.caller
