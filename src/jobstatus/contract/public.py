"""The spec as others may see it: without the fields that speak to this server alone, but with what they mean."""

from __future__ import annotations

from typing import Any

from jobstatus.contract.spec import METHODS

_VALUES = {"value", "example", "default", "enum"}
"""Below these stand values, which are nobody's to change."""


def public(document: dict[str, Any], profile: str) -> dict[str, Any]:
    """Give a document in which each operation says itself what a caller must hold, and without internal fields."""
    told = {**document, "paths": {path: _item(item, profile) for path, item in document["paths"].items()}}
    bare: dict[str, Any] = _bare(told)
    return bare


def _bare(node: Any) -> Any:
    if isinstance(node, list):
        return [_bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: value if key in _VALUES else _bare(value) for key, value in node.items() if not str(key).startswith("x-")
    }


def _item(item: dict[str, Any], profile: str) -> dict[str, Any]:
    return {key: _operation(node, profile) if key in METHODS else node for key, node in item.items()}


def _operation(node: dict[str, Any], profile: str) -> dict[str, Any]:
    needed = _needed(node, profile)
    return {**node, "description": f"{node['description']} {needed}"} if needed else node


def _needed(node: dict[str, Any], profile: str) -> str:
    """Say what no security scheme of OpenAPI 3.0 can: permissions and roles that go with a key or a session."""
    said = []
    if permissions := node.get("x-permissions"):
        said.append(f"Needs the permission{'s' * (len(permissions) > 1)} {_listed(permissions, 'and')}.")
    if roles := node.get("x-roles", {}).get(profile):
        said.append(f"Needs the role {_listed(roles, 'or')}.")
    if superusers := node.get("x-superusers", {}).get(profile):
        said.append(f"The role {_listed(superusers, 'or')} needs no permission.")
    return " ".join(said)


def _listed(names: list[str], word: str) -> str:
    return f" {word} ".join(f"`{name}`" for name in names)
