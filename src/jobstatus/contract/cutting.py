"""What of the spec belongs to one contract."""

from __future__ import annotations

from typing import Any

from jobstatus.contract.spec import METHODS, Document


def cut(document: Document, contract: str) -> dict[str, Any]:
    """Give the spec with the paths and the tag of *contract* alone, and no links to other contracts' operations."""
    raw = document.raw
    paths = {path: _own(item, contract) for path, item in raw["paths"].items()}
    part = {
        **raw,
        "tags": [document.tag(contract)],
        "paths": {path: item for path, item in paths.items() if any(method in item for method in METHODS)},
    }
    whole: dict[str, Any] = _without(part, _foreign_links(document, contract))
    return whole


def _own(item: dict[str, Any], contract: str) -> dict[str, Any]:
    return {key: node for key, node in item.items() if key not in METHODS or node["x-contract"] == contract}


def _foreign_links(document: Document, contract: str) -> set[str]:
    return {
        f"#/components/links/{name}"
        for name, link in document.raw["components"].get("links", {}).items()
        if document.operations[link["operationId"]].contract != contract
    }


def _without(node: Any, links: set[str]) -> Any:
    if isinstance(node, list):
        return [_without(item, links) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if not (isinstance(value, dict) and value.get("$ref") in links)}
    return {key: _without(value, links) for key, value in kept.items()}
