"""The contract as others know it: without what this project adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jobstatus.contract.bundle import Bundle

OWN = "native"
"""The contract that is this project's own, so that nothing is added to it."""
ADDED = frozenset({"etag", "cache-control", "vary", "retry-after", "www-authenticate", "x-request-id"})
"""Headers of answers, in lower case, that other servers of the contracts need not send."""


def original(bundle: Bundle) -> Bundle:
    """Give the same contract without these headers."""
    return bundle if bundle.contract == OWN else replace(bundle, document=_loosened(bundle.document))


def _loosened(node: Any) -> Any:
    if isinstance(node, list):
        return [_loosened(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    return {key: _fewer(value) if key == "headers" else _loosened(value) for key, value in node.items()}


def _fewer(headers: Any) -> Any:
    if not isinstance(headers, Mapping):
        return headers
    return {name: node for name, node in headers.items() if name.lower() not in ADDED}
