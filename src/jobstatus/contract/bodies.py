"""Reading JSON bodies strictly, and telling which part is wrong and by which rule."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NoReturn

from connexion.datastructures import MediaTypeDict
from jsonschema.protocols import Validator
from starlette.types import Receive

from jobstatus.contract.exchange import Exchange
from jobstatus.contract.schema import json_schema
from jobstatus.contract.spec import Document, Operation
from jobstatus.contract.validation import compile_schema, fast_schema, violations
from jobstatus.errors import BadRequest, PayloadTooLarge, UnsupportedMediaType

DEEPEST = 100
"""How many levels of arrays and objects a body may have."""


class CompiledBody:
    """The body of one operation, held to a compiled schema; what breaks a rule is looked at again to tell which."""

    def __init__(self, document: Document, operation: Operation, consumes: Sequence[str], limit: int) -> None:
        """Take an operation that has a body, the media types that it takes, and the most bytes."""
        schema = json_schema(document, operation.body or {})
        self._raw = operation.raw_body
        self._consumes = MediaTypeDict((media_type.lower(), None) for media_type in consumes)
        self._limit = limit
        self._valid = fast_schema(schema).is_valid
        self._validator = compile_schema(schema)

    async def read(self, exchange: Exchange, receive: Receive) -> Any:
        """Give the body.

        Raises:
            UnsupportedMediaType: it is sent as something that the operation does not take.
            BadRequest, PayloadTooLarge: as `parse` and `read` do, and with the rules that are broken.
        """
        if self._raw:
            return await read(receive, self._limit)
        kind = exchange.headers.get("content-type")  # where there is none, the operation's own is meant
        if kind is not None and kind.partition(";")[0].lower() not in self._consumes:
            raise UnsupportedMediaType("the body must be sent as application/json")
        body = parse(await read(receive, self._limit))
        if not self._valid(body):
            validate(self._validator, body)
            _refuse("invalid", "the body breaks a rule of its schema")
        return body


async def read(receive: Receive, limit: int) -> bytes:
    """Read a whole body, however it is framed. Raises `PayloadTooLarge` beyond *limit* bytes."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            _refuse("complete", "the client went before the end of the body")
        body += message.get("body", b"")
        if len(body) > limit:
            raise PayloadTooLarge(limit)
        more = message.get("more_body", False)
    return bytes(body)


def parse(body: bytes) -> Any:
    """Read JSON that every reader understands alike (RFC 8259): UTF-8, no name twice, no NaN, no lone surrogates.

    Raises:
        BadRequest: it is something else.
    """
    if not body:
        _refuse("required", "a body is required")
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        _refuse("json", "the body is not UTF-8")
    except UnicodeEncodeError:
        _refuse("json", "the body holds half of a surrogate pair")
    except RecursionError:
        _refuse("json", "the body is nested too deeply")
    except ValueError as error:
        _refuse("json", f"the body is not JSON: {error}")
    if _deeper(value, DEEPEST):
        _refuse("json", "the body is nested too deeply")
    return value


def validate(validator: Validator, body: Any) -> None:
    """Hold a body to its schema. Raises `BadRequest` with the rules broken."""
    if broken := violations(validator, body, "body"):
        raise BadRequest(broken)


def _deeper(value: Any, levels: int) -> bool:
    """Tell whether arrays and objects stand in each other more than *levels* deep."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return inner is not None and (levels == 0 or any(_deeper(item, levels - 1) for item in inner))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise ValueError("an object has the same name twice")
    return unique


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is too large a number")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _refuse(rule: str, message: str) -> NoReturn:
    raise BadRequest.of("body", "$", rule, message)
