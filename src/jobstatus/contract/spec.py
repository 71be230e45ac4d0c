"""Reading `openapi.yaml`: its operations and the contracts that they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from jobstatus.answer import JSON

Node = Mapping[str, Any]

PATH = Path(__file__).parent.with_name("openapi.yaml")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
METHODS = ("get", "put", "post", "delete", "patch")
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def snake_case(name: str) -> str:
    """Spell a name of the spec as Python does: `asyncJobId` and `If-Match` become `async_job_id` and `if_match`."""
    if "-" in name:
        return name.replace("-", "_").lower()
    return _CAPITAL.sub("_", name).lower()


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation, its references resolved one level deep."""

    id: str
    contract: str
    method: str
    path: str
    parameters: tuple[Node, ...]
    body: Node | None
    """The schema of the JSON body that it takes, if it takes one."""
    responses: Mapping[str, Node]
    permissions: frozenset[str]
    """The scopes or permissions that a caller must hold, all of them."""
    roles: Mapping[str, frozenset[str]]
    """By profile, the roles of which a caller must have one; none named means that none is needed."""
    superusers: Mapping[str, frozenset[str]]
    """By profile, the roles that need no permission."""
    schemes: frozenset[str]
    """The security schemes of which some let a caller in; none means that nobody is asked who calls."""
    service: str
    """What the handler works with: `jobs`, or another service that the server names so."""
    raw_body: bool
    """Whether the handler reads the body itself, whatever media type it is sent as."""
    trailing_slash: bool
    """Whether the path may end with a slash that means nothing."""
    poll: bool
    """Whether it is what clients ask again and again for the status of jobs."""
    vary: str
    """The headers that an answer depends on: `Vary`."""

    @property
    def public(self) -> bool:
        """Tell whether nobody is asked who calls."""
        return not self.schemes

    @property
    def function(self) -> str:
        """Name the handler: the operationId in snake case."""
        return snake_case(self.id)


class Document:
    """The whole spec, as the published file has it."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw

    @classmethod
    @cache
    def load(cls, path: Path = PATH) -> Document:
        """Read the spec from its file, once in a process; nobody may change it."""
        return cls(yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader))  # noqa: S506  the loader is a safe one

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """Every operation by its operationId."""
        return {operation.id: operation for operation in self._operations()}

    @cached_property
    def prefixes(self) -> Mapping[str, str]:
        """Each path prefix and the contract that answers for unknown paths below it."""
        return {prefix: tag["x-contract"] for tag in self.raw["tags"] for prefix in tag["x-prefixes"]}

    @cached_property
    def contracts(self) -> tuple[str, ...]:
        """The contracts, in the order of the file."""
        return tuple(tag["x-contract"] for tag in self.raw["tags"])

    def tag(self, contract: str) -> Node:
        """Give what the file says of a contract as a whole."""
        return next(tag for tag in self.raw["tags"] if tag["x-contract"] == contract)

    def profiles(self, contract: str) -> tuple[str, ...]:
        """Name the profiles that a contract has, the default one first."""
        return tuple(self.tag(contract)["x-profiles"])

    def resolve(self, node: Node) -> Node:
        """Follow a local reference, if *node* is one."""
        while "$ref" in node:
            found: Any = self.raw
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def _operations(self) -> Iterator[Operation]:
        for path, item in self.raw["paths"].items():
            for method in METHODS:
                if method in item:
                    yield self._operation(path, method, item[method], item.get("parameters", ()))

    def _operation(self, path: str, method: str, node: Node, shared: Any) -> Operation:
        security = node.get("security", self.raw.get("security", ()))
        scopes = {scope for alternative in security for scopes in alternative.values() for scope in scopes}
        return Operation(
            id=node["operationId"],
            contract=node["x-contract"],
            method=method.upper(),
            path=path,
            parameters=tuple(self._parameter(parameter) for parameter in (*shared, *node.get("parameters", ()))),
            body=self._body(node),
            responses={status: self.resolve(response) for status, response in node["responses"].items()},
            permissions=frozenset(scopes | set(node.get("x-permissions", ()))),
            roles=_by_profile(node.get("x-roles", {})),
            superusers=_by_profile(node.get("x-superusers", {})),
            schemes=frozenset(scheme for alternative in security for scheme in alternative),
            service=node.get("x-service", "jobs"),
            raw_body=node.get("x-body") == "raw",
            trailing_slash=node.get("x-trailing-slash", False),
            poll=node.get("x-poll", False),
            vary=self._vary(security, node["responses"]),
        )

    def _vary(self, security: Any, responses: Node) -> str:
        """Name the headers that credentials are sent in, and `Accept` where there is something to choose."""
        schemes = self.raw.get("components", {}).get("securitySchemes", {})
        names = [_sent_in(schemes[name]) for alternative in security for name in alternative]
        if any(len(self.resolve(response).get("content", {})) > 1 for response in responses.values()):
            names.append("Accept")
        return ", ".join(dict.fromkeys(names))

    def _body(self, node: Node) -> Node | None:
        if "requestBody" not in node:
            return None
        schema: Node = self.resolve(node["requestBody"])["content"][JSON]["schema"]
        return schema

    def _parameter(self, node: Node) -> Node:
        parameter = self.resolve(node)
        return {**parameter, "schema": self.resolve(parameter["schema"])}


def _sent_in(scheme: Node) -> str:
    """Name the header that a credential is sent in."""
    if scheme["type"] != "apiKey":
        return "Authorization"
    return "Cookie" if scheme["in"] == "cookie" else str(scheme["name"])


def _by_profile(node: Node) -> Mapping[str, frozenset[str]]:
    return {profile: frozenset(roles) for profile, roles in node.items()}
