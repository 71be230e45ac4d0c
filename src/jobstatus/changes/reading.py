"""Documents read from files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from jobstatus.contract.spec import Node
from jobstatus.errors import ConfigurationError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TOO_DEEP = "it refers to itself, or is too deep"


def read(path: Path) -> Node:
    """Read an OpenAPI 3.0 document from a file of YAML or JSON; raises `ConfigurationError`, which names the file."""
    try:
        document = _plain(_parsed(path))
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is no UTF-8 text") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = _TOO_DEEP if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise ConfigurationError(f"{path} is neither YAML nor JSON: {reason}") from None
    if not isinstance(document, Mapping) or not str(document.get("openapi", "")).startswith("3.0."):
        raise ConfigurationError(f"{path} is no document of OpenAPI 3.0")
    return document


def title_of(document: Node) -> str:
    """Give the title that a document has; an empty text if it has none."""
    return _told(document, "title")


def version_of(document: Node) -> str:
    """Give the version that a document says it has; an empty text if it says none."""
    return _told(document, "version")


def _told(document: Node, name: str) -> str:
    info = document.get("info")
    return str(info.get(name, "")) if isinstance(info, Mapping) else ""


def _parsed(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=_Loader)  # noqa: S506  a safe one


def _plain(value: Any) -> Any:
    """Make JSON of what YAML can say beside it: keys that are numbers, and dates."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)
