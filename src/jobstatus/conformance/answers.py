"""Whether an answer is one that the contract's document has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import httpx
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator

from jobstatus.contract.bundle import Bundle
from jobstatus.contract.schema import json_schema
from jobstatus.contract.spec import METHODS, Document, Node
from jobstatus.contract.validation import compile_schema

from .told import Told

MOST = 3
"""How many of the rules that a body breaks are told."""
LONGEST = 160
NOTHING = object()
"""The body of an answer that is no JSON."""


class Answers:
    """The answers that a contract's document has, ready to hold others against."""

    def __init__(self, bundle: Bundle) -> None:
        self._document = Document(bundle.document)
        self._operations = {node["operationId"]: (method, path, item, node) for method, path, item, node in self._all()}
        self._validator = cache(self._compiled)

    @property
    def operations(self) -> tuple[str, ...]:
        """Name the operations."""
        return tuple(self._operations)

    def method(self, operation: str) -> str:
        """Give an operation's method, in capitals."""
        return str(self._operations[operation][0]).upper()

    def path(self, operation: str) -> str:
        """Give an operation's path, with its parameters in braces."""
        return str(self._operations[operation][1])

    def security(self, operation: str) -> list[Mapping[str, Any]]:
        """Give the alternatives by which an operation lets a caller in."""
        found: list[Mapping[str, Any]] = self._operations[operation][3].get("security", [])
        return found

    def wrong(self, answer: httpx.Response, operation: str | None, told: Told) -> Iterator[str]:
        """Tell in what an answer is not one of the document's: status, media type, headers, body."""
        if operation is None or told.schema is not None:
            schema = {"$ref": f"#/components/schemas/{told.schema}"}
            yield from self._content(answer, {told.media: {"schema": schema}})
        elif (response := self._response(operation, answer.status_code)) is None:
            yield f"the contract has no answer {answer.status_code} here"
        else:
            yield from self._headers(answer, response.get("headers", {}))
            yield from self._content(answer, response.get("content", {}))

    def _all(self) -> Iterator[tuple[str, str, Node, Node]]:
        for path, item in self._document.raw["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method, path, item, item[method]

    def _response(self, operation: str, status: int) -> Node | None:
        responses = self._operations[operation][3]["responses"]
        found = responses.get(str(status)) or responses.get("default")
        return None if found is None else self._document.resolve(found)

    def _headers(self, answer: httpx.Response, headers: Mapping[str, Node]) -> Iterator[str]:
        for name, node in headers.items():
            header, value = self._document.resolve(node), answer.headers.get(name)
            if value is not None:
                yield from self._breaks(header["schema"], _read(header["schema"], value), f"header {name}")
            elif header.get("required"):
                yield f"header {name} is missing"

    def _content(self, answer: httpx.Response, content: Mapping[str, Node]) -> Iterator[str]:
        if not content:
            if answer.content:
                yield "there is a body where there must be none"
            return
        media = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media not in content:
            yield f"media type {media or 'missing'}, must be {' or '.join(content)}"
        body = parsed(answer)
        if body is NOTHING:
            yield "the body is no JSON"
        else:
            yield from self._breaks(content.get(media, next(iter(content.values())))["schema"], body, "body")

    def _breaks(self, schema: Node, value: Any, where: str) -> Iterator[str]:
        validator = self._validator(json.dumps(schema, sort_keys=True))
        for error in list(validator.iter_errors(value))[:MOST]:
            leaf = best_match([error])
            yield f"{where} {leaf.json_path}: {leaf.message[:LONGEST]}"

    def _compiled(self, schema: str) -> Validator:
        return compile_schema(json_schema(self._document, json.loads(schema)))


def parsed(answer: httpx.Response) -> Any:
    """Read the body of an answer, or give `NOTHING`."""
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return NOTHING


def _read(schema: Node, value: str) -> Any:
    digits = value.isascii() and value.isdigit()
    return int(value) if schema.get("type") == "integer" and digits else value
