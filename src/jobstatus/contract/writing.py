"""Documents as bytes: the same ones each time, and read alike by readers of YAML 1.1 and 1.2."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

WIDTH = 120
_NUMBER_OF_1_2 = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|^0o[0-7]+$|^0x[0-9a-fA-F]+$")


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, lists below their keys, and everything in full."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text.strip("\n") else None)


_Dumper.add_representer(str, _text)
# Quotes a text such as 1e3, which is a number to readers of YAML 1.2 alone.
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER_OF_1_2, list("-+.0123456789"))


def as_yaml(document: Mapping[str, Any]) -> bytes:
    """Write a document as YAML, in its own order."""
    text: str = yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    return text.encode()


def as_json(document: Mapping[str, Any]) -> bytes:
    """Write a document as JSON, in its own order."""
    return f"{json.dumps(document, indent=2, ensure_ascii=False)}\n".encode()
