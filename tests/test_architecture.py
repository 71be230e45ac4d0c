"""Who may import whom."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import jobstatus

PACKAGE = Path(jobstatus.__file__).parent
RECORD = {
    *("answer", "beside", "bounded", "clock", "credential", "draft", "durations", "errors", "ids", "job", "life"),
    *("login", "outage", "pacing", "quota", "sight"),
}
"""What knows nothing but itself: the record, its rules, and the words that rooms speak to each other in."""

ALLOWED: dict[str, set[str]] = {
    **{module: set() for module in RECORD},
    "storage": set(),
    "leases": {"storage"},
    "limits": {"storage"},
    "history": {"storage"},
    "following": {"storage", "waiting"},
    "outlooks": {"history"},
    "service": {"following", "history", "leases", "outlooks", "storage", "waiting"},
    "shared_clock": {"storage"},
    "sweeper": {"leases", "shared_clock", "storage"},
    "handlers": {"service"},
    "contract": set(),
    "security": {"contract", "storage"},
    "settings": set(),
    "console": {"contract", "security", "settings"},
    "logs": set(),
    "door": {"security", "settings"},
    "app": {
        *("console", "contract", "door", "handlers", "history", "limits", "logs", "security", "service", "settings"),
        *("shared_clock", "storage", "sweeper", "waiting"),
    },
    "serving": {"app", "contract"},
    "changes": {"contract"},
    "conformance": {"contract"},
    "publishing": {"contract"},
    "scenarios": {"app", "service", "settings", "storage"},
    "client": set(),
    "progress": set(),
    "worker": {"client", "progress"},
    "moving": {"storage"},
    "waiting": {"storage"},
    "cli": {
        *("changes", "client", "conformance", "contract", "logs", "moving", "progress", "publishing", "scenarios"),
        *("security", "serving", "settings", "storage", "worker"),
    },
    "testing": {"service", "shared_clock", "storage", "sweeper"},
    "__main__": {"cli"},
    "__init__": set(),
}


def modules() -> Iterator[tuple[str, Path]]:
    """Give each module with its room; the rooms that stand outside come in through their links."""
    for path in sorted(_python_files(PACKAGE)):
        yield path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path


def _python_files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _python_files(entry)
        elif entry.suffix == ".py":
            yield entry


def imports(path: Path) -> set[str]:
    """Find all names that a module imports, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imported_rooms(path: Path) -> set[str]:
    """Find the rooms that a module imports."""
    return {name.split(".")[1] for name in imports(path) if name.startswith("jobstatus.")}


@pytest.mark.parametrize(("room", "path"), [pytest.param(*found, id=str(found[1])) for found in modules()])
def test_a_room_imports_only_what_it_may(room: str, path: Path) -> None:
    """Each arrow between rooms is one that the architecture has."""
    allowed = ALLOWED[room] | RECORD | {room}

    assert imported_rooms(path) <= allowed


def test_every_room_is_described() -> None:
    """A room that is new must be given its arrows, and one that is gone must lose them."""
    rooms = {room for room, _ in modules()}

    assert rooms == set(ALLOWED)


def test_connexion_is_known_in_one_room() -> None:
    """The framework can be exchanged in one place."""
    knowing = {room for room, path in modules() if any(name.startswith("connexion") for name in imports(path))}

    assert knowing == {"contract"}
