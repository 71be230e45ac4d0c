"""Requests for an operation, drawn from what the spec says of it, in parts that can still be changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from typing import Any
from urllib.parse import quote

from callers import HOLDERS, PASSWORD, STRANGER, USERS, token
from house import OTHER_TENANT, TENANT
from hypothesis import strategies as st
from raw_asgi import Fields, Sent
from schema_values import Lexicon, texts_of, values_of
from showing import SPEC, Caller, Callers, callers_of, project_token, right_callers
from world import FRESH, LIVES, WAYS, World, word

from jobstatus.contract.checks import PROFILES
from jobstatus.contract.spec import Node, Operation

JSON = b"application/json"
REQUEST_ID = b"request-1"
HOST = (b"host", b"jobs.example")
_IDS = [word(name, way) for name in LIVES for way in range(WAYS)]
_TENANTS = [TENANT, OTHER_TENANT]
_COMMON: Lexicon = {
    **dict.fromkeys(("asyncJobId", "job_id"), _IDS),
    **dict.fromkeys(("tenant", "project_id", "X-Project-Id"), _TENANTS),
    **dict.fromkeys(("u", "name"), USERS),
    **dict.fromkeys(("p", "password"), (PASSWORD,)),
    "t": [token(holder) for holder in (*HOLDERS, STRANGER)],
    "If-Match": ["*", '"1"', '"2"', '"3"'],
    "cursor": ["AAAAAAAAAAU", "f_________8"],
    "type": ["imsImportImageJob"],
}
_MEANT: Lexicon = {
    "token.id": [token("everything")],
    "project.id": _TENANTS,
    "project.name": _TENANTS,
    "domain.name": ["Default"],
    "type": ["imsImportImageJob"],
}
"""By the names of members in others, what stands in examples where the name alone means several things."""
_LEXICONS: Mapping[str, Lexicon] = {
    "identity": {"id": [*USERS, *_TENANTS, token("everything"), *map(project_token, HOLDERS)]},
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that is not written yet."""

    operation: Operation = field(repr=False)
    method: str
    path: tuple[bytes, ...]
    """The parts of the path, percent-encoded: in turn what the spec writes out and what it leaves to be named."""
    query: tuple[bytes, ...] = ()
    """The parts of the query, each a name and a value."""
    headers: Fields = ()
    body: bytes | None = None
    callers: Callers = ()

    def within(self, world: World) -> Ask:
        """Name the jobs of a world."""

        def told(text: bytes) -> bytes:
            return world.told(text, self.operation.contract)

        return replace(
            self,
            path=tuple(map(told, self.path)),
            query=tuple(map(told, self.query)),
            headers=tuple((name, told(value)) for name, value in self.headers),
            body=None if self.body is None else told(self.body),
        )

    def sent(self, now: datetime) -> Sent:
        """Write the request as it is sent at a time."""
        told = any(name == b"content-length" for name, _ in self.headers)
        length = () if told or self.body is None else ((b"content-length", b"%d" % len(self.body)),)
        headers = (*self.headers, *length)
        sent = Sent(self.method, b"".join(self.path), b"&".join(self.query), headers, (self.body or b"",))
        for caller in self.callers:
            sent = caller.show(sent, now)
        return sent


def lexicon(operation: Operation) -> Lexicon:
    """Give the words that mean something to an operation."""
    fresh = [word(FRESH, way) for way in range(WAYS)] if operation.method == "POST" else []
    tags = [f'W/"{operation.contract}-{profile}-{version}"' for profile in PROFILES for version in (1, 2, 3)]
    told = {"If-None-Match": [*tags, ", ".join(tags), "*"], "Prefer": ["wait=5", "wait=0", "respond-async, wait=1"]}
    return {**_COMMON, **told, "id": [*fresh, *_IDS], **_LEXICONS.get(operation.contract, {})}


def body_schema(operation: Operation) -> Node | None:
    """Give the schema of the body that an operation takes, if it takes one."""
    media = _request_media(operation)
    return None if media is None else media["schema"]


def body_examples(operation: Operation) -> list[Any]:
    """Give the examples of the body that an operation takes, with names and secrets that are somebody's."""
    media = _request_media(operation)
    words = {**lexicon(operation), **_MEANT}
    return [_meant(SPEC.resolve(each)["value"], words) for each in media["examples"].values()] if media else []


def _meant(value: Any, words: Lexicon, place: str = "") -> Any:
    if isinstance(value, dict):
        return {
            name: words[key][0] if isinstance(member, str) and key in words else _meant(member, words, name)
            for name, member in value.items()
            for key in [f"{place}.{name}" if f"{place}.{name}" in words else name]
        }
    return [_meant(item, words) for item in value] if isinstance(value, list) else value


