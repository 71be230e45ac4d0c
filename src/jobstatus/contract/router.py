"""Which operation a path and method name, and whose contract answers where there is none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from jobstatus.contract.spec import Document, Operation, snake_case
from jobstatus.errors import MethodNotAllowed, PathNotFound

DEFAULT_CONTRACT = "native"
ANYTHING = r"[^/\n]+"
"""What a parameter may be: Connexion's own router takes no line feed in a path, and so there is no such path."""
_PARAMETER = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One path of the spec: its operations by method, and what its parameters are called by the handlers."""

    contract: str
    operations: Mapping[str, Operation]
    names: tuple[str, ...]


class Router:
    """All paths of the spec in one pattern, with every method of each; the first path that fits counts."""

    def __init__(self, document: Document) -> None:
        paths: defaultdict[str, dict[str, Operation]] = defaultdict(dict)
        for operation in document.operations.values():
            paths[operation.path][operation.method] = operation
        self._routes: dict[int, Route] = {}
        self._pattern = re.compile("|".join(self._alternatives(paths.values())))
        self._prefixes = sorted(document.prefixes.items(), key=lambda item: len(item[0]), reverse=True)

    def find(self, path: str) -> tuple[Route | None, dict[str, str]]:
        """Find which of the spec's paths *path* is, if it is one, and the values of its parameters."""
        found = self._pattern.fullmatch(path)
        if found is None or found.lastindex is None:
            return None, {}
        first = found.lastindex
        route = self._routes[first]
        return route, {name: found[first + place] for place, name in enumerate(route.names, 1)}

    def contract(self, path: str) -> str:
        """Name the contract whose prefix is the longest that *path* begins with."""
        for prefix, contract in self._prefixes:
            if path == prefix or path.startswith(f"{prefix}/"):
                return contract
        return DEFAULT_CONTRACT

    def match(self, path: str, method: str, extra: frozenset[str]) -> tuple[Operation, dict[str, str]]:
        """Find the operation, and the values of its path's parameters. Raises as `choose` does."""
        route, values = self.find(path)
        return choose(route, path, method, extra), values

    def locate(self, path: str) -> tuple[Operation, dict[str, str]]:
        """Find what reads *path*, as it is written in a link, with its arguments. Raises as `choose` does."""
        return self.match(unquote(path), "GET", frozenset())

    def _alternatives(self, paths: Iterable[Mapping[str, Operation]]) -> Iterator[str]:
        """Give each path's pattern as a group, which tells the route, that holds a group for each parameter."""
        group = 1
        for operations in paths:
            operation = next(iter(operations.values()))
            names = tuple(map(snake_case, _PARAMETER.findall(operation.path)))
            self._routes[group] = Route(operation.contract, operations, names)
            group += 1 + len(names)
            yield f"({_pattern(operation)})"


def choose(route: Route | None, path: str, method: str, extra: frozenset[str]) -> Operation:
    """Choose the operation; *extra* holds methods that the contract answers beside those of the spec.

    Raises:
        PathNotFound: no operation has this path.
        MethodNotAllowed: some have, but none with this method.
    """
    if route is None:
        raise PathNotFound(path)
    operation = route.operations.get("GET" if method == "HEAD" and "HEAD" in extra else method)
    if operation is None:
        raise MethodNotAllowed(path, method, allowed(route, extra))
    return operation


def allowed(route: Route, extra: frozenset[str]) -> set[str]:
    """Give the methods that a path answers."""
    return {*route.operations, *(extra if "GET" in route.operations else extra - {"HEAD"})}


def _pattern(operation: Operation) -> str:
    """Make a path's pattern; a parameter with an `enum` or an `x-route` is part of what names the path."""
    enums = {
        parameter["name"]: parameter.get("x-route") or "|".join(map(re.escape, parameter["schema"]["enum"]))
        for parameter in operation.parameters
        if parameter["in"] == "path" and "enum" in parameter["schema"]
    }
    parts = _PARAMETER.split(operation.path)
    literals = [re.escape(part) for part in parts[::2]]
    slots = [f"({enums.get(name, ANYTHING)})" for name in parts[1::2]] + [""]
    slash = "/?" if operation.trailing_slash else ""
    return "".join(literal + slot for literal, slot in zip(literals, slots, strict=True)) + slash
