"""Which operation a path and method name, and whose contract answers where there is none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from urllib.parse import unquote

from jobstatus.contract.spec import Document, Operation, snake_case
from jobstatus.errors import MethodNotAllowed, PathNotFound

DEFAULT_CONTRACT = "native"
ANYTHING = r"[^/\n]+"
"""What a parameter may be: Connexion's own router takes no line feed in a path, and so there is no such path."""
_PARAMETER = re.compile(r"\{([^}]+)\}")


class Router:
    """All paths of the spec, with every method of each."""

    def __init__(self, document: Document) -> None:
        paths: defaultdict[str, dict[str, Operation]] = defaultdict(dict)
        for operation in document.operations.values():
            paths[operation.path][operation.method] = operation
        self._paths = [(_pattern(methods), methods) for methods in paths.values()]
        self._prefixes = sorted(document.prefixes.items(), key=lambda item: len(item[0]), reverse=True)

    def contract(self, path: str) -> str:
        """Name the contract whose prefix is the longest that *path* begins with."""
        for prefix, contract in self._prefixes:
            if path == prefix or path.startswith(f"{prefix}/"):
                return contract
        return DEFAULT_CONTRACT

    def match(self, path: str, method: str, extra: frozenset[str]) -> Operation:
        """Find the operation; *extra* holds methods that the contract answers beside those of the spec.

        Raises:
            PathNotFound: no operation has this path.
            MethodNotAllowed: some have, but none with this method.
        """
        methods = self._methods(path)
        asked = "GET" if method == "HEAD" and "HEAD" in extra else method
        if asked not in methods:
            raise MethodNotAllowed(path, method, self._allowed(methods, extra))
        return methods[asked]

    def locate(self, path: str) -> tuple[Operation, dict[str, str]]:
        """Find what reads *path*, with the arguments that the path holds. Raises as `match` does."""
        for pattern, methods in self._paths:
            if (found := pattern.fullmatch(path)) and "GET" in methods:
                names = map(snake_case, _PARAMETER.findall(methods["GET"].path))
                return methods["GET"], dict(zip(names, map(unquote, found.groups()), strict=True))
        raise PathNotFound(path)

    def allowed(self, path: str, extra: frozenset[str]) -> set[str]:
        """Give the methods that *path* answers. Raises `PathNotFound`."""
        return self._allowed(self._methods(path), extra)

    def _methods(self, path: str) -> Mapping[str, Operation]:
        for pattern, methods in self._paths:
            if pattern.fullmatch(path):
                return methods
        raise PathNotFound(path)

    @staticmethod
    def _allowed(methods: Mapping[str, Operation], extra: frozenset[str]) -> set[str]:
        return {*methods, *(extra if "GET" in methods else extra - {"HEAD"})}


def _pattern(methods: Mapping[str, Operation]) -> re.Pattern[str]:
    """Make a path's pattern; a parameter with an `enum` or an `x-route` is part of what names the path."""
    operation = next(iter(methods.values()))
    enums = {
        parameter["name"]: parameter.get("x-route") or "|".join(map(re.escape, parameter["schema"]["enum"]))
        for parameter in operation.parameters
        if parameter["in"] == "path" and "enum" in parameter["schema"]
    }
    slash = "/?" if operation.trailing_slash else ""
    parts = _PARAMETER.split(operation.path)
    literals = [re.escape(part) for part in parts[::2]]
    slots = [f"({enums.get(name, ANYTHING)})" for name in parts[1::2]] + [""]
    return re.compile("".join(literal + slot for literal, slot in zip(literals, slots, strict=True)) + slash)
