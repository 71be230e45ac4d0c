"""The configuration of Schemathesis for one target."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jobstatus.conformance import credentials
from jobstatus.conformance.target import Target
from jobstatus.contract.writing import as_json

CONFIG = Path(__file__).with_name("schemathesis.toml")
"""What holds for every server; the dictionaries that it names are files beside it."""
HOOKS = Path(__file__).with_name("hooks.py")
DICTIONARIES = ("ids", "hex", "numbers")
"""Ids of jobs as contracts spell them; a target has them all in the spelling of its own."""
HOLD = "#/components/parameters/Prefer"
ONLY_READING = """
[phases.coverage]
unexpected-methods = []
"""
"""Methods that the contract does not have might change something."""


def written(target: Target, folder: Path) -> tuple[Path, dict[str, str]]:
    """Write the configuration and what it names into a folder; give its path, and the variables that it reads."""
    (folder / "contract.json").write_bytes(as_json(_at_once(target.bundle.document)))
    (folder / HOOKS.name).write_bytes(HOOKS.read_bytes())
    lines = "".join(f"{json.dumps(id)}\n" for id in target.jobs.values())
    for name in DICTIONARIES:
        (folder / f"{name}.txt").write_text(lines or '"unknown"\n')
    path = folder / CONFIG.name
    text = CONFIG.read_text() if target.writes else CONFIG.read_text() + ONLY_READING
    path.write_text(_with_project(text, target) + "".join(_logins(target)))
    return path, {_variable(number): value for number, value in enumerate(target.credentials.values())}


def _at_once(node: Any) -> Any:
    """Leave out what has polls held: a held one is no error, and takes as long as many others."""
    if isinstance(node, list):
        return [_at_once(each) for each in node if not _holds(each)]
    return {key: _at_once(value) for key, value in node.items()} if isinstance(node, Mapping) else node


def _holds(node: Any) -> bool:
    return isinstance(node, Mapping) and node.get("$ref") == HOLD


def _with_project(text: str, target: Target) -> str:
    project = target.parameters.get("project_id")
    return text if project is None else text.replace('"ac234de25c6741d2b1273da49eea1b9e"', json.dumps(project))


def _logins(target: Target) -> Iterator[str]:
    """Say how each credential is sent; its value stands in a variable, not in the file."""
    known = credentials.schemes(target.bundle)
    for number, name in enumerate(target.credentials):
        way = "api_key" if known[name]["type"] == "apiKey" else "bearer"
        yield f'\n[auth.openapi.{name}]\n{way} = "${{{_variable(number)}}}"\n'


def _variable(number: int) -> str:
    return f"JOBSTATUS_CONFORM_{number}"
