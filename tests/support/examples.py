"""Every example in the spec, with the schema that it must fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema.protocols import Validator

from jobstatus.contract.checks import PROFILES
from jobstatus.contract.schema import in_profile, json_schema
from jobstatus.contract.spec import Document, Node
from jobstatus.contract.validation import compile_schema

SPEC = Document.load()
_COMPILED: dict[tuple[int, str], Validator] = {}


@dataclass(frozen=True, slots=True)
class Example:
    """One example, where it stands, and the profile that it is of, if it is of one."""

    place: str
    schema: Node
    value: Any
    profile: str | None = None

    def fits(self, profile: str | None = None) -> bool:
        """Tell whether its schema takes it, in *profile* or in the one that it is of."""
        return fits(self.schema, self.value, profile or self.profile or PROFILES[0])


def fits(schema: Node, value: Any, profile: str = PROFILES[0]) -> bool:
    """Tell whether *schema*, a node of the spec, takes *value*, formats included."""
    key = (id(schema), profile)
    if key not in _COMPILED:
        narrowed = in_profile(SPEC, SPEC.resolve(schema), profile)
        _COMPILED[key] = compile_schema(json_schema(SPEC, narrowed))
    return _COMPILED[key].is_valid(value)


def component(name: str) -> Node:
    """Give a schema by its name."""
    node: Node = SPEC.raw["components"]["schemas"][name]
    return node


def answer_schema(operation: str, status: str) -> Node:
    """Give the schema of an operation's JSON answer."""
    node: Node = SPEC.operations[operation].responses[status]["content"]["application/json"]["schema"]
    return node


def examples() -> Iterator[Example]:
    """Give every example of bodies, parameters and headers."""
    for operation in SPEC.operations.values():
        for parameter in operation.parameters:
            yield Example(f"{operation.id} {parameter['name']}", parameter["schema"], parameter["example"])
        for status, response in operation.responses.items():
            yield from _in_content(f"{operation.id} {status}", response.get("content", {}))
    for item in SPEC.raw["paths"].values():
        for node in item.values():
            if "requestBody" in node:
                yield from _in_content(f"{node['operationId']} body", node["requestBody"]["content"])
    for name, header in SPEC.raw["components"]["headers"].items():
        yield Example(f"header {name}", header["schema"], header["example"])


def _in_content(place: str, content: Mapping[str, Node]) -> Iterator[Example]:
    for kind, media in content.items():
        for name, node in media["examples"].items():
            example = SPEC.resolve(node)
            form = "" if kind.endswith("json") else f"{kind} "
            yield Example(f"{place} {form}{name}", media["schema"], example["value"], example.get("x-profile"))