def _request_media(operation: Operation) -> Any:
    node = SPEC.raw["paths"][operation.path][operation.method.lower()]
    return SPEC.resolve(node["requestBody"])["content"][JSON.decode()] if "requestBody" in node else None


def pieces(operation: Operation, named: Mapping[str, str]) -> tuple[bytes, ...]:
    """Give the parts of an operation's path, with what its parameters name."""
    literals = operation.path.replace("{", "}").split("}")
    return tuple(
        quote(named[part], safe="").encode() if index % 2 else part.encode() for index, part in enumerate(literals)
    )


def plain(operation: Operation, job: str = "running", *callers: Caller, body: Any = None) -> Ask:
    """Give the simplest request that is right: the spec's examples, for a job of the world."""
    example = {parameter["name"]: str(parameter["example"]) for parameter in operation.parameters}
    named = {name: word(job) if name in ("id", "asyncJobId", "job_id") else text for name, text in example.items()}
    body = body if body is not None else next(iter(body_examples(operation)), None)
    headers = (HOST, (b"x-request-id", REQUEST_ID), *(((b"content-type", JSON),) if body is not None else ()))
    return Ask(
        operation=operation,
        method=operation.method,
        path=pieces(operation, {**named, "project_id": TENANT}),
        headers=headers,
        body=None if body is None else json.dumps(body).encode(),
        callers=callers or right_callers(operation)[0],
    )


@cache
def asks(operation: Operation) -> st.SearchStrategy[Ask]:
    """Draw requests that are right in themselves, of any caller and for any job."""
    schema = body_schema(operation)
    typed = (HOST, (b"content-type", JSON)) if schema is not None else (HOST,)
    bodies = st.none() if schema is None else values_of(SPEC, schema, lexicon(operation)).flatmap(texts_of)
    return st.builds(
        partial(Ask, operation, operation.method),
        path=_paths(operation),
        query=_queries(operation),
        headers=st.builds(lambda *parts: (*typed, *(pair for part in parts for pair in part)), *_headers(operation)),
        body=bodies,
        callers=_callers(operation),
    )


def _callers(operation: Operation) -> st.SearchStrategy[Callers]:
    right, every = st.sampled_from(right_callers(operation)), st.sampled_from(callers_of(operation))
    return st.one_of(right, right, every, every, st.builds(tuple.__add__, every, every))


def _paths(operation: Operation) -> st.SearchStrategy[tuple[bytes, ...]]:
    named = {node["name"]: _texts(operation, node) for node in operation.parameters if node["in"] == "path"}
    return st.fixed_dictionaries(named).map(lambda values: pieces(operation, values))


def _queries(operation: Operation) -> st.SearchStrategy[tuple[bytes, ...]]:
    parts = [_part(operation, node) for node in operation.parameters if node["in"] == "query"]
    return st.tuples(*parts).map(lambda drawn: tuple(each for part in drawn for each in part))


def _part(operation: Operation, node: Node) -> st.SearchStrategy[Sequence[bytes]]:
    """Draw none or more parts of a query that name one parameter."""
    name = node["name"].encode()
    if node["schema"].get("type") == "array":
        items = values_of(SPEC, node["schema"], {})
        if not node.get("explode", True):
            return st.just(()) | items.map(lambda values: [name + b"=" + quote(",".join(map(str, values))).encode()])
        return st.just(()) | items.map(lambda values: [name + b"=" + quote(str(value)).encode() for value in values])
    written = _texts(operation, node).map(lambda text: [name + b"=" + quote(text, safe="").encode()])
    return st.just(()) | st.just(()) | written


def _headers(operation: Operation) -> list[st.SearchStrategy[Fields]]:
    known = [_header(operation, node) for node in operation.parameters if node["in"] == "header"]
    accepting = st.sampled_from(
        [
            *((), (), ((b"accept-encoding", b"gzip"),), ((b"accept", b"application/json, */*"),)),
            *(((b"accept", b"text/event-stream"),), ((b"accept", b"text/event-stream;q=0, */*"),)),
        ]
    )
    return [*known, accepting]


def _header(operation: Operation, node: Node) -> st.SearchStrategy[Fields]:
    name = node["name"].lower().encode()
    if name == b"x-request-id":
        return st.sampled_from([((name, REQUEST_ID),)] * 7 + [()])
    words = lexicon(operation).get(node["name"], [str(node.get("example", "a"))])
    return st.just(()) | st.sampled_from(words).map(lambda text: ((name, text.encode("latin-1")),))


def _texts(operation: Operation, node: Node) -> st.SearchStrategy[str]:
    """Draw the text of a parameter: one that means something, or whatever its schema takes."""
    words = lexicon(operation).get(node["name"])
    drawn = values_of(SPEC, node["schema"], {}).map(str)
    if not words:
        return drawn
    return st.one_of(st.sampled_from(words), st.sampled_from(words), st.sampled_from(words), drawn)
